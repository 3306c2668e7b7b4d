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
    "validate": "Judge images and datasets, anonymize, compare profiles.",
    "read": "List and download images, datasets, profiles and exports.",
    "export": "Export datasets to files and buckets.",
    "write": "Upload images, create and extend profiles.",
    "delete": "Delete datasets, profiles, images and exports.",
    "admin": "With no space of its own: act in any space.",
}

ALL_SCOPES: frozenset[Scope] = frozenset(get_args(Scope))
HASH_PREFIX_CHARS = 12
"""How much of a key's hash logs show: enough to find the key, too little to test guesses by."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One known key, by its hash. The key itself is not kept."""

    name: str
    key_hash: str
    """SHA-256 of the key, hex."""
    scopes: frozenset[Scope] = ALL_SCOPES
    space: str | None = None
    """The only space that the key sees; None: what lies outside every space."""
    rates: Mapping[Bucket, str] = field(default_factory=dict)
    """Own budgets ("100/minute") in place of the service's."""
    max_stored_bytes: int | None = None
    """Own storage quota in place of the service's."""

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
"""Before anybody is known: may do nothing."""
