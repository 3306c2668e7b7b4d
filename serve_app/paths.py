"""The one codec between keys (inside) and paths (on the wire). Reads nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from engines.errors import Fault, InvalidImage, InvalidPath, NotFound
from serve_app.trim import trimmed

Area = Literal["generated", "uploads", "exports"]

ALIAS_ROOT = "/data"
"""Inbound this always names the root too, so that the reference's examples hold anywhere."""

_MAX_PATH_CHARS = 1024
_KEY_CHARS_COMPARED = 40
"""Storages may cut a long key in their message."""
_SEGMENT = re.compile(r"[^\x00-\x1f\x7f\\/]{1,255}")


@dataclass(frozen=True, slots=True)
class Field:
    """A request's path parameter: its name, where it may point, and what it names."""

    parameter: str
    areas: tuple[Area, ...]
    kind: str
    area_itself: bool = False
    """Whether the area's own folder is meant too ("/data/uploads"), not only what is below."""


IMAGE = Field("image_path", ("generated", "uploads"), "image")
IMAGE_FILE = Field("path", ("generated", "uploads"), "image")
REVIEWED = Field("paths", ("generated", "uploads"), "image")
EXPORT_FILE = Field("path", ("exports",), "export")
DATASET_DIR = Field("dataset_dir", ("generated", "uploads"), "dataset", area_itself=True)
OUTPUT_FILE = Field("output_file", ("exports",), "export")
OUTPUT_DIR = Field("output_dir", ("exports",), "export")
REFERENCE_DIR = Field("reference_dir", ("generated", "uploads"), "folder", area_itself=True)
SOURCE_DIR = Field("source_dir", ("generated", "uploads"), "folder", area_itself=True)
COMPARED_DATASET = Field("dataset", ("generated", "uploads"), "dataset", area_itself=True)


class PathCodec:
    """Keys to paths under `root` and back.

    Whatever is outside (another root, `..`, NUL, a scheme, the wrong area, nothing at all) gets
    one and the same `InvalidPath`, so that the answer tells nothing of what exists.
    """

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/")

    def to_wire(self, key: str) -> str:
        """Path of a key, as clients see it and may send it back."""
        return f"{self._root}/{key}"

    def to_key(self, path: str, field: Field) -> str:
        """Key of a client's path; `InvalidPath` if it is not one of the field's areas."""
        for root in (self._root, ALIAS_ROOT):
            if path.startswith(f"{root}/"):
                key = path.removeprefix(f"{root}/").removesuffix("/")
                if len(path) <= _MAX_PATH_CHARS and _allowed(key, field):
                    return key
        raise self.outside(path, field)

    def outside(self, path: str, field: Field) -> InvalidPath:
        """The one answer for every path that is not ours."""
        places = " or ".join(f"{self._root}/{area}/" for area in field.areas)
        return InvalidPath(
            Fault(
                field.parameter, trimmed(path), f"a path under {places}", f"must be under {places}"
            )
        )

    @contextmanager
    def named(self, path: str, key: str, field: Field) -> Iterator[None]:
        """Within the block, errors about the key are put in the client's words: a link that
        leads out looks like every outside path, what is absent is named by its path, and what
        is no image by the parameter that named it."""
        try:
            yield
        except InvalidPath as error:
            if str(error.faults[0].value).startswith(key[:_KEY_CHARS_COMPARED]):
                raise self.outside(path, field) from error
            raise
        except InvalidImage as error:
            faults = [replace(f, parameter=field.parameter, value=path) for f in error.faults]
            raise InvalidImage(*faults) from error
        except NotFound as error:
            if error.name.strip("/") in (key, key.rpartition("/")[2]):
                raise NotFound(field.kind, self.to_wire(key)) from error
            raise


def _allowed(key: str, field: Field) -> bool:
    segments = key.split("/")
    if segments[0] not in field.areas or (len(segments) == 1 and not field.area_itself):
        return False
    # A leading dot covers "." and "..", and keeps clients off the storage's temporary files.
    return all(_SEGMENT.fullmatch(part) and not part.startswith(".") for part in segments)
