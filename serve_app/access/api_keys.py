"""The API keys that the service accepts. The keys file is read again while the service runs."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from engines.errors import InvalidParameters
from engines.protocols import Clock
from serve_app.access.audit import AuditLog
from serve_app.access.caller import Caller
from serve_app.access.counters import AccessCounters, NoCounters
from serve_app.access.hashing import key_hash
from serve_app.access.keys_file import MIN_KEY_CHARS, KeyRecord, parse_keys, plain_record

log = logging.getLogger(__name__)

CHECK_INTERVAL_S = 1.0
MAX_FILE_BYTES = 4_194_304
_MAX_KEY_CHARS = 512


def utc_now() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


class ApiKeys:
    """The configured keys, which have full rights, and the keys of the keys file. Only hashes are
    kept.

    When a key is presented, and at most once a second, the content of the file is compared with
    what was read last. This notices a replaced file, an overwritten one and a changed symbolic link
    (a mounted Kubernetes secret). If the file is missing or invalid, the keys that were read last
    stay in force.
    """

    def __init__(
        self,
        keys: Iterable[str] = (),
        file: Path | None = None,
        *,
        refuse_short: bool = False,
        counters: AccessCounters | None = None,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """With `refuse_short`, a key of fewer than `MIN_KEY_CHARS` characters is an error,
        otherwise a warning.

        Raises `InvalidParameters` if there is no key at all, a refused short one, or a keys file
        that cannot be read or is invalid.
        """
        self._file = file
        self._refuse_short = refuse_short
        self._counters = counters or NoCounters()
        self._audit = AuditLog(now)
        self._clock = clock
        self._now = now
        fixed = {key.strip(): plain_record(key.strip()) for key in keys if key.strip()}
        self._fixed = self._checked(tuple(fixed.values()))
        self._content = b"" if file is None else _read(file)
        self._of_file = () if file is None else self._parsed(self._content)
        self._checked_at = clock()
        if file is None and not self._fixed:
            raise InvalidParameters.of("api_keys", None, "at least one key", "must not be empty")

    def identify(self, presented: str | None) -> Caller | None:
        """The caller of this key; None if the key is unknown or expired.

        The key is compared with all known keys even after a match, so that the time does not tell
        which one matched.
        """
        self._refresh()
        if not presented or len(presented) > _MAX_KEY_CHARS:
            return None
        candidate = key_hash(presented)
        matches = [
            record
            for record in self._records()
            if hmac.compare_digest(candidate, record.caller.key_hash)
        ]
        return self._valid(matches[0]) if matches else None

    def renewed(self, caller: Caller) -> Caller | None:
        """The caller of an open connection with the present rights of its key; None if the key was
        revoked or has expired."""
        return self.of_hash(caller.key_hash)

    def of_hash(self, known_hash: str) -> Caller | None:
        """The caller whose key has this hash; None once the key is revoked or expired.

        For hashes that this service itself has stored, such as those of jobs and tickets.
        """
        self._refresh()
        found = (r for r in self._records() if r.caller.key_hash == known_hash)
        record = next(found, None)
        return self._valid(record) if record else None

    def records(self) -> tuple[KeyRecord, ...]:
        """All known keys, expired ones included."""
        self._refresh()
        return self._records()

    def record_of(self, caller: Caller) -> KeyRecord | None:
        """The record of the caller's key; None once the key is revoked."""
        return next((r for r in self.records() if r.caller.key_hash == caller.key_hash), None)

    def __len__(self) -> int:
        return len(self._records())

    def __repr__(self) -> str:
        return f"ApiKeys({len(self)} keys)"

    def _records(self) -> tuple[KeyRecord, ...]:
        return (*self._fixed, *self._of_file)

    def _valid(self, record: KeyRecord) -> Caller | None:
        expired = record.expires is not None and record.expires <= self._now()
        return None if expired else record.caller

    def _refresh(self) -> None:
        now = self._clock()
        if self._file is None or now - self._checked_at < CHECK_INTERVAL_S:
            return
        self._checked_at = now
        try:
            content = _read(self._file)
        except InvalidParameters as error:
            content = b""  # Logged once only, and read again as soon as the file is back.
            if self._content:
                self._failed(error)
        else:
            if content != self._content:
                self._reload(content)
        self._content = content

    def _reload(self, content: bytes) -> None:
        before = {record.caller.name: record for record in self._of_file}
        try:
            self._of_file = self._parsed(content)
        except InvalidParameters as error:
            self._failed(error)
            return
        after = {record.caller.name: record for record in self._of_file}
        self._counters.keys_reloaded("success")
        log.info("Keys file read again: %d keys", len(after))
        changed = {name for name in before.keys() & after if before[name] != after[name]}
        self._audit.keys_changed(after.keys() - before, before.keys() - after, changed)

    def _failed(self, error: InvalidParameters) -> None:
        self._counters.keys_reloaded("failure")
        log.error("Keys file not accepted, the old keys stay: %s", error.message)
        self._audit.keys_not_changed(error.message)

    def _parsed(self, content: bytes) -> tuple[KeyRecord, ...]:
        return self._checked(parse_keys(content))

    def _checked(self, records: tuple[KeyRecord, ...]) -> tuple[KeyRecord, ...]:
        short = [record.caller.name for record in records if record.short]
        if short and self._refuse_short:
            reason = f"hold a key of fewer than {MIN_KEY_CHARS} characters: {', '.join(short)}"
            raise InvalidParameters.of("api_keys", None, f"{MIN_KEY_CHARS} or more", reason)
        if short:
            names = ", ".join(short)
            log.warning(
                "Easy to guess: API keys of fewer than %d characters: %s", MIN_KEY_CHARS, names
            )
        return records


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or 'unknown reason'}"
        raise InvalidParameters.of("api_keys_file", None, "a readable file", reason) from None
    if len(content) > MAX_FILE_BYTES:
        reason = f"must be at most {MAX_FILE_BYTES} bytes"
        raise InvalidParameters.of("api_keys_file", None, reason, reason)
    return content
