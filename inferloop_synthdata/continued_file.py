"""A local file that appears as a whole or not at all. An interrupted download is continued."""

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
    """An `AtomicFile` that goes on where an earlier one of the same target was cut.

    What was not published is kept on the way out, as a hidden file whose name
    holds the version (`ETag`) that it is the beginning of, and the next one takes it up. Of a
    server that names no version nothing is kept. Two at once never write into one file: each takes
    the kept one away first. Blocks on the disk; `OSError` where the folder is absent or full.
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
        """What is there already."""
        return self._draft.tell()

    def headers(self) -> Mapping[str, str]:
        """Of the request: the rest, if the server still has this version, else the whole."""
        if self._version is None or not self.size_bytes:
            return {}
        asked = {"Range": f"bytes={self.size_bytes}-", "If-Range": self._version}
        return {**asked, "Accept-Encoding": "identity"}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Of the answer, before its bytes: 206 is the rest, 200 the whole anew; an error leaves
        what is there.

        Raises:
            ConnectionFailed: the server has no such rest (416); it begins anew at the next try.
            UnexpectedAnswer: the server sends another part than the rest.
        """
        if status == 206:
            if not headers.get("content-range", "").startswith(f"bytes {self.size_bytes}-"):
                self._discard()
                raise UnexpectedAnswer("The server sent another part of the file than it was asked")
        elif status == 416 and self.size_bytes:
            self._discard()
            raise ConnectionFailed("The file ends where its rest should begin", request_sent=True)
        elif 200 <= status < 300:
            self._discard()
            etag = headers.get("etag", "")
            self._version = etag if etag.startswith('"') else None

    def _discard(self) -> None:
        self._draft.truncate(0)
        self._draft.seek(0)

    def _taken_up(self) -> str | None:
        """The version of an earlier draft, which is this one's now; None where there is none."""
        before = f".{self._target.name}."
        for kept in self._target.parent.glob(f"{glob.escape(before)}*{_SUFFIX}"):
            version = _decoded(kept.name.removeprefix(before).removesuffix(_SUFFIX))
            if version is None:
                continue
            try:
                kept.replace(self._draft_path)
            except FileNotFoundError:  # somebody else has just taken it
                continue
            return version
        return None

    def _kept_path(self) -> Path | None:
        """None without a version, and where the name would be too long for a file."""
        if self._version is None:
            return None
        told = base64.urlsafe_b64encode(self._version.encode()).decode()
        name = f".{self._target.name}.{told}{_SUFFIX}"
        return self._target.with_name(name) if len(name.encode()) <= 255 else None


def _decoded(told: str) -> str | None:
    """The version in the name of a draft; None for the name of something else."""
    try:
        version = base64.b64decode(told, b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return version if version.startswith('"') and version.isprintable() else None
