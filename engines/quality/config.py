"""Configuration of the quality validator: constants of the score, and the score needed to pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import Field, field_validator

from engines.images import ImageLimits
from engines.quality.score import Factors
from engines.types.frozen import FrozenModel


class ScoreThresholds(FrozenModel):
    """Constants of the quality score, which is a product of factors from 0 to 1. docs/metrics.md
    has the formulas."""

    scale: float = Field(description="The product of the factors is multiplied by this.")
    sharpness_half: float = Field(
        description="log10(1 + Laplacian variance) at which the sharpness factor is a half."
    )
    sharpness_width: float = Field(
        gt=0, description="Width of the step of the sharpness factor, decades."
    )
    detail_half: float = Field(
        gt=0, description="Ratio of fine to coarse energy at which the detail factor is a half."
    )
    detail_weight: float = Field(ge=0, description="Exponent of the detail factor.")
    noise_half: float = Field(
        gt=0, description="Noise, as a share of the used range, at which its factor is a half."
    )
    noise_weight: float = Field(ge=0, description="Exponent of the noise factor.")
    range_scale: float = Field(
        gt=0, description="P99 - P1 of luma, 0 to 1, at which the range factor is 1 - 1/e."
    )
    range_weight: float = Field(ge=0, description="Exponent of the range factor.")
    plateau_half: float = Field(
        gt=0, description="Washed-out share of the image, 0 to 1, at which its factor is a half."
    )
    plateau_weight: float = Field(
        ge=0, description="Exponent of the plateau factor. 0: white areas do not lower the score."
    )
    bright_from: float = Field(
        ge=0, lt=1, description="Mean luma over white level from which the score is lowered."
    )
    bright_weight: float = Field(
        ge=0, le=1, description="Share of the score that an all-white image loses, 0 to 1."
    )
    block_half: float = Field(
        gt=0, description="Blockiness ** block_power at which half of block_weight is lost."
    )
    block_weight: float = Field(
        ge=0, le=1, description="Largest share of the score that blocks can cost, 0 to 1."
    )
    block_power: float = Field(
        gt=0, description="Exponent of blockiness. A larger one tolerates more weak blocks."
    )
    ignored: tuple[str, ...] = Field(
        default=(),
        description="Factors that do not count, for example for defects that only a photograph "
        "can have.",
    )
    information_bits: float = Field(
        ge=0,
        description="Entropy of the gray levels, in bits, below which an image counts as empty.",
    )
    drawn: bool = Field(
        default=False,
        description="Judge as a drawing: noise is measured in black and white areas too, an area "
        "of one color counts as missing only if it is the gray that decoders fill in, and few "
        "gray levels are allowed.",
    )

    @field_validator("ignored")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(names) - set(Factors.names())
        if unknown:
            raise ValueError(f"unknown factors of the score: {', '.join(sorted(unknown))}")
        return names


PHOTO = ScoreThresholds(
    scale=1.14,
    sharpness_half=1.17,
    sharpness_width=0.20,
    detail_half=0.10,
    detail_weight=0.71,
    noise_half=0.087,
    noise_weight=1.15,
    range_scale=0.25,
    range_weight=1.1,
    plateau_half=0.52,
    plateau_weight=0.63,
    bright_from=0.5,
    bright_weight=0.79,
    block_half=1.82,
    block_weight=0.93,
    block_power=1.82,
    information_bits=1.0,
)
"""Calibrated on 23 photographs, `scale` on 48 others, and tested on a third set
(benchmarks/RESULTS.md)."""

PRODUCT = PHOTO.model_copy(
    update={"ignored": ("plateau", "brightness", "motion", "smear", "enlarging")}
)
"""An object on a plain background. The background is removed first. The object may be white, evenly
lit and without texture."""

_OF_PHOTOGRAPHS = (
    "plateau",
    "brightness",
    "pattern",
    "color_noise",
    "grain",
    "enlarging",
    "cast",
    "motion",
    "smear",
    "halos",
    "clipping",
    "grid",
)
ILLUSTRATION = PHOTO.model_copy(
    update={
        "scale": 1.09,
        "range_scale": 0.15,
        "block_weight": 0.3,
        "information_bits": 0.1,
        "drawn": True,
        "ignored": _OF_PHOTOGRAPHS,
    }
)
"""Flat drawings. White areas are not over-exposure, straight edges are not JPEG blocks, and two
colors are enough: even a checkerboard passes. Blank, noisy and blurred images fail."""

GRAPHIC = ILLUSTRATION.model_copy(
    update={
        "range_scale": 0.05,
        "ignored": (*_OF_PHOTOGRAPHS, "detail", "blockiness", "rows", "banding"),
    }
)
"""Pixel art, diagrams and lettering. Few colors, squares and stripes are no defects. Blank, noisy
and blurred images fail."""

PROFILES = {"photo": PHOTO, "product": PRODUCT, "illustration": ILLUSTRATION, "graphic": GRAPHIC}


QualityProfile: TypeAlias = Literal["auto", "photo", "product", "illustration", "graphic"]


class QualityConfig(FrozenModel):
    """Configuration of the quality validator."""

    profile: QualityProfile = Field(
        default="auto",
        description="Kind of the images, which selects the thresholds. auto: selected for each "
        "image by its content; the header X-Validator-Version of the answer names the kind.",
    )
    profile_by_model: Mapping[str, QualityProfile] = Field(
        default={},
        description="Model id to profile: images that the service made with this model are judged "
        "with this profile, all others with `profile`.",
    )
    defects: bool = Field(
        default=True,
        description="Whether to measure gross defects (shifted rows, stripes, banding, enlarged "
        "pixels, missing parts and others), and to leave a plain background out of the judgement. "
        "Off is faster.",
    )
    head: bool = Field(
        default=True,
        description="Whether a small neural network, whose inputs are the formula's measurements, "
        "contributes to the score under the profile `auto`. Fewer good images of unusual kinds "
        "fail; takes 3 ms more. Needs `defects`.",
    )
    thresholds: ScoreThresholds | None = Field(
        default=None, description="Thresholds to use instead of the profile's."
    )
    pass_threshold: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Smallest score, 0 to 1, that passes. 0.6 is strict.",
    )
    limits: ImageLimits = Field(
        default=ImageLimits(), description="Images beyond these limits are refused undecoded."
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="Images that a replica judges at the same time."
    )
    threads: int = Field(
        default=1, ge=1, le=64, description="Threads of OpenCV and torch for one image."
    )
    clip_model_path: str | None = Field(
        default=None,
        description="Folder of a CLIP model in the layout of transformers. Without it "
        "`prompt_alignment` is refused.",
    )
    aesthetic_head_path: str | None = Field(
        default=None,
        description="safetensors file with `weight` and `bias` of a linear layer over the CLIP "
        "image embedding. Without it `aesthetic` is refused.",
    )

    @property
    def asks_head(self) -> bool:
        """Whether the learned head contributes to the score. It was trained only for the profile
        `auto`."""
        automatic = self.profile == "auto" and self.thresholds is None
        return self.head and self.defects and automatic
