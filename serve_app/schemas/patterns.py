"""Regular expressions that texts of requests must match, and what each means in words."""

from __future__ import annotations

from collections.abc import Mapping

from engines.datasets.spec.model import ATTRIBUTE_PATTERN
from engines.types.datasets.labels import HIDDEN, LABEL_NAME_PATTERN, LABEL_VALUE_PATTERN
from engines.types.limits import NAME_PATTERN
from engines.types.names import NEW_NAME_PATTERN

NOT_BLANK_PATTERN = r"^[^\x00]*[^\x00\s][^\x00]*$"
NO_NUL_PATTERN = r"^[^\x00]*$"
JOB_ID_PATTERN = r"^[A-Za-z0-9_]{1,64}$"
KIND_PATTERN = r"^[a-z0-9_.]{1,40}$"
CURSOR_PATTERN = r"^[0-9]{1,18}$"
METHOD_PATTERN = r"^[a-z][a-z_]{0,31}$"
SIZE_PATTERN = r"^(auto|[0-9]{1,5}x[0-9]{1,5})$"
BUCKET_PATTERN = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
S3_PREFIX_PATTERN = rf"^[^{HIDDEN}\\]*$"
S3_URL_PATTERN = rf"^s3://[a-z0-9][a-z0-9.-]{{1,61}}[a-z0-9](/[^{HIDDEN}\\]*)?$"
STORAGE_CLASS_PATTERN = r"^[A-Z][A-Z0-9_]{0,63}$"
LABEL_PATTERN = rf"{LABEL_NAME_PATTERN[:-1]}:{LABEL_VALUE_PATTERN[1:]}"
"""A label and its value in a URL: animal:fox."""

PATTERN_WORDS: Mapping[str, tuple[str, str]] = {
    NAME_PATTERN: (
        "must be 1 to 64 letters, digits, dots, dashes or underscores; the first is a letter or "
        "digit",
        NAME_PATTERN,
    ),
    NEW_NAME_PATTERN: (
        "must be 1 to 64 letters, digits, dots, dashes or underscores; the first is a letter or "
        "digit, the last is no dot",
        NEW_NAME_PATTERN,
    ),
    NOT_BLANK_PATTERN: (
        "must not be blank, nor contain a NUL character",
        "not blank, no NUL character",
    ),
    LABEL_NAME_PATTERN: (
        "must be 1 to 64 letters, digits, dashes or underscores; the first is a letter",
        LABEL_NAME_PATTERN,
    ),
    LABEL_VALUE_PATTERN: (
        "must not be blank, nor contain control or invisible characters",
        "not blank, no control or invisible characters",
    ),
    NO_NUL_PATTERN: ("must not contain a NUL character", "no NUL character"),
    ATTRIBUTE_PATTERN: (
        "must be 1 to 64 letters, digits or underscores; the first is a letter",
        ATTRIBUTE_PATTERN,
    ),
    JOB_ID_PATTERN: ("must be 1 to 64 letters, digits or underscores", JOB_ID_PATTERN),
    KIND_PATTERN: (
        "must be 1 to 40 lower-case letters, digits, dots or underscores, such as export.csv",
        KIND_PATTERN,
    ),
    CURSOR_PATTERN: ("must be a number of 1 to 18 digits", CURSOR_PATTERN),
    METHOD_PATTERN: (
        "must be 1 to 32 lower-case letters or underscores, such as blur",
        METHOD_PATTERN,
    ),
    SIZE_PATTERN: ("must be auto, or look like 512x512", SIZE_PATTERN),
    BUCKET_PATTERN: (
        "must be 3 to 63 lower-case letters, digits, dots or dashes",
        BUCKET_PATTERN,
    ),
    S3_PREFIX_PATTERN: (
        "must not contain control or invisible characters, or backslashes",
        "no control or invisible characters, no backslashes",
    ),
    S3_URL_PATTERN: ("must look like s3://bucket/prefix", S3_URL_PATTERN),
    STORAGE_CLASS_PATTERN: (
        "must be 1 to 64 upper-case letters, digits or underscores, such as STANDARD_IA",
        STORAGE_CLASS_PATTERN,
    ),
    LABEL_PATTERN: ("must be a label and its value, such as animal:fox", LABEL_PATTERN),
}
"""Pattern to reason and constraint, for the error about a text that does not match."""
