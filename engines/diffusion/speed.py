"""What an image may leave out of the work that plain diffusers does, and when. Pure: no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import Field, model_validator

from engines.errors import JsonValue
from engines.types.frozen import FrozenModel
from engines.types.limits import Speed


class Shortcuts(FrozenModel):
    """What one mode leaves out; as it stands here, nothing."""

    guidance_from: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of the schedule, 0..1, from which there is guidance; before it a guided "
        "image costs one row instead of two (arXiv:2404.07724).",
    )
    guidance_until: float = Field(
        default=1.0, ge=0, le=1, description="Share of the schedule from which there is none."
    )
    deep_features_every: int = Field(
        default=1,
        ge=1,
        le=20,
        description="Evaluations for which the UNet's deep layers are computed once "
        "(DeepCache, arXiv:2312.00858).",
    )
    most_steps: int | None = Field(
        default=None, ge=1, description="Denoising steps at most, however many are asked for."
    )

    def guides(self, evaluation: int, total: int) -> bool:
        """Whether evaluation number `evaluation` of `total`, from 0, has guidance."""
        share = evaluation / total
        return self.guidance_from <= share and (
            self.guidance_until >= 1 or share < self.guidance_until
        )

    def computes_deep(self, evaluation: int) -> bool:
        """Whether this evaluation, from 0, computes the deep layers anew."""
        return evaluation % self.deep_features_every == 0

    def steps(self, asked: int) -> int:
        """Steps to take where `asked` are asked for."""
        return asked if self.most_steps is None else min(asked, self.most_steps)

    @model_validator(mode="after")
    def _is_an_interval(self) -> Self:
        if self.guidance_from > self.guidance_until:
            raise ValueError("guidance_from is greater than guidance_until")
        return self


EXACT = Shortcuts()


class SpeedModes(FrozenModel):
    """What a request's `speed` means for a model. In a config, the name of a mode alone is the
    default mode."""

    default: Speed = Field(default="exact", description="Of requests that leave `speed` out.")
    balanced: Shortcuts = Field(
        default=Shortcuts(deep_features_every=2),
        description="Hardly to be told from exact.",
    )
    fast: Shortcuts = Field(
        default=Shortcuts(most_steps=12),
        description="Near enough to exact to choose prompts by.",
    )
    outer_layers: int = Field(
        default=2,
        ge=1,
        description="Layers of the UNet's last up block that run at every evaluation; more are "
        "nearer to exact, and slower.",
    )

    def of(self, speed: Speed | None) -> Shortcuts:
        """What a request leaves out; `speed` None: as the default says."""
        modes = {"exact": EXACT, "balanced": self.balanced, "fast": self.fast}
        return modes[speed or self.default]

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        return {"default": given} if isinstance(given, str) else given


def told(mode: Speed, shortcuts: Shortcuts, steps: int, outer_layers: int) -> dict[str, JsonValue]:
    """What a recipe says of how an image was made. `steps`: those that were taken."""
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
