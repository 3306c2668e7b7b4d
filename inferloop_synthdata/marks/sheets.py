"""Compares a dataset with its signed data sheet: files that were added, lost or changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.marks.reading import Anchors, Signature
from inferloop_synthdata.marks.trust import read_jws

SHEET_NAME = "inferloop.sheet.jsonl"
SHEET_SCHEMA = "inferloop.sheet/1"
_CHUNK_BYTES = 2**20

Digest = Callable[[str], str | None]
"""Takes a path in the dataset. Returns the SHA-256 of the file as hexadecimal digits, or None if
there is no such file."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was read. If `signature` is "invalid", none of its content can be trusted."""

    signature: Signature
    signer: str
    dataset: str
    signed_at: str
    summary: dict[str, JsonValue]
    files: dict[str, str] = field(repr=False)
    """Path to SHA-256, as hexadecimal digits."""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Paths of files that differ from the sheet. Each list is sorted."""

    added: list[str]
    lost: list[str]
    changed: list[str]

    @property
    def is_none(self) -> bool:
        """Whether the dataset is the same as in the sheet."""
        return not (self.added or self.lost or self.changed)


def read_sheet(lines: Iterable[bytes], anchors: Anchors) -> Sheet:
    """Read a sheet and verify its signature.

    Raises:
        ImportError: the extra `verify` is not installed.
        ValueError: it is not a data sheet.
    """
    digest, parsed, token = hashlib.sha256(), _Parsed(), None
    for line in lines:
        if token is not None:
            parsed.problems.append("there is content after the signature")
            break
        found = parsed.take(line)
        token = found.get("jws")
        if token is None:
            digest.update(line)
    if parsed.head.get("schema") != SHEET_SCHEMA:
        raise ValueError("not a data sheet of this software")
    signature, payload, signer = read_jws(token if isinstance(token, str) else "", anchors)
    if signature == "invalid":
        parsed.problems.append("the signature is not valid")
    elif payload.get("sheet_sha256") != digest.hexdigest():
        parsed.problems.append("the sheet was changed after it was signed")
    return parsed.sheet("invalid" if parsed.problems else signature, signer)


@dataclass(slots=True)
class _Parsed:
    head: dict[str, JsonValue] = field(default_factory=dict)
    summary: dict[str, JsonValue] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def take(self, line: bytes) -> dict[str, JsonValue]:
        found = _object(line)
        if not self.head:
            self.head = found
        elif isinstance(found.get("path"), str) and isinstance(found.get("sha256"), str):
            self.files[str(found["path"])] = str(found["sha256"])
        elif isinstance(summary := found.get("summary"), dict):
            self.summary = summary
        elif "jws" not in found:
            self.problems.append("a line of the sheet cannot be read")
        return found

    def sheet(self, signature: Signature, signer: str) -> Sheet:
        dataset, signed_at = (str(self.head.get(name, "")) for name in ("dataset", "signed_at"))
        problems = tuple(dict.fromkeys(self.problems))
        return Sheet(signature, signer, dataset, signed_at, self.summary, self.files, problems)


def _object(line: bytes) -> dict[str, JsonValue]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def compare(sheet: Sheet, paths: Iterable[str], digest_of: Digest) -> Difference:
    """Compare the present files (`paths`) with the sheet. Calls `digest_of` for each file that is
    in both."""
    left, added, changed = dict(sheet.files), [], []
    for path in paths:
        signed = left.pop(path, None)
        if signed is None:
            added.append(path)
            continue
        now = digest_of(path)
        if now is None:
            left[path] = signed
        elif now != signed:
            changed.append(path)
    return Difference(sorted(added), sorted(left), sorted(changed))


def check_folder(
    folder: Path, anchors: Anchors, sheet_file: Path | None = None
) -> tuple[Sheet, Difference]:
    """Compare a local folder with its sheet, by default with the sheet in the folder.

    Raises:
        ImportError: the extra `verify` is not installed.
        ValueError: the file is not a data sheet.
        OSError: a file cannot be read.
    """
    with (sheet_file or folder / SHEET_NAME).open("rb") as lines:
        sheet = read_sheet(lines, anchors)
    return sheet, compare(sheet, _paths(folder), lambda path: _digest_of(folder / path))


def _paths(folder: Path) -> Iterator[str]:
    """Files below the folder, without hidden files and the sheet. Links are not followed."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        hidden = name.startswith(".") or "/." in name
        if not hidden and name != SHEET_NAME and (path.is_symlink() or path.is_file()):
            yield name


def _digest_of(path: Path) -> str | None:
    if path.is_symlink() or not path.is_file():
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
