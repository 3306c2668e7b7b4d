"""Every method of the SDK and every answer, from signatures, docstrings and types."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import get_type_hints

from docs.site.markdown import cell, code, table
from inferloop_synthdata import SyntheticImageClient, answers, errors
from inferloop_synthdata.answers.answer import Answer
from inferloop_synthdata.datasets import Datasets
from inferloop_synthdata.jobs import Jobs

_INTRODUCTION = """\
# SDK

`AsyncSyntheticImageClient` has the same methods as coroutines. The guide is [SDK and command
line](../sdk.md).

"""
_DRIVING = {"run", "stream", "job_events"}
"""Methods that carry what others build."""


def page() -> str:
    """The page, in Markdown."""
    parts = [_INTRODUCTION, "## Client\n\n", _words(SyntheticImageClient)]
    for name, owner in (("", SyntheticImageClient), ("jobs.", Jobs), ("datasets.", Datasets)):
        parts += [_method(name, *each) for each in methods(owner)]
    parts += ["## Errors\n\n", f"```text\n{inspect.cleandoc(errors.__doc__ or '')}\n```\n\n"]
    parts += ["## Answers\n\n", *(_answer(shape) for shape in shapes())]
    return "".join(parts)


def methods(owner: type) -> Iterator[tuple[str, object]]:
    """Public methods by name."""
    for base in reversed(owner.__mro__[:-1]):
        for name, value in vars(base).items():
            if not name.startswith("_") and inspect.isfunction(value) and name not in _DRIVING:
                yield name, value


def shapes() -> list[type[Answer]]:
    """Every answer, by name."""
    found = {
        value
        for value in vars(answers).values()
        if inspect.isclass(value) and issubclass(value, Answer) and value is not Answer
    }
    return sorted(found, key=lambda shape: shape.__name__)


def _words(thing: object) -> str:
    return f"{inspect.getdoc(thing) or ''}\n\n"


def _method(owner: str, name: str, function: object) -> str:
    assert callable(function)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    shown = ", ".join(str(each.replace(annotation=inspect.Parameter.empty)) for each in parameters)
    first = next((n for n, p in enumerate(parameters) if p.kind is p.KEYWORD_ONLY), None)
    if first is not None:
        names = [str(p.replace(annotation=inspect.Parameter.empty)) for p in parameters]
        shown = ", ".join([*names[:first], "*", *names[first:]])
    text = (inspect.getdoc(function) or "").replace("\nOptions:\n", "\n")
    return f"### `client.{owner}{name}({shown})`\n\n{text}\n\n"


def _answer(shape: type[Answer]) -> str:
    rows = [
        (code(name), cell(code(_named(hint))))
        for name, hint in get_type_hints(shape).items()
        if name != "request_id"
    ]
    return f"### {shape.__name__}\n\n{_words(shape)}{table(('field', 'type'), rows)}\n"


def _named(hint: object) -> str:
    text = hint.__name__ if isinstance(hint, type) and not hasattr(hint, "__args__") else str(hint)
    for module in ("inferloop_synthdata.", "dataset_answers.", "export_answers.", "job_answers."):
        text = text.replace(module, "")
    for module in ("webhook_answers.", "answers.", "typing."):
        text = text.replace(module, "")
    return text
