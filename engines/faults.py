"""What is wrong with a request, in words and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]
Details = dict[str, JsonValue]
StorageLimit = Literal["file_system", "free_space", "quota"]
"""The limit that was reached. `file_system`: the file system or bucket is full. `free_space`: the
config's minimum of free space. `quota`: the quota of an API key or of a space."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request. `reason` completes "Invalid parameter: {parameter} ...", for
    example "must be between 64 and 1024"; `constraint` is its formal twin, "64 <= width <= 1024".
    """

    parameter: str
    value: JsonValue
    constraint: str
    reason: str

    def as_details(self) -> Details:
        """The fault as the error envelope shows it: `parameter`, `value`, `constraint`."""
        return {"parameter": self.parameter, "value": self.value, "constraint": self.constraint}
