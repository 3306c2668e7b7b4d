"""Counts the work of reading the text of a file, so that no file takes more than its limit.

The unit is one square of a line in the recognizer, which scales every line to the same height: a
line 20 times as long as high is 20 units of work. The time of the recognizer is proportional to it.
"""

from __future__ import annotations

from collections.abc import Sequence

LEAST_RATIO = 320 / 48
"""The recognizer pads shorter lines to a length of 320 px, at its height of 48 px."""
MOST_RATIO = 100
"""Ratio of length to height above which a line is not read. Memory is proportional to it."""
_UNITS_FOR_MEGAPIXEL = 100
"""The detector needs as much time for a megapixel as the recognizer for this many units."""


_UNITS_FOR_SECOND = 200
"""The recognizer takes about 5 ms of CPU for a unit."""
_SHORT_S = 0.1
"""Seconds of CPU that another search may take in an ordinary picture. They are not subtracted, so
that the verdict on such a picture does not depend on the machine."""


class ReadingAllowance:
    """The work that is left for the pictures of one file. Not for several threads at once."""

    def __init__(self, units: float) -> None:
        self._left = units

    @property
    def is_spent(self) -> bool:
        """Whether no work is left."""
        return self._left <= 0

    def spend(self, cpu_s: float) -> None:
        """Subtract the work of another search for text that took `cpu_s` seconds of CPU."""
        self._left -= max(0.0, cpu_s - _SHORT_S) * _UNITS_FOR_SECOND

    def takes_look(self, height: int, width: int) -> bool:
        """Subtract the work of detecting lines in a picture of `height` x `width` pixels. Returns
        False, and subtracts nothing, if less than that is left."""
        cost = height * width / 1e6 * _UNITS_FOR_MEGAPIXEL
        if cost > self._left:
            return False
        self._left -= cost
        return True

    def chosen(self, sizes: Sequence[tuple[int, int]]) -> list[int]:
        """Choose as many lines as the work that is left allows, and subtract their work. Lines with
        the largest height come first, because they are most probably text. `sizes`: height and
        length of each line, pixels. Returns the positions of the lines to read, in rising order."""
        positions = []
        for position in sorted(range(len(sizes)), key=lambda at: -sizes[at][0]):
            height, length = sizes[position]
            ratio = length / max(1, height)
            cost = max(LEAST_RATIO, ratio)
            if ratio <= MOST_RATIO and cost <= self._left:
                self._left -= cost
                positions.append(position)
        return sorted(positions)
