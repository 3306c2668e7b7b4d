"""The main interfaces of the engines. Implementations do not repeat their documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from engines.errors import InferloopError
from engines.types import GeneratedImage, GenerationRequest, ObjectStat, StepProgress


class Storage(Protocol):
    """Objects with relative keys, in a folder or in an S3 bucket.

    Every method blocks, and may be called from several threads. Keys are relative POSIX paths. A
    key that is absolute, is empty, contains `..`, NUL or a backslash, or leads out of the root
    through a symbolic link raises `InvalidPath` before anything is read. If nothing can be written
    for lack of space, methods raise `InsufficientStorage`; for other failures (permissions, S3 not
    reachable) `StorageFailed`. In both cases nothing is written. A reader never sees an object
    that is only partly written.
    """

    def put_new(self, key: str, content: bytes) -> ObjectStat:
        """Write a new object. Raises `Conflict` if it exists."""

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        """Write an object atomically, whether it exists or not.

        With `if_match`, raises `Conflict` unless the present version has that etag.
        """

    def create(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A file to write to. When the block ends, it atomically becomes the object `key`, and
        replaces an existing one; when the block raises, it is discarded."""

    def append(self, key: str, record: bytes) -> None:
        """Append a record to an object, which is created if absent. Each key must have only one
        writer. In a bucket, an object that would grow beyond 4 MiB raises `StorageFailed`, because
        each append writes the whole object."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """At most `length` bytes (None: all) from byte `start`. Raises `NotFound`."""

    def open(self, key: str) -> BinaryIO:
        """A seekable binary file for reading, which the caller must close. Raises `NotFound`."""

    def stat(self, key: str) -> ObjectStat:
        """Size, time and version. Raises `NotFound`, also for a folder."""

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        """All objects below the folder `prefix` ("generated/x"), at any depth, ordered by key.
        Only those whose key comes after `after`, and no temporary files. Empty if the folder does
        not exist."""

    def list_refused(self, prefix: str) -> Iterator[str]:
        """Names, relative to the folder `prefix`, of the files that `list` leaves out because their
        names are not valid keys (control characters, backslashes, not UTF-8, too long).

        Ordered, and escaped as in Python (`a\\tb.png`). Takes as long as `list`.
        """

    def list_folders(self, prefix: str) -> Iterator[str]:
        """Names of the folders directly below the folder `prefix`, ordered."""

    def folder_version(self, prefix: str) -> str | None:
        """A text that changes when an object directly in the folder is created, replaced or
        removed; None if the storage cannot tell (in a bucket, or for an absent folder)."""

    def delete(self, key: str) -> None:
        """Remove an object; does nothing if it does not exist. Works on a full disk."""

    def free_bytes(self) -> int | None:
        """Bytes that can still be written; None if unknown (in a bucket)."""

    def presign(self, key: str, expires_s: int) -> str | None:
        """A URL from which anybody can download the object directly from the storage server for
        `expires_s` seconds; None for a folder. Does not check whether the object exists."""


class GenerationListener(Protocol):
    """Receives the events of one request. Called on the engine's thread: must not block or raise.

    Exactly one of `finished` and `failed` is called, and it is the last call.
    """

    def progress(self, event: StepProgress) -> None:
        """A step is complete. `event.step` increases strictly up to `event.total_steps`."""

    def finished(self, image: GeneratedImage) -> None:
        """The image is decoded."""

    def failed(self, error: InferloopError) -> None:
        """There will be no image: `Canceled`, `DeadlineExceeded`, `GenerationFailed`, ..."""


class DiffusionEngine(Protocol):
    """Makes images on its own thread. `submit` and `cancel` do not wait for the model."""

    def start(self) -> None:
        """Start the thread, and load and warm up the models that the config loads at start.
        Blocks until they are ready. Raises what loading raises."""

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        """Accept a request.

        Raises:
            Overloaded: the queue is full.
            NotFound: the model or the adapter is not in the config.
            InvalidParameters: an image with this id is being made for the same dataset and space.
            ReplicaLost: the engine has stopped.

        If it raises, the listener is not called.
        """

    def cancel(self, place: str) -> None:
        """End the request with this `place` before its next step; its listener gets `Canceled`.
        Places that are unknown or have ended are ignored."""

    def check_health(self) -> None:
        """Raise `GenerationFailed` if the thread has died. Does not wait for the model."""

    def stats(self) -> EngineStats:
        """The present counters and gauges. Fast enough to be called every second."""

    def shutdown(self, timeout_s: float = 30.0) -> None:
        """End all requests with `Canceled`, stop the thread and free the models."""


class EngineStats(Protocol):
    """Counters since the start, and present gauges."""

    @property
    def queued(self) -> int:
        """Requests that wait for their first step."""

    @property
    def running(self) -> int:
        """Requests between their first step and their decoded image."""

    @property
    def steps_total(self) -> int:
        """Batched denoising steps since the start."""

    @property
    def rows_total(self) -> int:
        """Rows of all these steps: per request one, or two with guidance."""

    @property
    def step_s_total(self) -> float:
        """Seconds that these steps took."""

    @property
    def images_total(self) -> int:
        """Images finished since the start."""

    @property
    def canceled_total(self) -> int:
        """Requests canceled since the start."""

    @property
    def failed_total(self) -> int:
        """Requests failed since the start."""

    @property
    def model_loads_total(self) -> int:
        """Model loads since the start."""

    @property
    def loaded_bytes(self) -> Mapping[str, int]:
        """Id of each loaded model to the bytes of its weights and buffers."""

    @property
    def step_budgets_px(self) -> Mapping[str, int]:
        """Model id to the latent pixels that a step may hold now."""


StopCheck = Callable[[], None]
"""Called repeatedly during long work; raises `Canceled` when the result is no longer wanted."""


def never_stopped() -> None:
    """A `StopCheck` that never raises."""


Clock = Callable[[], float]
"""Monotonic seconds."""
