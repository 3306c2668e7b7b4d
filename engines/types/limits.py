"""Limits of generation parameters and of names, for the API, the models' config and batch jobs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

MIN_SIDE_PX = 64
MAX_SIDE_PX = 1024
SIDE_MULTIPLE_PX = 8
"""Sides must be multiples of this, because latents have an eighth of the image's sides."""
DEFAULT_SIDE_PX = 512
MAX_INFERENCE_STEPS = 150
DEFAULT_INFERENCE_STEPS = 50
MAX_GUIDANCE_SCALE = 30.0
DEFAULT_GUIDANCE_SCALE = 7.5
MAX_SEED = 2**53 - 1
"""The largest integer that is exact in JavaScript (ECMA-262, Number.MAX_SAFE_INTEGER)."""
MAX_PROMPT_CHARS = 2000
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Names of datasets and of profiles; for new datasets see `engines.types.names`."""

Side = Annotated[int, Field(ge=MIN_SIDE_PX, le=MAX_SIDE_PX, multiple_of=SIDE_MULTIPLE_PX)]
"""Width or height, pixels."""
Steps = Annotated[int, Field(ge=1, le=MAX_INFERENCE_STEPS)]
"""Denoising steps."""
Guidance = Annotated[float, Field(ge=0, le=MAX_GUIDANCE_SCALE)]
"""Scale of classifier-free guidance (Ho and Salimans, 2022). With values up to 1 there is no
guidance."""
Speed = Literal["exact", "balanced", "fast"]
"""Speed mode; exact gives the same image as plain diffusers."""
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
