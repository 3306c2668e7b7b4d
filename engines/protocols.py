"""The seams of the core. Contracts stand here, once; implementations do not repeat them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import BinaryIO, Protocol

from engines.errors import InferloopError
from engines.types import GeneratedImage, GenerationRequest, ObjectStat, StepProgress


class Storage(Protocol):
    """Objects under relative keys, in a folder or in a bucket.

    Every method blocks. Keys are relative POSIX paths; a key that is absolute, empty, holds
    `..`, NUL or a backslash, or leads out of the root through a symbolic link is `InvalidPath`
    before anything is read. Trouble below (permissions, S3 away) is `StorageFailed`, no room to
    write is `InsufficientStorage`, and then nothing is written. A reader
    never sees a half-written object. Safe to share between threads.
    """

    def put_new(self, key: str, content: bytes) -> ObjectStat:
        """Write an object that must not exist yet; `Conflict` if it does."""

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        """Write whole, atomically. With `if_match`, only over the version with that etag:
        `Conflict` if the object changed or is absent."""

    def create(self, key: str) -> AbstractContextManager[BinaryIO]:
        """A file to write into; published under `key` atomically, replacing what was there,
        when the block ends well, and discarded without a trace when it raises."""

    def append(self, key: str, record: bytes) -> None:
        """Add a whole record to the end of an object, made if absent. One writer per key."""

    def read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        """Content from byte `start`, at most `length` bytes; `NotFound` if absent."""

    def open(self, key: str) -> BinaryIO:
        """A readable, seekable binary file over the object; the caller closes it; `NotFound`."""

    def stat(self, key: str) -> ObjectStat:
        """Size, time and version; `NotFound` if absent (a folder is not an object)."""

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        """Every object below the folder `prefix` ("generated/x"), all levels, ordered by key; only
        those whose key comes after `after`. Temporary files are not objects. An absent folder
        lists nothing."""

    def list_refused(self, prefix: str) -> Iterator[str]:
        """Names, relative to the folder `prefix`, of what `list` passes over because its name can
        be no key: control characters, backslashes, not UTF-8, too long. Escaped as in Python
        (`a\\tb.png`), ordered. As dear as `list`."""

    def list_folders(self, prefix: str) -> Iterator[str]:
        """Names of the folders directly below the folder `prefix`, ordered."""

    def folder_version(self, prefix: str) -> str | None:
        """Changes when an object directly in the folder is made, replaced or removed; None where
        the storage cannot tell (a bucket, an absent folder)."""

    def delete(self, key: str) -> None:
        """Remove an object; absent already is fine. Needs no room."""

    def free_bytes(self) -> int | None:
        """Bytes that may still be written; None where nobody knows (a bucket)."""

    def presign(self, key: str, expires_s: int) -> str | None:
        """A URL that reads the object without our help for `expires_s` seconds, as a download;
        None where the storage has no URLs of its own (a folder). Does not look whether the
        object is there."""


class GenerationListener(Protocol):
    """Hears of one request. Called on the engine's thread: must not block or raise.

    After exactly one of `finished` or `failed`, nothing more is heard.
    """

    def progress(self, event: StepProgress) -> None:
        """A denoising step is complete; strictly increasing, the last has step == total_steps."""

    def finished(self, image: GeneratedImage) -> None:
        """The image is decoded."""

    def failed(self, error: InferloopError) -> None:
        """It will not come: `Canceled`, `DeadlineExceeded`, `GenerationFailed`, ..."""


class DiffusionEngine(Protocol):
    """Makes images on a thread of its own. `submit` and `cancel` never block on the model."""

    def start(self) -> None:
        """Load what the config says is loaded at start, warm it, start the thread. Blocks."""

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        """Admit a request; raises `Overloaded` (the queue is full), `NotFound` (model, adapter)
        or `InvalidParameters` at once, and then the listener hears nothing."""

    def cancel(self, image_id: str) -> None:
        """Stop at the next step; the listener hears `Canceled`. Unknown or ended ids are fine."""

    def check_health(self) -> None:
        """Raise `GenerationFailed` if the thread is dead. Never blocks on the model."""

    def stats(self) -> EngineStats:
        """A snapshot of counters and gauges, cheap enough to take every second."""

    def shutdown(self, timeout_s: float = 30.0) -> None:
        """Fail what is left with `Canceled`, stop the thread, free the models."""


class EngineStats(Protocol):
    """Counters since the start, gauges now."""

    @property
    def queued(self) -> int:
        """Requests that wait for a place in a batch."""

    @property
    def running(self) -> int:
        """Requests in the batches of now."""

    @property
    def steps_total(self) -> int:
        """Batched denoising steps since the start."""

    @property
    def rows_total(self) -> int:
        """Rows of all these steps together: one for a request, two where it is guided."""

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
        """Models loaded since the start."""

    @property
    def loaded_bytes(self) -> Mapping[str, int]:
        """Bytes of weights and buffers of the models that are in memory now, by id."""

    @property
    def step_budgets_px(self) -> Mapping[str, int]:
        """Latent pixels that a step may hold now, by model."""


StopCheck = Callable[[], None]
"""Called between two pieces of long work: raises `Canceled` where nobody waits for it any more."""


def never_stopped() -> None:
    """The `StopCheck` of work that somebody always waits for."""


Clock = Callable[[], float]
"""Monotonic seconds."""
