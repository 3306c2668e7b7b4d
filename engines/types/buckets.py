"""Check the names of buckets and of folders in buckets, and the operator's list of buckets.

No server is asked. `S3ExportRequest` and `S3Folder` run these checks when they are created, so
every bucket name is checked before it is used.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from engines.errors import Forbidden, InvalidParameters

ANY_BUCKET = "*"
"""In a list of buckets: all buckets except the data root's."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*")
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_OTHER_KINDS = ("xn--", "sthree-")
_ALIASES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--xa-s3", "--op-s3", "--table-s3")
"""Suffixes that AWS reserves for aliases. An alias hides which bucket it stands for, so with one a
client could reach the data root's bucket."""
_CONSTRAINT = "an S3 bucket name: 3 to 63 of a-z, 0-9, '-', '.'; no alias, ARN or address"
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories: control and format characters, surrogates, line and paragraph separators."""


def check_bucket(name: str, parameter: str = "bucket_name") -> str:
    """Return the name, if it is a valid bucket name by AWS's general rules.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html

    Raises:
        InvalidParameters: other names, such as one with upper case or a dot at an end, an IP
            address, an ARN or the alias of an access point. The fault names `parameter`.
    """
    plain = 3 <= len(name) <= 63 and _NAME.fullmatch(name) and name[-1] != "-"
    if not plain or _ADDRESS.fullmatch(name) or name.startswith(_OTHER_KINDS):
        raise InvalidParameters.of(parameter, ascii(name)[1:-1], _CONSTRAINT, "is not valid")
    if name.endswith(_ALIASES):
        reason = "must be the bucket's own name, not the alias of an access point"
        raise InvalidParameters.of(parameter, name, _CONSTRAINT, reason)
    return name


def check_folder(prefix: str, parameter: str = "s3_prefix") -> str:
    """Return the folder without a slash at its ends; "" is the whole bucket.

    Raises:
        InvalidParameters: a `.`, `..` or empty segment (also percent-encoded, because some gateways
            decode twice), a backslash, or a control or invisible character. The fault names
            `parameter`.
    """
    folder = prefix.removeprefix("/").removesuffix("/")
    if any(unicodedata.category(char) in _INVISIBLE or char == "\\" for char in prefix):
        reason = "must not hold backslashes, control or invisible characters"
        raise InvalidParameters.of(parameter, ascii(prefix)[1:-1], "a folder of a bucket", reason)
    if prefix in ("", "/"):
        return ""
    if any(_leads_elsewhere(segment) for segment in folder.split("/")):
        reason = "must be free of '.', '..' and empty segments"
        raise InvalidParameters.of(parameter, prefix, "a folder of a bucket", reason)
    return folder


def _leads_elsewhere(segment: str) -> bool:
    """Whether the segment, after decoding all its percent-encodings, has a part that is empty or
    consists of dots and spaces."""
    while (decoded := unquote(segment)) != segment:
        segment = decoded
    parts = segment.replace("\\", "/").split("/")
    return any(not part.strip(" .") for part in parts)


@dataclass(frozen=True, slots=True)
class AllowedBuckets:
    """The buckets that requests may name; the service uses its own credentials for them."""

    setting: str
    """Environment variable with the list, for error messages."""
    names: frozenset[str] = frozenset()
    """May contain `ANY_BUCKET`."""
    own: str | None = None
    """The data root's bucket, which is never allowed; None if the data root is a folder."""

    @classmethod
    def of(cls, setting: str, listed: str, data_root: str) -> AllowedBuckets:
        """The buckets in the setting's text `listed`, separated by commas; `*` allows all.

        Raises:
            InvalidParameters: the list has an invalid bucket name.
        """
        names = {name.strip() for name in listed.split(",") if name.strip()}
        for name in sorted(names - {ANY_BUCKET}):
            check_bucket(name, setting)
        root = urlsplit(data_root)
        return cls(setting, frozenset(names), root.netloc if root.scheme == "s3" else None)

    def check(self, bucket: str) -> None:
        """Raise if the bucket may not be used. To be called before any request to it, so that a
        refusal does not reveal whether the bucket exists.

        Raises:
            InvalidParameters: the name is not a valid bucket name.
            Forbidden: the bucket is not listed, or is the data root's.
        """
        check_bucket(bucket)
        if self.own is not None and bucket == self.own.casefold().rstrip("."):
            raise Forbidden(
                f"Bucket {bucket} holds the data root of this service; "
                f"{self.setting} cannot open it"
            )
        if bucket not in self.names and ANY_BUCKET not in self.names:
            raise Forbidden(
                f"Bucket {bucket} is not allowed on this service: "
                f"its operator lists the allowed ones in {self.setting}"
            )
