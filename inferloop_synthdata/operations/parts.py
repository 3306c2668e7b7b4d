"""What operations are put together of: bodies, path segments, the plain GET and DELETE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar, cast
from urllib.parse import quote

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import Operation, Reply, ignore_answer, read_answer

T = TypeVar("T")


def given(**fields: object) -> dict[str, JsonValue]:
    """A request body of those fields that are not None."""
    return {name: cast(JsonValue, value) for name, value in fields.items() if value is not None}


def listed(names: Sequence[str] | None) -> list[str] | None:
    """As JSON has it; None stays None.

    Raises:
        ValueError: one text, which would be taken letter by letter.
    """
    if isinstance(names, str):
        raise ValueError(f"takes a list of texts, not one text: [{names!r}]")
    return None if names is None else list(names)


def segment(name: str) -> str:
    """`name` as one path segment; refused here where it could mean another route."""
    if name in {"", ".", ".."}:
        raise ValueError(f"not a name: {name!r}")
    return quote(name, safe="")


def get(path: str, shape: type[T], *required: str, **query: str) -> Operation[T]:
    """Reads a JSON object that has the `required` keys."""
    return Operation("GET", path, read_answer(shape, *required), True, query=query or None)


def delete(path: str) -> Operation[None]:
    """Removes what `path` names."""
    return Operation("DELETE", path, ignore_answer, True)


def inside(to: str | Path, name: str) -> Path:
    """The local file `to`; where it is a folder, the file in it that is named as `name` ends."""
    target = Path(to)
    return target / PurePosixPath(name).name if target.is_dir() else target


def saved(
    endpoint: str, query: Mapping[str, str], target: Path, continues: bool = False
) -> Operation[Path]:
    """Downloads into `target`, and gives it. `continues`: from where it was cut."""

    def parse(reply: Reply) -> Path:
        return target

    return Operation("GET", endpoint, parse, True, query=query, save_to=target, continues=continues)
