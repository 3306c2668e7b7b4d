"""The service's keys file, as `inferloop keys` keeps it: JSON, which the service reads as YAML."""

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
"""Of randomness in a key: 192 bits."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RATE = re.compile(r"[1-9][0-9]{0,8}/(second|minute|hour|day)")

Entry = dict[str, object]


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a new key may do. `UsageProblem` for what the service would refuse."""

    name: str
    scopes: tuple[str, ...] = ()
    """Empty: all but admin."""
    space: str | None = None
    expires: datetime | None = None
    rates: Mapping[str, str] = field(default_factory=dict)
    stored_bytes: int | None = None

    def __post_init__(self) -> None:
        _check(bool(_NAME.fullmatch(self.name)), f"not a name for a key: {self.name}")
        for scope in self.scopes:
            _check(scope in SCOPES, f"no such scope: {scope}; there are {', '.join(SCOPES)}")
        if self.space is not None:
            _check(bool(_SPACE.fullmatch(self.space)), "a space is lower-case letters, digits, '-'")
        for budget, rate in self.rates.items():
            _check(budget in RATES, f"no such budget: {budget}; there are {', '.join(RATES)}")
            _check(bool(_RATE.fullmatch(rate)), f"not a rate such as 100/minute: {rate}")

    def entry(self, key: str, created: datetime) -> Entry:
        """As the file holds it: the hash of the key, not the key."""
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
    """One file, readable for its owner alone, replaced whole under a lock. Blocks on the disk.

    Only files of its own making, or JSON of the same shape: a file that somebody wrote by hand
    in YAML would lose its comments, so it is refused.
    """

    def __init__(self, path: Path) -> None:
        # A link is followed, so that the file behind it is replaced and not the link.
        self._path = path.resolve()

    def entries(self) -> list[Entry]:
        """Every entry, in order; none where the file is absent."""
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
        """Add a key and return it: it is nowhere else. `UsageProblem` if the name is taken."""
        key = _new_key()
        with self._locked():
            entries = self.entries()
            if any(entry.get("name") == new.name for entry in entries):
                raise UsageProblem(f"there is a key of the name {new.name}: revoke it first")
            self._write([*entries, new.entry(key, created)])
        return key

    def rotate(self, name: str, now: datetime, old_ends: datetime | None) -> str:
        """Give `name` a new key with the same rights, and return it. The old one opens the service
        until `old_ends`, under the name `<name>.old`; None: no longer. `UsageProblem` where there
        is no such name."""
        key = _new_key()
        with self._locked():
            entries = self.entries()
            mine = next((entry for entry in entries if entry.get("name") == name), None)
            if mine is None:
                raise UsageProblem(f"no key of the name {name} in {self._path}")
            old_name = f"{name}.old"
            if old_ends is not None and not _NAME.fullmatch(old_name):
                raise UsageProblem(f"no room for {old_name}, where the old key goes on: --at-once")
            kept = [each for each in entries if each.get("name") not in {name, old_name}]
            if old_ends is not None:
                # Never longer than it would have opened the service anyway.
                ends = min(old_ends, _moment(mine.get("expires")) or old_ends)
                ending = ends.isoformat(timespec="seconds")
                kept.append({**mine, "name": old_name, "expires": ending})
            digest = hashlib.sha256(key.encode()).hexdigest()
            fresh = {**mine, "key_sha256": digest, "created": now.isoformat(timespec="seconds")}
            fresh.pop("key", None)
            self._write([*kept, fresh])
        return key

    def revoke(self, name: str) -> None:
        """Remove a key; a running service notices within a second or two of its next request."""
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
            raise UsageProblem("keys are kept on the service's machine: Linux or macOS") from None
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
    """An `expires` of the file, as the service reads it; None for none."""
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
