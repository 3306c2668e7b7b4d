"""Profiles: statistics of a set of real images. Datasets can be compared with a profile, and the
colors of images matched to it. A profile contains no pixels."""

from typing import TYPE_CHECKING

from engines.types.at_first_use import at_first_use

if TYPE_CHECKING:
    from engines.profiles.colors import match_colors
    from engines.profiles.service import ProfileService
    from engines.profiles.statistics import ProfileBuilder
else:
    __getattr__ = at_first_use(
        __name__,
        {"ProfileBuilder": "statistics", "ProfileService": "service", "match_colors": "colors"},
    )

__all__ = ["ProfileBuilder", "ProfileService", "match_colors"]
