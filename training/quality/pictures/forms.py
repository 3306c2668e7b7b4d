"""Other forms of the families of defects. Each has a random angle, period, color, place or method,
so that the head learns the whole family and not only one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.quality.pictures import forms_of_light as light
from training.quality.pictures import forms_of_parts as parts
from training.quality.pictures import forms_of_whole as whole
from training.quality.pictures.form import Form

FORMS: Mapping[str, Sequence[Form]] = {
    "white noise": (whole.noise, whole.noise, parts.noise_of_a_part),
    "under-exposed": (light.darkness,),
    "low contrast": (light.veil,),
    "salt and pepper": (whole.specks,),
    "defocus": (whole.blur,),
    "motion blur": (whole.motion,),
    "color noise": (whole.color_blotches,),
    "grain": (whole.coarse_grain,),
    "JPEG": (whole.lossy,),
    "WebP": (whole.smooth_lossy,),
    "blocking": (whole.coarse_blocking,),
    "posterized, bits": (light.posterized,),
    "over-exposed": (light.exposure,),
    "tint": (light.light_of_a_color,),
    "dead rows": (parts.lost_lines, parts.lost_bands),
    "shifted rows": (parts.shifted_bands,),
    "stripes": (parts.stripes,),
    "moire": (parts.waves,),
    "cubic enlarging": (whole.enlarging,),
    "halos": (whole.sharpened,),
    "gray end": (parts.spoiled_end,),
    "wrong blocks": (parts.spoiled_blocks,),
}
"""Family to the functions that draw its other forms."""
APART = "channels apart"
"""The family of displaced color channels. It has no other form."""
OUT_OF_REGISTER = (APART, parts.displaced_planes)
"""A later form, and its family."""
LATER: Sequence[tuple[str, Form]] = (
    (APART, parts.planes_a_little_apart),
    ("gray end", parts.plain_end),
    ("dead rows", parts.plain_band),
    ("over-exposed", light.washed_out),
    ("under-exposed", light.darkened),
)
"""Later forms, each with the family that it is learned with. They are milder than the others."""
AGAIN: Sequence[tuple[str, Form]] = (
    ("shifted rows", parts.shifted_bands),
    ("motion blur", whole.motion),
)
"""Forms that are missed most. All photographs give them once more, in all levels."""
MILDER: Sequence[tuple[str, Form]] = (
    ("over-exposed", light.brightened),
    ("under-exposed", light.dimmed),
    ("gray end", parts.narrow_end),
    ("motion blur", whole.short_motion),
    ("tint", light.light_of_a_color),
)
"""The mildest forms, each with the family that it is learned with."""
