"""Buckets and folders of them that a client may name, and the operator's list of those buckets.

Pure: nothing here asks a server. Every request that names a bucket goes through it when it is
made (`S3ExportRequest`, `S3Folder`), so no spelling reaches S3 unchecked.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from engines.errors import Forbidden, InvalidParameters

ANY_BUCKET = "*"
"""In a list of buckets: every one but the data root's own."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*")
_ADDRESS = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_OTHER_KINDS = ("xn--", "sthree-")
_ALIASES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--xa-s3", "--op-s3", "--table-s3")
"""Ends that AWS keeps for other names of a bucket. They hide which bucket it is: with one of them
a client could reach the data root's own."""
_CONSTRAINT = "an S3 bucket name: 3 to 63 of a-z, 0-9, '-', '.'; no alias, ARN or address"
_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories: controls, invisible marks, lone surrogates, line and paragraph ends."""


def check_bucket(name: str, parameter: str = "bucket_name") -> str:
    """The name itself, if it is the plain name of a bucket by AWS's general rules.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html

    Raises:
        InvalidParameters: anything else: upper case, dots at an end, an IP address, an ARN or an
            alias of an access point. Names `parameter`.
    """
    plain = 3 <= len(name) <= 63 and _NAME.fullmatch(name) and name[-1] != "-"
    if not plain or _ADDRESS.fullmatch(name) or name.startswith(_OTHER_KINDS):
        raise InvalidParameters.of(parameter, ascii(name)[1:-1], _CONSTRAINT, "is not valid")
    if name.endswith(_ALIASES):
        reason = "must be the bucket's own name, not the alias of an access point"
        raise InvalidParameters.of(parameter, name, _CONSTRAINT, reason)
    return name


def check_folder(prefix: str, parameter: str = "s3_prefix") -> str:
    """The folder of a bucket without a slash at its ends; "" is the whole bucket.

    Raises:
        InvalidParameters: a `.`, `..` or empty segment (also percent-encoded: some gateways
            decode twice), a backslash, a control or invisible character. Names `parameter`.
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
    """Whether it is empty or dots only, however often it is percent-encoded."""
    while (decoded := unquote(segment)) != segment:
        segment = decoded
    parts = segment.replace("\\", "/").split("/")
    return any(not part.strip(" .") for part in parts)


@dataclass(frozen=True, slots=True)
class AllowedBuckets:
    """Which buckets clients may have the service's credentials used on; none by default."""

    setting: str
    """Environment variable that lists them; every refusal names it."""
    names: frozenset[str] = frozenset()
    """May hold `ANY_BUCKET`."""
    own: str | None = None
    """Bucket of the data root, None where it is a folder: never allowed, whatever the list says."""

    @classmethod
    def of(cls, setting: str, listed: str, data_root: str) -> AllowedBuckets:
        """From the setting's text (names with commas between them, or `*`) and the data root.

        Raises:
            InvalidParameters: what is listed is no bucket name.
        """
        names = {name.strip() for name in listed.split(",") if name.strip()}
        for name in sorted(names - {ANY_BUCKET}):
            check_bucket(name, setting)
        root = urlsplit(data_root)
        return cls(setting, frozenset(names), root.netloc if root.scheme == "s3" else None)

    def check(self, bucket: str) -> None:
        """Before any request to the bucket, so that a refusal does not tell whether it exists.

        Raises:
            InvalidParameters: it is no plain bucket name.
            Forbidden: off the list, or the data root's own.
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
