"""Seeds that are derived from other values. They are the same on every machine and in every
version."""

from __future__ import annotations

import hashlib

from engines.types.limits import MAX_SEED


def derived(*parts: object) -> int:
    """A seed from 0 to `MAX_SEED`: the parts are joined by "/", and the seed is the last 53 bits of
    the first 8 bytes of the SHA-256 of that text."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") & MAX_SEED


def seed_of_try(seed: int, number: int) -> int:
    """The seed of attempt `number` for an image. Attempt 0 uses the image's own seed."""
    return seed if number == 0 else derived(seed, "try", number)
