"""Names of new datasets and folders, which every file system can hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from engines.types.datasets.labels import broken_rule

NEW_NAME_PATTERN = r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?$"
"""`NAME_PATTERN` without a dot at the end, which Windows removes from names."""

DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(port + n for port in ("com", "lpt") for n in "123456789¹²³")}
)
"""Names that Windows reserves for devices, in any case, in lower case here:
https://learn.microsoft.com/windows/win32/fileio/naming-a-file"""


def check_new_name(name: str) -> str:
    """Return the name, if it is not the name of a device on Windows, where a downloaded dataset
    could not be stored under it.

    Raises:
        PydanticCustomError: it is; pydantic reports it as a fault of the field.
    """
    if name.partition(".")[0].lower() in DEVICES:
        raise broken_rule("must not be the name of a device on Windows, such as CON, NUL or COM1")
    return name


NewName = Annotated[
    str, StringConstraints(pattern=NEW_NAME_PATTERN), AfterValidator(check_new_name)
]
"""Name of a dataset or folder that a request may begin. Existing ones may have any name of
`NAME_PATTERN`."""
