"""The service's keys file. `inferloop keys` writes it as JSON, which the service reads as YAML."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.unique_keys import DuplicateKey, read_json

SCOPES = ("generate", "validate", "read", "export", "write", "delete", "admin")
RATES = ("generate", "validate", "export", "upload", "read")
KEY_BYTES = 24
"""Random bytes in a key: 192 bits."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")

Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key and its rights. Raises `UsageProblem` for values that the service would refuse."""

    name: str
    scopes: tuple[str, ...] = ()
    """Empty: all scopes except admin."""
    space: str | None = None
    expires: datetime | None = None
    rates: Mapping[str, str] = field(default_factory=dict)
    stored_bytes: int | None = None

    def __post_init__(self) -> None:
        _check(bool(_NAME.fullmatch(self.name)), f"not a name for a key: {self.name}")
        for scope in self.scopes:
            _check(scope in SCOPES, f"no such scope: {scope}; there are {', '.join(SCOPES)}")
        if self.space is not None:
            _check(
                bool(_SPACE.fullmatch(self.space)),
                "a space's name has lower-case letters, digits, '-'",
            )
        for budget, rate in self.rates.items():
            _check(budget in RATES, f"no such budget: {budget}; there are {', '.join(RATES)}")
            _check(bool(_RATE.fullmatch(rate)), f"not a rate such as 100/minute: {rate}")

    def entry(self, key: str, created: datetime) -> Entry:
        """The entry for the file. It contains the SHA-256 of the key, not the key."""
        entry: Entry = {
            "name": self.name,
            "key_sha256": hashlib.sha256(key.encode()).hexdigest(),
            "scopes": list(self.scopes) or "all",
            "created": created.isoformat(timespec="seconds"),
        }
        if self.space is not None:
            entry["space"] = self.space
        if self.expires is not None:
            entry["expires"] = self.expires.isoformat(timespec="seconds")
        if self.rates:
            entry["rates"] = dict(self.rates)
        if self.stored_bytes is not None:
            entry["quota"] = {"stored_bytes": self.stored_bytes}
        return entry


class KeysFile:
    """A keys file that only its owner can read. Each change replaces the whole file, under a lock.
    Blocks while it reads and writes.

    It must be JSON. A YAML file that was written by hand is refused, because its comments would be
    lost.
    """

    def __init__(self, path: Path) -> None:
        # A link is followed, so that the file behind it is replaced and not the link.
        self._path = path.resolve()

    def entries(self) -> list[Entry]:
        """All entries in their order. Empty if there is no file.

        Raises `UsageProblem` if the file is not JSON with a list `keys`.
        """
        try:
            text = self._path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return []
        try:
            document = read_json(text)
            keys = document["keys"]
        except DuplicateKey as error:
            raise UsageProblem(f"{self._path}: {error}") from None
        except (ValueError, KeyError, TypeError):
            keys = None
        if not isinstance(keys, list) or not all(isinstance(entry, dict) for entry in keys):
            raise UsageProblem(f"{self._path} is not JSON with `keys`: edit it by hand")
        return keys

    def create(self, new: NewKey, created: datetime) -> str:
        """Add a key and return it. The key itself is stored nowhere. Raises `UsageProblem` if there
        is already a key with this name."""
        key = _new_key()
        with self._locked():
            entries = self.entries()
            if any(entry.get("name") == new.name for entry in entries):
                raise UsageProblem(f"there is already a key called {new.name}: revoke it first")
            self._write([*entries, new.entry(key, created)])
        return key

    def rotate(self, name: str, now: datetime, old_ends: datetime | None) -> str:
        """Replace the key `name` by a new one with the same rights, and return the new one.

        The old key stays valid until `old_ends`, under the name `<name>.old`. With None it is
        invalid at once. Raises `UsageProblem` if there is no such name.
        """
        key = _new_key()
        with self._locked():
            entries = self.entries()
            mine = next((entry for entry in entries if entry.get("name") == name), None)
            if mine is None:
                raise UsageProblem(f"no key of the name {name} in {self._path}")
            old_name = f"{name}.old"
            if old_ends is not None and not _NAME.fullmatch(old_name):
                raise UsageProblem(
                    f"the old key would be called {old_name}, which is too long: use --at-once"
                )
            kept = [each for each in entries if each.get("name") not in {name, old_name}]
            if old_ends is not None:
                # The old key must not become valid for longer than it was.
                ends = min(old_ends, _moment(mine.get("expires")) or old_ends)
                ending = ends.isoformat(timespec="seconds")
                kept.append({**mine, "name": old_name, "expires": ending})
            digest = hashlib.sha256(key.encode()).hexdigest()
            fresh = {**mine, "key_sha256": digest, "created": now.isoformat(timespec="seconds")}
            fresh.pop("key", None)
            self._write([*kept, fresh])
        return key

    def revoke(self, name: str) -> None:
        """Remove a key. A running service refuses it a second or two after its next request. Raises
        `UsageProblem` if there is no such name."""
        with self._locked():
            entries = self.entries()
            kept = [entry for entry in entries if entry.get("name") != name]
            if len(kept) == len(entries):
                raise UsageProblem(f"no key of the name {name} in {self._path}")
            self._write(kept)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            import fcntl
        except ImportError:
            raise UsageProblem(
                "inferloop keys works on Linux and macOS only, on the service's machine"
            ) from None
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._path.with_name(f"{self._path.name}.lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, entries: list[Entry]) -> None:
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps({"keys": entries}, indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)


def _moment(text: object) -> datetime | None:
    """The time in `expires`, read as the service reads it. None if there is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _new_key() -> str:
    return f"ifl_{secrets.token_urlsafe(KEY_BYTES)}"


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise UsageProblem(problem)
