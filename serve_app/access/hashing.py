"""The hash of an API key. Keys are kept, counted and logged only as hashes."""

from __future__ import annotations

import hashlib


def key_hash(key: str) -> str:
    """SHA-256 of the key in hex."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
