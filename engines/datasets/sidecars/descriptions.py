"""The description of an uploaded image, in the file `<image>.description.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from engines.datasets.sidecars.moments import moment_of

DESCRIPTION_SCHEMA = "inferloop.description/1"


@dataclass(frozen=True, slots=True)
class Description:
    """A caption and labels of an uploaded image. `file_name`: name of the image file, because two
    images may have the same name without suffix."""

    file_name: str
    prompt: str | None
    """A caption for training."""
    labels: Mapping[str, str]
    described_at: datetime

    def to_json(self) -> bytes:
        """One line of UTF-8 JSON."""
        return orjson.dumps(
            {
                "schema": DESCRIPTION_SCHEMA,
                "file_name": self.file_name,
                "prompt": self.prompt,
                "labels": dict(self.labels),
                "described_at": self.described_at,
            }
        )

    @classmethod
    def from_dict(cls, found: object) -> Description:
        """The description in parsed JSON. Raises `ValueError` if it is not one."""
        if not isinstance(found, dict) or found.get("schema") != DESCRIPTION_SCHEMA:
            raise ValueError("not a description of ours")
        values: tuple[Any, ...] = tuple(found.get(name) for name in _FIELDS)
        if not all(isinstance(v, t) for v, t in zip(values, _TYPES, strict=True)):
            raise ValueError("description has a field of another type")
        name, prompt, labels, when = values
        if not all(isinstance(value, str) for value in labels.values()):
            raise ValueError("description has wrong labels")
        return cls(name, prompt, labels, moment_of(when))


_FIELDS = ("file_name", "prompt", "labels", "described_at")
_TYPES: tuple[Any, ...] = (str, str | None, dict, str)
