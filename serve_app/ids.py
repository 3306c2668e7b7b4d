"""Ids that are unique across replicas and nodes without coordination, and sort by time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

_CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
_CHARS = 26
_RANDOM_BYTES = 10


class IdSource:
    """Makes ULIDs in lower case (https://github.com/ulid/spec): 48 bits of milliseconds, 80 random
    bits.

    `epoch_s` gives the wall time. `random_bytes` must be cryptographically random, since only the
    random bits differ between replicas within the same millisecond.
    """

    def __init__(
        self,
        epoch_s: Callable[[], float] = time.time,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._epoch_s = epoch_s
        self._random_bytes = random_bytes

    def unique(self) -> str:
        """26 characters of [0-9a-z]."""
        milliseconds = int(self._epoch_s() * 1000)
        number = milliseconds << 80 | int.from_bytes(self._random_bytes(_RANDOM_BYTES))
        return "".join(_CROCKFORD[number >> shift & 31] for shift in range(5 * _CHARS - 5, -1, -5))

    def image(self) -> str:
        """A new id of an image."""
        return f"image_{self.unique()}"

    def job(self) -> str:
        """A new id of a job."""
        return f"job_{self.unique()}"

    def request(self) -> str:
        """A new id of a request, for `X-Request-Id`."""
        return f"req_{self.unique()}"


def batch_image_ids(unique: str, count: int) -> list[str]:
    """Ids of a batch's images, numbered from 1 like the reference's `image_1234567890_1`."""
    return [f"image_{unique}_{number}" for number in range(1, count + 1)]


def draw_seed() -> int:
    """A random seed for a request without one. It has 32 bits, which other tools accept too."""
    return secrets.randbelow(2**32)
