"""Families of defects, each in five growing levels."""

from __future__ import annotations

from training.quality.pictures.distortions import DISTORTIONS
from training.quality.pictures.gross_defects import GROSS

FAMILIES = {
    "white noise": DISTORTIONS["Gaussian noise"],
    "under-exposed": DISTORTIONS["under-exposure"],
    "low contrast": DISTORTIONS["low contrast"],
    "salt and pepper": DISTORTIONS["salt and pepper"],
    **GROSS,
}
"""Name to what spoils and its levels."""
OF_DRAWINGS = (
    "white noise",
    "defocus",
    "motion blur",
    "JPEG",
    "salt and pepper",
    "low contrast",
    "dead rows",
    "gray end",
    "wrong blocks",
    "blank",
    "color noise",
    "JPEG 2000",
    "grain",
    "under-exposed",
)
"""Families that nobody could mean in a drawing."""
OF_SMOOTHNESS = ("defocus", "motion blur", "cubic enlarging", "JPEG 2000", "over-exposed")
"""Families that cannot be told from what a glow or a gradient shows anyway."""
