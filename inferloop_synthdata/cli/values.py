"""Converts the text of an argument to its value. Errors say what is wrong with the text."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TypeVar

from inferloop_synthdata.cli.outputs import Target
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.errors import JsonValue
from inferloop_synthdata.operations.operation import parse_object

T = TypeVar("T")


def positive(text: str) -> int:
    """An integer of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1: {text}")
    return number


def seconds(text: str) -> float:
    """A finite number of seconds above 0."""
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be above 0: {text}")
    return number


def target(text: str) -> Target:
    """The target of a download: a file, a folder, or `-`."""
    if not text:
        raise argparse.ArgumentTypeError("must name a file or a folder")
    return Target(text)


def share(text: str) -> tuple[str, float]:
    """The name and the share of a split, such as train=0.8."""
    name, separator, number = text.partition("=")
    if not name or not separator:
        raise argparse.ArgumentTypeError(f"must look like train=0.8: {text}")
    return name, float(number)


def label(text: str) -> tuple[str, str]:
    """The name and the value of a label, such as animal=fox."""
    name, separator, value = text.partition("=")
    if not name or not separator or not value:
        raise argparse.ArgumentTypeError(f"must look like animal=fox: {text}")
    return name, value


def json_object(text: str) -> dict[str, JsonValue]:
    """A JSON object."""
    found = parse_object(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"must be a JSON object: {text}")
    return found


def once(option: str, pairs: Sequence[tuple[str, T]]) -> dict[str, T]:
    """Name to value, for an `option` that was given several times. Raises `UsageProblem` if a name
    was given twice."""
    found: dict[str, T] = {}
    for name, value in pairs:
        if name in found:
            raise UsageProblem(f"{option} gives {name} twice: {found[name]} and {value}")
        found[name] = value
    return found


def own_rate(text: str) -> tuple[str, str]:
    """The name of a budget and its rate, such as generate=100/minute."""
    name, separator, rate = text.partition("=")
    if not name or not separator:
        raise argparse.ArgumentTypeError(f"must look like generate=100/minute: {text}")
    return name, rate


def names(text: str) -> list[str]:
    """Names that are separated by commas."""
    return [name for name in map(str.strip, text.split(",")) if name]


def requirements(text: str) -> dict[str, JsonValue]:
    """Names of checks that are separated by commas, or a JSON object."""
    if text.lstrip().startswith("{"):
        return json_object(text)
    return dict.fromkeys(names(text), True)
