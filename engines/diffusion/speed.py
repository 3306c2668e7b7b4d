"""Speed modes: which parts of the denoising work are skipped. Does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from engines.errors import JsonValue
from engines.types.frozen import FrozenModel
from engines.types.limits import Speed


class Shortcuts(FrozenModel):
    """The work that one speed mode skips; the default values skip nothing."""

    guidance_from: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Fraction of the schedule, 0..1, at which guidance begins; before it an image "
        "costs one row per step instead of two (arXiv:2404.07724).",
    )
    guidance_until: float = Field(
        default=1.0, ge=0, le=1, description="Fraction of the schedule at which guidance ends."
    )
    deep_features_every: int = Field(
        default=1,
        ge=1,
        le=20,
        description="The UNet's deep layers are computed at every n-th evaluation only, and their "
        "output is reused in between (DeepCache, arXiv:2312.00858). 1: at every evaluation.",
    )
    most_steps: int | None = Field(
        default=None, ge=1, description="Largest number of denoising steps; None: no limit."
    )

    def guides(self, evaluation: int, total: int) -> bool:
        """Whether evaluation number `evaluation` (from 0) of `total` uses guidance."""
        share = evaluation / total
        return self.guidance_from <= share and (
            self.guidance_until >= 1 or share < self.guidance_until
        )

    def computes_deep(self, evaluation: int) -> bool:
        """Whether evaluation number `evaluation` (from 0) computes the deep layers."""
        return evaluation % self.deep_features_every == 0

    def steps(self, asked: int) -> int:
        """The number of steps to take if a request asks for `asked`."""
        return asked if self.most_steps is None else min(asked, self.most_steps)

    @model_validator(mode="after")
    def _is_an_interval(self) -> Self:
        if self.guidance_from > self.guidance_until:
            raise ValueError("guidance_from is greater than guidance_until")
        return self


EXACT = Shortcuts()


class SpeedModes(FrozenModel):
    """The meaning of a request's `speed` for one model.

    In a config, a string in place of this object is taken as `default`.
    """

    default: Speed = Field(default="exact", description="Mode of requests without `speed`.")
    balanced: Shortcuts = Field(
        default=Shortcuts(deep_features_every=2),
        description="The mode whose images can hardly be distinguished from exact ones.",
    )
    fast: Shortcuts = Field(
        default=Shortcuts(most_steps=12),
        description="The mode for trying out prompts: images are similar to exact ones.",
    )
    outer_layers: int = Field(
        default=2,
        ge=1,
        description="How many layers of the UNet's last up block run at every evaluation; with "
        "more, images are closer to exact ones, but slower.",
    )

    def of(self, speed: Speed | None) -> Shortcuts:
        """The shortcuts of a mode; `speed` None: of the default mode."""
        modes = {"exact": EXACT, "balanced": self.balanced, "fast": self.fast}
        return modes[speed or self.default]

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        return {"default": given} if isinstance(given, str) else given


def told(mode: Speed, shortcuts: Shortcuts, steps: int, outer_layers: int) -> dict[str, JsonValue]:
    """The speed mode and its shortcuts, for the recipe. `steps`: the number of steps taken."""
    if mode == "exact":
        return {"mode": mode}
    said: Mapping[str, JsonValue] = {
        "mode": mode,
        "guidance_from": shortcuts.guidance_from,
        "guidance_until": shortcuts.guidance_until,
        "deep_features_every": shortcuts.deep_features_every,
        "steps": steps,
    }
    layers = {"outer_layers": outer_layers} if shortcuts.deep_features_every > 1 else {}
    return {**said, **layers}
