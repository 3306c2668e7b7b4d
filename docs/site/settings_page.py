"""Every setting, from the config models themselves: name, default, bounds, what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from batch.config import JobConfig
from batch.declared.config import DeclaredConfig
from deployments.config import AppArgs
from deployments.settings import EdgeSettings, Settings
from docs.site.markdown import cell, code, table

_BOUNDS = (("gt", "above {}"), ("ge", "from {}"), ("lt", "below {}"), ("le", "to {}"))
HEADER = ("setting", "default", "bounds", "meaning")
_INTRODUCTION = """\
# Settings

Made from the config models of this version. A name's ending is its unit: `_s` seconds, `_ms`
milliseconds, `_bytes` bytes, `_px` pixels. `[]` stands for each entry of a list, `<name>` for a
key of your choice.

"""

_SERVICE = "Read by the launcher and by the ingress replicas. Secrets belong here."
_SERVER = "Read by the process that holds the connections."
_APPLICATION = (
    "The `args` of the Serve config (`configs/local.yaml`, `configs/gpu.yaml`, "
    "`configs/production.yaml`): what the application is. Replicas, autoscaling and resources are "
    "Serve's own, under `deployments:` of the same file."
)
_BATCH = "The file of `python -m batch.synthesize --config` ([batch jobs](../batch_jobs.md))."
_DECLARED = "The file of `--config` beside `--spec` ([datasets](../datasets.md))."


def page() -> str:
    """The page, in Markdown."""
    parts = [_INTRODUCTION]
    for heading, words, rows in (
        ("Environment of the service", _SERVICE, _environment(Settings)),
        ("Environment of the HTTP server", _SERVER, _environment(EdgeSettings)),
        ("The application", _APPLICATION, _tree(AppArgs, "args")),
        ("Batch jobs", _BATCH, _tree(JobConfig, "")),
        ("Batch jobs that make a declared dataset", _DECLARED, _tree(DeclaredConfig, "")),
    ):
        parts.append(f"## {heading}\n\n{words}\n\n{rows}\n")
    return "".join(parts)


def _environment(settings: type[BaseModel]) -> str:
    prefix = settings.model_config.get("env_prefix", "")
    rows = (_row(f"{prefix}{name}".upper(), field) for name, field in settings.model_fields.items())
    return table(HEADER, rows)


def _tree(model: type[BaseModel], prefix: str) -> str:
    return table(HEADER, (_row(name, field) for name, field in settings_of(model, prefix)))


def settings_of(
    model: type[BaseModel], prefix: str = "", above: tuple[type[BaseModel], ...] = ()
) -> Iterator[tuple[str, FieldInfo]]:
    """Dotted name and field of every setting below the model, those of nested models too."""
    for name, field in model.model_fields.items():
        place = f"{prefix}.{name}" if prefix else name
        inner = [each for each in _models(field.annotation, "") if each[1] not in above]
        if not inner:
            yield place, field
        for suffix, nested in inner:
            yield from settings_of(nested, place + suffix, (*above, model))


def _models(annotation: Any, suffix: str) -> Iterator[tuple[str, type[BaseModel]]]:
    """The models in an annotation, with `[]` for a list and `.<name>` for a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield suffix, annotation
        return
    origin = getattr(annotation, "__origin__", None)
    sign = {tuple: "[]", list: "[]", dict: ".<name>"}.get(origin, "") if origin else ""
    for inner in get_args(annotation):
        yield from _models(inner, suffix + sign)


def _row(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    return code(name), _default(field), cell(bounds(field)), cell(field.description or "")


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ("", (), {}):
        return "none"
    return code(_plain(value))


def _plain(value: Any) -> str:
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, str | int | float | bool):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(value, default=str)


def bounds(field: FieldInfo) -> str:
    """What the model itself enforces, in words."""
    found = []
    for limit in field.metadata:
        found += [
            words.format(getattr(limit, name))
            for name, words in _BOUNDS
            if getattr(limit, name, None) is not None
        ]
        if getattr(limit, "min_length", None):
            found.append(f"at least {limit.min_length} long")
        if getattr(limit, "max_length", None):
            found.append(f"at most {limit.max_length} long")
    choices = [each for each in get_args(field.annotation) if isinstance(each, str)]
    return ", ".join(found) or " or ".join(choices)
