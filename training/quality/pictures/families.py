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
"""Family to the function that adds the defect, and its levels."""
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
"""Families that are never intended in a drawing."""
OF_SMOOTHNESS = ("defocus", "motion blur", "cubic enlarging", "JPEG 2000", "over-exposed")
"""Families that look like the glow or gradient of a good picture."""
