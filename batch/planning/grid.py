"""Expand prompt templates to rows: all combinations of the values, in a fixed order."""

from __future__ import annotations

import string
from collections.abc import Iterator
from itertools import product

from batch.config import GridInput
from engines.errors import InvalidParameters


def placeholders(template: str) -> tuple[str, ...]:
    """Names in braces, each once, in order of appearance.

    Raises:
        InvalidParameters: braces are unbalanced, or contain something other than a name.
    """
    names: dict[str, None] = {}
    try:
        for _, name, spec, conversion in string.Formatter().parse(template):
            if name is None:
                continue
            if not name.isidentifier() or spec or conversion:
                raise ValueError(f"{{{name}}} is not a plain name")
            names[name] = None
    except ValueError as error:
        reason = f"must hold plain names in braces: {error}"
        raise InvalidParameters.of("input.templates", template, "{name}", reason) from None
    return tuple(names)


def expand(grid: GridInput) -> Iterator[dict[str, object]]:
    """The rows of the grid, template by template; the values of the last placeholder change
    fastest.

    Raises:
        InvalidParameters: a placeholder has no values, or no template has the placeholder of a
            value.
    """
    used = {name for template in grid.templates for name in placeholders(template)}
    if used != set(grid.values):
        odd = sorted(used ^ set(grid.values))
        constraint = "exactly the placeholders of the templates"
        raise InvalidParameters.of(
            "input.values", ", ".join(odd), constraint, f"must be {constraint}"
        )
    for template in grid.templates:
        names = placeholders(template)
        for chosen in product(*(grid.values[name] for name in names)):
            prompt = template.format(**dict(zip(names, chosen, strict=True)))
            for _ in range(grid.repeats):
                yield {"prompt": prompt}
