"""What a real image set looks like, in numbers: made, merged, compared, matched. Never pixels."""

from engines.profiles.colors import match_colors
from engines.profiles.service import ProfileService
from engines.profiles.statistics import ProfileBuilder

__all__ = ["ProfileBuilder", "ProfileService", "match_colors"]
