"""The data root, and the part of it that belongs to a space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from deployments.settings import Settings
from engines.protocols import Storage
from engines.storage.folder.identity import RootIdentity
from engines.storage.folder.paths import writing_errors
from engines.storage.free_space import StorageLimits
from engines.types import SPACES_FOLDER, check_space

if TYPE_CHECKING:
    from engines.storage.s3.client import S3Client


@cache
def identity_of(root: str, expected: str | None) -> RootIdentity:
    """The identity of a data root. There is one object per data root and process, so that all
    storages compare with the same content."""
    with writing_errors(root):
        return RootIdentity(root, expected)


def _no_check() -> None:
    """The guard of a bucket: does nothing, because reads of a missing bucket fail by themselves."""


@dataclass(frozen=True, slots=True)
class DataRoot:
    """Where objects are stored.

    It has no secrets: S3 credentials come from the standard AWS chain.
    """

    root: str
    s3_endpoint_url: str | None = None
    limits: StorageLimits = field(default_factory=StorageLimits)
    space: str | None = None
    """The space whose part of the data root this is. None: the part outside every space."""
    expected_id: str | None = None
    """Required content of `.inferloop/root_id`. None: the content that this process finds first."""

    @classmethod
    def of(cls, settings: Settings, limits: StorageLimits | None = None) -> DataRoot:
        """The data root that the settings name. `limits`: None for the defaults."""
        return cls(
            settings.absolute_data_root(),
            settings.s3_endpoint_url,
            limits or StorageLimits(),
            expected_id=settings.data_root_id,
        )

    def in_space(self, space: str | None) -> DataRoot:
        """The part of the data root for a space.

        Raises `InvalidParameters` for an invalid name.
        """
        return replace(self, space=None if space is None else check_space(space))

    def storage(self) -> Storage:
        """The storage. Its keys are relative to the space, so that none can lead outside it."""
        from engines.storage.opening import open_storage

        root = self.root if self.space is None else f"{self.root}/{SPACES_FOLDER}/{self.space}"
        return open_storage(root, self.s3_endpoint_url, self.limits, self.guard())

    def guard(self) -> Callable[[], None]:
        """A function that raises `StorageAway` while the data root is missing or is another one
        than at the start. For a bucket it does nothing."""
        return (
            identity_of(self.root, self.expected_id).check if "://" not in self.root else _no_check
        )

    def s3_client(self, max_connections: int) -> S3Client:
        """A client for buckets of the users, with the service's own credentials."""
        from engines.storage.s3.client import S3ClientConfig, make_s3_client

        config = S3ClientConfig(endpoint_url=self.s3_endpoint_url, max_connections=max_connections)
        return make_s3_client(config)

    def wire_path(self, key: str) -> str:
        """The path under which clients know the key; the same in every space."""
        return f"{self.root}/{key}"
