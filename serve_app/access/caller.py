"""The caller of a request, and what its key may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from engines.errors import Forbidden
from serve_app.budgets.rate_limits import Bucket

Scope = Literal["generate", "validate", "read", "export", "write", "delete", "admin"]
"""What a key may do. A route declares the one that it needs."""

SCOPE_MEANING: Mapping[Scope, str] = {
    "generate": "Generate images: REST, WebSocket and jobs.",
    "validate": "Check images and datasets, anonymize, compare profiles.",
    "read": "List and download images, datasets, profiles and exports.",
    "export": "Export datasets to files and buckets.",
    "write": "Upload images, create and extend profiles.",
    "delete": "Delete datasets, profiles, images and exports.",
    "admin": "Act in any space, if the key has no space.",
}

ALL_SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
HASH_PREFIX_CHARS = 12
"""Characters of a key's hash in logs: enough to find the key, too few to check guesses."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One known key, by its hash. The key itself is not kept."""

    name: str
    key_hash: str
    """SHA-256 of the key, hex."""
    scopes: frozenset[Scope] = ALL_SCOPES
    space: str | None = None
    """The only space that the key can use; None: everything outside the spaces."""
    rates: Mapping[Bucket, str] = field(default_factory=dict)
    """The key's own rate limits ("100/minute"), which replace the service's."""
    max_stored_bytes: int | None = None
    """The key's own storage quota, bytes; None: the service's."""

    @property
    def hash_prefix(self) -> str:
        """The first characters of the key's hash, as logs show it."""
        return self.key_hash[:HASH_PREFIX_CHARS]

    @property
    def sees_every_space(self) -> bool:
        """Whether the caller may choose the space in which a request acts."""
        return "admin" in self.scopes and self.space is None

    def check_scope(self, scope: Scope) -> None:
        """Raise `Forbidden` if the key does not have the scope."""
        if scope not in self.scopes:
            raise Forbidden(f"The API key '{self.name}' lacks the scope '{scope}'")


NOBODY = Caller("nobody", "", frozenset())
"""The caller before the key was checked; it may do nothing."""
