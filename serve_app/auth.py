"""API keys: known by their hashes, compared in constant time, never shown."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from engines.errors import InvalidParameters

_MAX_KEY_CHARS = 512
HASH_PREFIX_CHARS = 12


def key_hash(key: str) -> str:
    """SHA-256 of the key in hex: the only form in which a key is kept, counted or logged."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class ApiKeys:
    """The keys that open the service. Keeps hashes only, so that nothing can print a key."""

    def __init__(self, keys: Iterable[str]) -> None:
        hashes = tuple(dict.fromkeys(key_hash(key) for key in keys if key.strip()))
        if not hashes:
            raise InvalidParameters.of("api_keys", None, "at least one key", "must not be empty")
        self._hashes = hashes

    def identify(self, presented: str | None) -> str | None:
        """Hash of the presented key if it is known, else None.

        Compares with every known key whatever matched, so that time tells nothing.
        """
        if not presented or len(presented) > _MAX_KEY_CHARS:
            return None
        candidate = key_hash(presented)
        matches = [hmac.compare_digest(candidate, known) for known in self._hashes]
        return candidate if any(matches) else None

    def __len__(self) -> int:
        return len(self._hashes)

    def __repr__(self) -> str:
        return f"ApiKeys({len(self._hashes)} keys)"
