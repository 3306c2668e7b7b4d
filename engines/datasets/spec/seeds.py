"""Seeds that follow from others, the same ones everywhere and for ever."""

from __future__ import annotations

import hashlib

from engines.types.limits import MAX_SEED


def derived(*parts: object) -> int:
    """53 bits of SHA-256 of the parts, 0 to `MAX_SEED`."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") & MAX_SEED


def seed_of_try(seed: int, number: int) -> int:
    """Seed of try `number`, from 0, of an image: the first takes the image's own."""
    return seed if number == 0 else derived(seed, "try", number)
