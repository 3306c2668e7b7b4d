"""The keys file: YAML or JSON with one entry per key, or plain text with one key per line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, Self

import yaml
from limits import parse as parse_rate
from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from engines.errors import InvalidParameters
from engines.types import SPACE_PATTERN
from engines.types.frozen import FrozenModel
from engines.types.unique_keys import DuplicateKey, read_yaml
from serve_app.access.caller import ALL_SCOPES, Caller, Scope
from serve_app.access.hashing import key_hash
from serve_app.budgets.rate_limits import Bucket
from serve_app.schemas.base import Name

MIN_KEY_CHARS = 16
SpaceName = Annotated[str, StringConstraints(pattern=SPACE_PATTERN)]

_PLAIN_KEY = re.compile(r"[\x21-\x7e]+")


def _in_utc(value: object) -> object:
    """A time in UTC. YAML reads `2027-01-31` as a date, and times without a zone as naive."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else value


Moment = Annotated[AwareDatetime, BeforeValidator(_in_utc)]


class KeyQuota(FrozenModel):
    """The storage quota of one key, in place of the service's."""

    stored_bytes: int | None = Field(
        default=None, ge=0, description="Most bytes that the key may have stored."
    )


class KeyEntry(FrozenModel):
    """One key: exactly one of `key_sha256` and `key`."""

    # pydantic's error messages quote the input, which could be a key.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name = Field(description="Name of the key, shown in logs and in the audit log.")
    key_sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-fA-F]{64}$", description="SHA-256 of the key, hex."
    )
    key: SecretStr | None = Field(
        default=None, min_length=1, max_length=512, description="The key itself; a hash is better."
    )
    scopes: Literal["all"] | tuple[Scope, ...] = Field(
        description="Scopes of the key; `all`: all except admin."
    )
    space: SpaceName | None = Field(
        default=None, description="The only space that the key can use; left out: no space."
    )
    rates: dict[Bucket, str] = Field(
        default={}, description='Own rate limits, such as {generate: "100/minute"}.'
    )
    quota: KeyQuota = Field(default=KeyQuota(), description="Own quotas.")
    created: Moment | None = Field(default=None, description="When the key was made; for people.")
    expires: Moment | None = Field(default=None, description="When the key expires.")

    @field_validator("rates")
    @classmethod
    def _are_rates(cls, rates: dict[Bucket, str]) -> dict[Bucket, str]:
        for rate in rates.values():
            parse_rate(rate)
        return rates

    @model_validator(mode="after")
    def _one_form_of_the_key(self) -> Self:
        if (self.key is None) == (self.key_sha256 is None):
            raise ValueError("exactly one of key_sha256 and key must be given")
        return self

    def record(self) -> KeyRecord:
        """The entry in the form in which the service compares keys."""
        secret = None if self.key is None else self.key.get_secret_value()
        hashed = (self.key_sha256 or "").lower() if secret is None else key_hash(secret)
        scopes = ALL_SCOPES - {"admin"} if self.scopes == "all" else frozenset(self.scopes)
        stored = self.quota.stored_bytes
        caller = Caller(self.name, hashed, scopes, self.space, dict(self.rates), stored)
        return KeyRecord(caller, self.expires, secret is not None and len(secret) < MIN_KEY_CHARS)


class KeysDocument(FrozenModel):
    """The whole keys file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    keys: tuple[KeyEntry, ...] = Field(description="All keys; an empty list revokes all.")


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key in the form in which the service compares it."""

    caller: Caller
    expires: datetime | None = None
    short: bool = False
    """Whether the key has fewer than `MIN_KEY_CHARS` characters; False if only its hash is
    known."""


def plain_record(key: str) -> KeyRecord:
    """The record of a key without an entry: full rights, no space, a name made from its hash."""
    hashed = key_hash(key)
    return KeyRecord(Caller(f"key-{hashed[:8]}", hashed), short=len(key) < MIN_KEY_CHARS)


def parse_keys(content: bytes) -> tuple[KeyRecord, ...]:
    """All keys of a file.

    Raises `InvalidParameters` if the file is empty, not UTF-8 or not YAML, has an unknown or a
    missing field, or contains a name or a key twice. The message gives the line or the field, and
    never quotes the file.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _broken("must be UTF-8 text") from None
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise _broken("must not be blank; `keys: []` revokes every key")
    if not any(_structured(line) for line in lines):
        return tuple({line: plain_record(line) for line in lines}.values())
    return _unique(entry.record() for entry in _document(text).keys)


def _structured(line: str) -> bool:
    """Whether a line belongs to YAML or JSON rather than to a list of plain keys.

    Unclear lines count as YAML, because a misspelled entry must be refused, not become a key with
    full rights.
    """
    if not _PLAIN_KEY.fullmatch(line) or line == "---":
        return True
    return line.startswith(("{", "[", '"', "keys:")) or line.endswith((":", "}", "]"))


def _document(text: str) -> KeysDocument:
    try:
        return KeysDocument.model_validate(read_yaml(text))
    except DuplicateKey as error:
        line, again = error.lines or (0, 0)
        raise _broken(f"has one key twice in one object (lines {line} and {again})") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise _broken(f"is not YAML (line {mark.line + 1 if mark else '?'})") from None
    except yaml.YAMLError:
        raise _broken("is not YAML") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise _broken(f"has a fault in {place}: {first['msg']}") from None


def _unique(records: Iterable[KeyRecord]) -> tuple[KeyRecord, ...]:
    by_name: dict[str, KeyRecord] = {}
    hashes: set[str] = set()
    for record in records:
        if record.caller.name in by_name:
            raise _broken(f"has two keys of the name {record.caller.name}")
        if record.caller.key_hash in hashes:
            raise _broken(f"has the key of {record.caller.name} twice")
        by_name[record.caller.name] = record
        hashes.add(record.caller.key_hash)
    return tuple(by_name.values())


def _broken(reason: str) -> InvalidParameters:
    return InvalidParameters.of("api_keys_file", None, "a keys file (docs/security.md)", reason)
