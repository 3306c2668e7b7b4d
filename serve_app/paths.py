"""Convert storage keys to the paths of the API and back. Does not access the storage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from engines.errors import Fault, InvalidImage, InvalidPath, NotFound
from serve_app.trim import trimmed

Area = Literal["generated", "uploads", "exports"]

API_PREFIX = "/api/v1"
"""How the path of every route of the API begins."""
ALIAS_ROOT = "/data"
"""In requests, always accepted as another name of the data root, as in the API reference."""

_MAX_PATH_CHARS = 1024
_KEY_CHARS_COMPARED = 40
"""Only the first characters are compared, because a storage may cut a long key in its message."""
_SEGMENT = re.compile(r"[^\x00-\x1f\x7f\\/]{1,255}")


@dataclass(frozen=True, slots=True)
class Field:
    """A path parameter of a request: its name, the areas of its paths, and the kind of object."""

    parameter: str
    areas: tuple[Area, ...]
    kind: str
    area_itself: bool = False
    """Whether the path may also be the area's own folder ("/data/uploads")."""


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
    """Converts keys to paths below `root` and back.

    All paths outside (another root, `..`, NUL, a URL scheme, the wrong area, an empty path) raise
    the same `InvalidPath`, so that the answer does not reveal what exists.
    """

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/")

    def to_wire(self, key: str) -> str:
        """The API path of a storage key."""
        return f"{self._root}/{key}"

    def to_key(self, path: str, field: Field) -> str:
        """The storage key of a client's path. Raises `InvalidPath` if it is not in one of the
        field's areas."""
        for root in (self._root, ALIAS_ROOT):
            if path.startswith(f"{root}/"):
                key = path.removeprefix(f"{root}/").removesuffix("/")
                if len(path) <= _MAX_PATH_CHARS and _allowed(key, field):
                    return key
        raise self.outside(path, field)

    def outside(self, path: str, field: Field) -> InvalidPath:
        """The error for every path outside the field's areas."""
        places = " or ".join(f"{self._root}/{area}/" for area in field.areas)
        return InvalidPath(
            Fault(
                field.parameter, trimmed(path), f"a path under {places}", f"must be under {places}"
            )
        )

    @contextmanager
    def named(self, path: str, key: str, field: Field) -> Iterator[None]:
        """Translate errors about the key that are raised in the block to the client's terms.

        A symbolic link that leads out of the root gives the error of `outside`; a `NotFound` names
        the client's path; an `InvalidImage` names the parameter.
        """
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
    # Names with a leading dot are refused: ".", "..", and the storage's own files.
    return all(_SEGMENT.fullmatch(part) and not part.startswith(".") for part in segments)
