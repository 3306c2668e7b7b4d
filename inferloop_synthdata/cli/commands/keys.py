"""`inferloop keys`: create, list, rotate and revoke keys in a keys file on this machine."""

from __future__ import annotations

import re
from argparse import Namespace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.console import table
from inferloop_synthdata.cli.grammar import AddCommand, add_group
from inferloop_synthdata.cli.keys_file import Entry, KeysFile, NewKey
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem

FILE_VARIABLE = "INFERLOOP_API_KEYS_FILE"
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def add_commands(add: AddCommand) -> None:
    """Add the commands of the group `keys`."""
    group = add_group(add, "keys", "create, list, rotate, revoke keys of a service on this machine")
    new = group("create", create, "create a key and print it once")
    new.add_argument("name")
    new.add_argument(
        "--scopes", type=v.names, default=[], metavar="A,B", help="default: all except admin"
    )
    new.add_argument("--space", metavar="NAME", help="the only space that the key can use")
    new.add_argument("--expires", metavar="WHEN", help="12h, 90d, 4w, or a date")
    new.add_argument(
        "--rate", action="append", type=v.own_rate, default=[], metavar="generate=100/minute"
    )
    new.add_argument("--stored-bytes", type=v.positive, metavar="N", help="storage quota")
    every = group("list", list_keys, "list the keys, without the keys themselves")
    again = group("rotate", rotate, "replace a key by a new one with the same rights")
    again.add_argument("name")
    again.add_argument(
        "--keep-old", metavar="WHEN", default="24h", help="how long the old key stays valid (24h)"
    )
    again.add_argument("--at-once", action="store_true", help="make the old key invalid at once")
    gone = group("revoke", revoke, "remove a key")
    gone.add_argument("name")
    for command in (new, every, again, gone):
        command.add_argument("--file", metavar="FILE", help="default: INFERLOOP_API_KEYS_FILE")


def create(session: Session, arguments: Namespace) -> int:
    """Create a key, store its hash, and print the key once."""
    now = session.surroundings.now()
    new = NewKey(
        name=arguments.name,
        scopes=tuple(arguments.scopes),
        space=arguments.space,
        expires=_expiry(arguments.expires, now),
        rates=v.once("--rate", arguments.rate),
        stored_bytes=arguments.stored_bytes,
    )
    key = _file(session, arguments).create(new, now)
    answer = {**new.entry(key, now), "key": key}
    session.console.note("The key is shown only once; the file has only its hash:")
    session.console.answer(answer, [key])
    return 0


def rotate(session: Session, arguments: Namespace) -> int:
    """Replace a key, and print the new one once. The old one stays valid for a while."""
    now = session.surroundings.now()
    old_ends = None if arguments.at_once else _expiry(arguments.keep_old, now)
    key = _file(session, arguments).rotate(arguments.name, now, old_ends)
    until = "no longer" if old_ends is None else f"until {old_ends.isoformat(timespec='minutes')}"
    session.console.note(f"The old key works {until}. The new one is shown once:")
    session.console.answer({"name": arguments.name, "key": key}, [key])
    return 0


def list_keys(session: Session, arguments: Namespace) -> int:
    """List the keys in the file, without the keys themselves."""
    entries = _file(session, arguments).entries()
    shown = [{name: value for name, value in entry.items() if name != "key"} for entry in entries]
    lines = table(("NAME", "SCOPES", "SPACE", "CREATED", "EXPIRES"), map(_row, shown))
    session.console.answer({"keys": shown}, lines)
    return 0


def revoke(session: Session, arguments: Namespace) -> int:
    """Remove a key from the file."""
    _file(session, arguments).revoke(arguments.name)
    session.console.answer({"revoked": arguments.name}, [f"revoked {arguments.name}"])
    return 0


def _file(session: Session, arguments: Namespace) -> KeysFile:
    path = arguments.file or session.surroundings.environ.get(FILE_VARIABLE)
    if not path:
        raise UsageProblem(f"no keys file: give --file, or set {FILE_VARIABLE}")
    return KeysFile(Path(path))


def _row(entry: Entry) -> tuple[str, ...]:
    scopes = entry.get("scopes")
    shown = ",".join(map(str, scopes)) if isinstance(scopes, list) else str(scopes)
    rest = (str(entry.get(name) or "-") for name in ("space", "created", "expires"))
    return (str(entry.get("name")), shown, *rest)


def _expiry(text: str | None, now: datetime) -> datetime | None:
    """The time in `text`: ISO 8601 (UTC without a time zone), or a duration from now such as 12h,
    90d or 4w."""
    if text is None:
        return None
    span = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text)
    if span:
        return now + timedelta(**{_UNITS[span[2]]: int(span[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageProblem(f"--expires takes 12h, 90d, 4w or a date: {text}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment <= now:
        raise UsageProblem(f"--expires is in the past: {text}")
    return moment
