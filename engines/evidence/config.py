"""How evidence is gathered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, FiniteFloat

from engines.types.frozen import FrozenModel

_Scale = Annotated[FiniteFloat, Field(gt=0)]


class EncoderConfig(FrozenModel):
    """An image encoder of yours, in place of EfficientNet-Lite0. Distances are between vectors of
    length 1, so 0..2; what is near depends on the encoder."""

    path: str = Field(
        description="`.onnx` (CLIP, DINOv2, SSCD exported), `.pt` (TorchScript, as SSCD comes; it "
        "is a program, so only from who you trust), or a folder of safetensors in the layout of "
        "transformers. One RGB input (n, 3, side, side), one output (n, d) or (n, tokens, d)."
    )
    side_px: int = Field(default=224, ge=16, le=1024, description="Side of its input, pixels.")
    mean: tuple[FiniteFloat, FiniteFloat, FiniteFloat] = Field(
        default=(0.485, 0.456, 0.406), description="Of each channel, 0..1; ImageNet's by default."
    )
    deviation: tuple[_Scale, _Scale, _Scale] = Field(
        default=(0.229, 0.224, 0.225),
        description="Of each channel, above 0; ImageNet's by default.",
    )
    near_distance: float = Field(
        default=0.3, ge=0, le=2, description="Two images nearer than this are near-duplicates."
    )
    alike_distance: float = Field(
        default=0.8,
        ge=0,
        le=2,
        description="Two images whose perceptual hashes agree are near-duplicates only if they "
        "lie nearer than this.",
    )


class EvidenceConfig(FrozenModel):
    """Reports on datasets: which encoder, and how much work."""

    encoder: EncoderConfig | None = Field(
        default=None, description="None: EfficientNet-Lite0, from its package, without download."
    )
    threads: int = Field(default=1, ge=1, description="Threads of the encoder.")
    batch_images: int = Field(default=16, ge=1, description="Images encoded together.")
    max_compared: int = Field(
        default=5000,
        ge=100,
        description="Images of a side that density, coverage and recall are computed from; of more "
        "a fixed sample is drawn.",
    )
    max_images: int = Field(
        default=100_000, ge=1, description="Images of a dataset that a report takes."
    )
    max_reference_images: int = Field(
        default=20_000, ge=1, description="Images of a reference set that are taken, by name."
    )
    max_searched: int = Field(
        default=2000,
        ge=0,
        description="Images that are searched for a real image they were taken from: those that "
        "lie nearest to one. 0.2 to 0.3 s of CPU each.",
    )
    max_shown: int = Field(
        default=100, ge=0, description="Failing images that are shown with their picture."
    )
