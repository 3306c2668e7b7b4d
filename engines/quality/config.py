"""Which metrics judge, with which thresholds, and how good is good enough."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from engines.images import ImageLimits
from engines.quality.score import Factors
from engines.types.frozen import FrozenModel


class ScoreThresholds(FrozenModel):
    """Constants of the factors that the quality score multiplies (docs/metrics.md)."""

    scale: float = Field(description="Product at which the score is 1; a factor.")
    sharpness_half: float = Field(description="log10(1 + Laplacian variance) halving it.")
    sharpness_width: float = Field(gt=0, description="Slope of that step, decades.")
    detail_half: float = Field(gt=0, description="Fine to coarse energy at which half is left.")
    detail_weight: float = Field(ge=0, description="Exponent of the detail factor.")
    noise_half: float = Field(gt=0, description="Noise, share of the used range, halving it.")
    noise_weight: float = Field(ge=0, description="Exponent of the noise factor.")
    range_scale: float = Field(gt=0, description="P99 - P1 at which the factor is 1 - 1/e, 0..1.")
    range_weight: float = Field(ge=0, description="Exponent of the range factor.")
    plateau_half: float = Field(gt=0, description="Washed-out share halving the factor, 0..1.")
    plateau_weight: float = Field(ge=0, description="Exponent; 0 lets white backgrounds pass.")
    bright_from: float = Field(ge=0, lt=1, description="Mean / white from which brightness costs.")
    bright_weight: float = Field(ge=0, le=1, description="What an all-white image loses, 0..1.")
    block_half: float = Field(gt=0, description="Blockiness ** block_power at half of its cost.")
    block_weight: float = Field(ge=0, le=1, description="What blocks can cost at most, 0..1.")
    block_power: float = Field(gt=0, description="How late blockiness begins to cost; exponent.")
    ignored: tuple[str, ...] = Field(
        default=(),
        description="Factors that do not count, for example those of defects that only a "
        "photograph can have.",
    )
    information_bits: float = Field(
        ge=0, description="Entropy of the gray levels under which nothing is left, bits."
    )
    drawn: bool = Field(
        default=False,
        description="Drawings: noise would show on the paper too, a part of one color is missing "
        "only if it is the gray that decoders leave, and a page may have few levels.",
    )

    @field_validator("ignored")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(names) - set(Factors.names())
        if unknown:
            raise ValueError(f"no factors of the score: {', '.join(sorted(unknown))}")
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
"""Calibrated on 23 photographs, the scale on 48 others; reported on yet others
(benchmarks/RESULTS.md)."""

PRODUCT = PHOTO.model_copy(
    update={"ignored": ("plateau", "brightness", "motion", "smear", "enlarging")}
)
"""A thing on a plain background, which is cut away: it may be white, lit evenly, of one texture."""

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
"""Flat drawings: a white page is no blown sky, a straight edge no JPEG block, two colors are
enough. So a checkerboard is a drawing here; blank, noisy and blurred images still fail."""

GRAPHIC = ILLUSTRATION.model_copy(
    update={
        "range_scale": 0.05,
        "ignored": (*_OF_PHOTOGRAPHS, "detail", "blockiness", "rows", "banding"),
    }
)
"""Pixel art, diagrams, lettering: few colors in squares and stripes are meant; blank, noisy and
blurred ones still fail."""

PROFILES = {"photo": PHOTO, "product": PRODUCT, "illustration": ILLUSTRATION, "graphic": GRAPHIC}


class QualityConfig(FrozenModel):
    """Configuration of the quality validator."""

    profile: Literal["auto", "photo", "product", "illustration", "graphic"] = Field(
        default="auto",
        description="What the images are; chooses the thresholds. auto: by what each shows, and "
        "the answer's X-Validator-Version says which.",
    )
    defects: bool = Field(
        default=True,
        description="Whether gross defects (shifted rows, stripes, banding, enlarged pixels, "
        "missing parts and others) are looked for, and the content is judged without a plain "
        "background; off is the faster formula, which sees neither.",
    )
    head: bool = Field(
        default=True,
        description="Whether a small learned network, which reads what the formula measured, has a "
        "say in the score of pictures that profile `auto` judges: fairer to good pictures of "
        "unusual kinds, 3 ms more; off is the formula alone. Needs `defects`.",
    )
    thresholds: ScoreThresholds | None = Field(
        default=None, description="Own thresholds in place of the profile's."
    )
    pass_threshold: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least score, 0..1, that passes; 0.6 is strict.",
    )
    limits: ImageLimits = Field(default=ImageLimits(), description="What is refused unread.")
    workers: int = Field(
        default=1, ge=1, le=64, description="Images judged at once by a replica, threads."
    )
    threads: int = Field(
        default=1, ge=1, le=64, description="Threads of OpenCV and torch inside one image."
    )
    clip_model_path: str | None = Field(
        default=None,
        description="Folder of a transformers CLIP model; without it no `prompt_alignment`.",
    )
    aesthetic_head_path: str | None = Field(
        default=None,
        description="safetensors file of a linear head (weight, bias) over the CLIP model's image "
        "embedding; without it `aesthetic` is refused.",
    )

    @property
    def asks_head(self) -> bool:
        """Whether the learned head has a say: it was trained on profile `auto`."""
        automatic = self.profile == "auto" and self.thresholds is None
        return self.head and self.defects and automatic
