"""Personal data in text: validated patterns, masking, and Presidio as an option."""

from engines.privacy.pii.masking import masked
from engines.privacy.pii.patterns import PatternPii

__all__ = ["PatternPii", "masked"]
