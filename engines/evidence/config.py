"""Configuration of reports on datasets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from engines.types.frozen import FrozenModel

_Scale = Annotated[FiniteFloat, Field(gt=0)]


class EncoderConfig(FrozenModel):
    """Your own image encoder, in place of EfficientNet-Lite0. Distances are between vectors of
    length 1, so from 0 to 2. Which distance is small depends on the encoder."""

    path: str = Field(
        description="Path of an `.onnx` file (for example CLIP, DINOv2 or SSCD), of a `.pt` file "
        "(TorchScript, such as SSCD's; it can run code, so use only files that you trust), or of a "
        "folder with safetensors in the layout of transformers. It has one RGB input "
        "(n, 3, side, side), and one output (n, d) or (n, tokens, d)."
    )
    side_px: int = Field(default=224, ge=16, le=1024, description="Side of its input, pixels.")
    mean: tuple[FiniteFloat, FiniteFloat, FiniteFloat] = Field(
        default=(0.485, 0.456, 0.406),
        description="Mean of each channel, 0 to 1. The default is that of ImageNet.",
    )
    deviation: tuple[_Scale, _Scale, _Scale] = Field(
        default=(0.229, 0.224, 0.225),
        description="Standard deviation of each channel, above 0. The default is that of ImageNet.",
    )
    near_distance: float = Field(
        default=0.3,
        ge=0,
        le=2,
        description="Two images with a smaller distance are near-duplicates.",
    )
    alike_distance: float = Field(
        default=0.8,
        ge=0,
        le=2,
        description="Two images with similar perceptual hashes are near-duplicates only if their "
        "distance is below this.",
    )


class EvidenceConfig(FrozenModel):
    """Reports on datasets: the encoder, and limits of the work."""

    encoder: EncoderConfig | None = Field(
        default=None,
        description="The encoder. None: EfficientNet-Lite0 from its package, without a download.",
    )
    threads: int = Field(default=1, ge=1, description="Number of threads of the encoder.")
    batch_images: int = Field(
        default=16, ge=1, description="Number of images that are encoded together."
    )
    max_compared: int = Field(
        default=5000,
        ge=100,
        description="Most images of either side for density, coverage and recall. If there are "
        "more, a sample is used, the same each time.",
    )
    max_images: int = Field(
        default=100_000, ge=1, description="Most images of a dataset that can have a report."
    )
    max_reference_images: int = Field(
        default=20_000,
        ge=1,
        description="Most images of a reference set. If there are more, the first ones by name.",
    )
    max_searched: int = Field(
        default=2000,
        ge=0,
        description="Most generated images that are checked for being a copy of a real one: those "
        "that are nearest to a real one. Each takes 0.2 to 0.3 s of CPU time.",
    )
    max_shown: int = Field(
        default=100, ge=0, description="Most failed images that are shown with their picture."
    )
