"""A local file that appears complete or not at all. An interrupted download is continued."""

from __future__ import annotations

import base64
import binascii
import glob
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from inferloop_synthdata.atomic_file import AtomicFile
from inferloop_synthdata.errors import ConnectionFailed, UnexpectedAnswer

_SUFFIX = ".part"


class ContinuedFile(AtomicFile):
    """An `AtomicFile` that continues an earlier, interrupted download of the same target.

    A file that was not published is kept as a hidden file, whose name contains the version (`ETag`)
    of the content. The next download of the target renames that file to its own hidden file, so two
    downloads at the same time never write to one file. Nothing is kept if the server sends no
    `ETag`. Blocks while it writes. Raises `OSError` if the folder does not exist or is full.
    """

    def _opened(self) -> BinaryIO:
        self._version = self._taken_up()
        return self._draft_path.open("ab")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._draft.close()
        if not self._draft_path.exists():  # published
            return
        kept = self._kept_path()
        if kept is None or not self._draft_path.stat().st_size:
            self._draft_path.unlink()
        else:
            self._draft_path.replace(kept)

    @property
    def size_bytes(self) -> int:
        """Number of bytes that are written already."""
        return self._draft.tell()

    def headers(self) -> Mapping[str, str]:
        """Headers of the request: for the rest if the server still has this version, otherwise for
        the whole file."""
        if self._version is None or not self.size_bytes:
            return {}
        asked = {"Range": f"bytes={self.size_bytes}-", "If-Range": self._version}
        return {**asked, "Accept-Encoding": "identity"}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Called with the answer, before its bytes. After 206 the rest is appended, after 200 the
        file begins again; after an error the written bytes stay.

        Raises:
            ConnectionFailed: the server has no such rest (416). The written bytes are dropped, so
                the next attempt begins at the start.
            UnexpectedAnswer: the server sends another part than the rest.
        """
        if status == 206:
            if not headers.get("content-range", "").startswith(f"bytes {self.size_bytes}-"):
                self._discard()
                raise UnexpectedAnswer("The server sent another part of the file than requested")
        elif status == 416 and self.size_bytes:
            self._discard()
            raise ConnectionFailed(
                "The server's file is shorter than the part that is already here", request_sent=True
            )
        elif 200 <= status < 300:
            self._discard()
            etag = headers.get("etag", "")
            self._version = etag if etag.startswith('"') else None

    def _discard(self) -> None:
        self._draft.truncate(0)
        self._draft.seek(0)

    def _taken_up(self) -> str | None:
        """Take over a kept file, and return its version. None if there is no kept file."""
        before = f".{self._target.name}."
        for kept in self._target.parent.glob(f"{glob.escape(before)}*{_SUFFIX}"):
            version = _decoded(kept.name.removeprefix(before).removesuffix(_SUFFIX))
            if version is None:
                continue
            try:
                kept.replace(self._draft_path)
            except FileNotFoundError:  # another download has just taken it
                continue
            return version
        return None

    def _kept_path(self) -> Path | None:
        """Path for keeping the file. None without a version, or if the name would be too long."""
        if self._version is None:
            return None
        told = base64.urlsafe_b64encode(self._version.encode()).decode()
        name = f".{self._target.name}.{told}{_SUFFIX}"
        return self._target.with_name(name) if len(name.encode()) <= 255 else None


def _decoded(told: str) -> str | None:
    """The version in the name of a kept file; None for any other name."""
    try:
        version = base64.b64decode(told, b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return version if version.startswith('"') and version.isprintable() else None
