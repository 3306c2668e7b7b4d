"""Helpers to build operations: request bodies, path segments, simple GET and DELETE calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TypeVar, cast
from urllib.parse import quote

from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import Operation, Reply, ignore_answer, read_answer

T = TypeVar("T")


def given(**fields: object) -> dict[str, JsonValue]:
    """A request body of the fields that are not None."""
    return {name: cast(JsonValue, value) for name, value in fields.items() if value is not None}


def listed(names: Sequence[str] | None) -> list[str] | None:
    """`names` as a list for JSON; None for None.

    Raises:
        ValueError: `names` is a string, which would be sent as a list of its letters.
    """
    if isinstance(names, str):
        raise ValueError(f"takes a list of texts, not one text: [{names!r}]")
    return None if names is None else list(names)


def segment(name: str) -> str:
    """`name`, percent-encoded as one segment of a path. Raises `ValueError` for an empty name, "."
    and "..", which would give the path of another endpoint."""
    if name in {"", ".", ".."}:
        raise ValueError(f"not a name: {name!r}")
    return quote(name, safe="")


def get(path: str, shape: type[T], *required: str, **query: str) -> Operation[T]:
    """A GET call whose answer is a JSON object with the `required` keys."""
    return Operation("GET", path, read_answer(shape, *required), True, query=query or None)


def delete(path: str) -> Operation[None]:
    """A DELETE call whose answer has no content."""
    return Operation("DELETE", path, ignore_answer, True)


def inside(to: str | Path, name: str) -> Path:
    """The local file `to`. If `to` is a folder: the file in it with the last part of `name`."""
    target = Path(to)
    return target / PurePosixPath(name).name if target.is_dir() else target


def saved(
    endpoint: str, query: Mapping[str, str], target: Path, continues: bool = False
) -> Operation[Path]:
    """A download into the local file `target`; its answer is `target`. `continues`: an incomplete
    download is continued."""

    def parse(reply: Reply) -> Path:
        return target

    return Operation("GET", endpoint, parse, True, query=query, save_to=target, continues=continues)
