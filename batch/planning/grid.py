"""A template grid as rows: every combination of the listed values, in a fixed order."""

from __future__ import annotations

import string
from collections.abc import Iterator
from itertools import product

from batch.config import GridInput
from engines.errors import InvalidParameters


def placeholders(template: str) -> tuple[str, ...]:
    """Names in braces, each once, in order of appearance.

    Raises:
        InvalidParameters: unbalanced braces, or a field that is no plain name.
    """
    names: dict[str, None] = {}
    try:
        for _, name, spec, conversion in string.Formatter().parse(template):
            if name is None:
                continue
            if not name.isidentifier() or spec or conversion:
                raise ValueError(f"{{{name}}} is no plain name")
            names[name] = None
    except ValueError as error:
        reason = f"must hold plain names in braces: {error}"
        raise InvalidParameters.of("input.templates", template, "{name}", reason) from None
    return tuple(names)


def expand(grid: GridInput) -> Iterator[dict[str, object]]:
    """Rows of the grid: template by template, the last placeholder turning fastest.

    Raises:
        InvalidParameters: a placeholder without values, or values that no template names.
    """
    used = {name for template in grid.templates for name in placeholders(template)}
    if used != set(grid.values):
        odd = sorted(used ^ set(grid.values))
        constraint = "the placeholders of the templates, no more, no less"
        raise InvalidParameters.of(
            "input.values", ", ".join(odd), constraint, f"must be {constraint}"
        )
    for template in grid.templates:
        names = placeholders(template)
        for chosen in product(*(grid.values[name] for name in names)):
            prompt = template.format(**dict(zip(names, chosen, strict=True)))
            for _ in range(grid.repeats):
                yield {"prompt": prompt}
