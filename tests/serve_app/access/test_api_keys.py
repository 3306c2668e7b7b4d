"""Keys are read again while the service runs, and a broken file locks nobody out."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from engines.errors import InvalidParameters
from serve_app.access.api_keys import ApiKeys
from serve_app.access.caller import ALL_SCOPES
from serve_app.access.hashing import key_hash
from tests.serve_app.fakes import FakeClock

ONE, TWO, THREE = (f"{name}-key-0123456789" for name in ("one", "two", "three"))
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Counters:
    def __init__(self) -> None:
        self.counted: list[str] = []

    def wrong_key(self, outcome: Literal["refused", "throttled"]) -> None:
        self.counted.append(outcome)

    def keys_reloaded(self, outcome: Literal["success", "failure"]) -> None:
        self.counted.append(outcome)


class Watched:
    """Keys of a file, with a clock that passes when it is told to."""

    def __init__(self, file: Path, refuse_short: bool = False) -> None:
        self.clock = FakeClock()
        self.counters = Counters()
        self.moment = NOON
        self.keys = ApiKeys(
            file=file,
            refuse_short=refuse_short,
            counters=self.counters,
            clock=self.clock,
            now=lambda: self.moment,
        )

    def later(self) -> ApiKeys:
        self.clock.now += 1.1
        return self.keys

    def opens(self, key: str) -> bool:
        return self.later().identify(key) is not None


def entries(*keys: str, **fields: object) -> str:
    return json.dumps(
        {
            "keys": [
                {"name": k[:3], "key_sha256": key_hash(k), "scopes": ["read"], **fields}
                for k in keys
            ]
        }
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.yaml"
    path.write_text(entries(ONE))
    return path


def test_a_fixed_key_has_every_right() -> None:
    caller = ApiKeys([ONE]).identify(ONE)
    assert caller is not None
    assert caller.scopes == ALL_SCOPES
    assert caller.space is None
    assert caller.key_hash == key_hash(ONE)


def test_fixed_keys_and_the_file_open_together(file: Path) -> None:
    keys = ApiKeys([TWO], file)
    assert len(keys) == 2
    assert keys.identify(ONE)
    assert keys.identify(TWO)
    assert keys.identify(THREE) is None


def test_a_key_added_to_the_file_opens_without_a_restart(file: Path) -> None:
    watched = Watched(file)
    assert not watched.opens(TWO)
    file.write_text(entries(ONE, TWO))
    assert watched.opens(TWO)
    assert watched.counters.counted == ["success"]


def test_a_revoked_key_opens_nothing_any_more(file: Path) -> None:
    watched = Watched(file)
    caller = watched.keys.identify(ONE)
    assert caller is not None
    file.write_text("keys: []")
    assert not watched.opens(ONE)
    assert watched.keys.renewed(caller) is None


def test_an_open_connection_hears_of_new_rights(file: Path) -> None:
    watched = Watched(file)
    caller = watched.keys.identify(ONE)
    assert caller is not None
    file.write_text(entries(ONE, space="b"))
    renewed = watched.later().renewed(caller)
    assert renewed is not None
    assert renewed.space == "b"


def test_the_file_is_looked_at_once_a_second_at_most(file: Path) -> None:
    watched = Watched(file)
    file.write_text(entries(TWO))
    watched.clock.now += 0.9
    assert watched.keys.identify(ONE)
    assert not watched.keys.identify(TWO)
    assert watched.opens(TWO)


def test_a_change_of_the_same_size_and_time_is_noticed(file: Path) -> None:
    watched = Watched(file)
    before = file.stat()
    changed = entries("onf" + ONE[3:])
    assert len(changed) == before.st_size
    file.write_text(changed)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert watched.opens("onf" + ONE[3:])


def test_a_swapped_link_is_noticed_as_kubernetes_swaps_secrets(tmp_path: Path) -> None:
    for version, key in (("v1", ONE), ("v2", TWO)):
        (tmp_path / version).mkdir()
        (tmp_path / version / "api-keys").write_text(entries(key))
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "api-keys").symlink_to("..data/api-keys")
    watched = Watched(tmp_path / "api-keys")
    assert watched.opens(ONE)
    (tmp_path / "..tmp").symlink_to("v2")
    (tmp_path / "..tmp").rename(tmp_path / "..data")
    assert watched.opens(TWO)
    assert not watched.opens(ONE)


@pytest.mark.parametrize("content", ["", "keys: [", "keys:\n  - name: a\n", "\x00"])
def test_a_broken_file_keeps_the_old_keys_and_says_so_once(
    file: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    watched = Watched(file)
    file.write_text(content)
    assert watched.opens(ONE)
    assert watched.opens(ONE)
    assert watched.counters.counted == ["failure"]
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 1
    file.write_text(entries(TWO))
    assert watched.opens(TWO)


def test_a_file_that_is_gone_for_a_while_keeps_the_old_keys(file: Path) -> None:
    watched = Watched(file)
    file.unlink()
    assert watched.opens(ONE)
    assert watched.opens(ONE)
    assert watched.counters.counted == ["failure"]
    file.write_text(entries(ONE))
    assert watched.opens(ONE)
    assert watched.counters.counted == ["failure", "success"]


def test_a_key_stops_at_its_expiry(file: Path) -> None:
    file.write_text(entries(ONE, expires=NOON.isoformat()))
    watched = Watched(file)
    watched.moment = NOON - timedelta(seconds=1)
    caller = watched.keys.identify(ONE)
    assert caller is not None
    watched.moment = NOON
    assert watched.keys.identify(ONE) is None
    assert watched.keys.renewed(caller) is None


@pytest.mark.parametrize("content", ["short\n", "keys: [{name: ab, key: short, scopes: all}]"])
def test_a_short_key_is_refused_where_strangers_reach_the_service(
    file: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(content)
    with pytest.raises(InvalidParameters, match="16"):
        ApiKeys(file=file, refuse_short=True)
    assert ApiKeys(file=file).identify("short")
    assert "Easy to guess" in caplog.text
    assert "short" not in caplog.text.replace("shorter", "")


def test_a_short_key_that_comes_by_reload_is_refused_too(file: Path) -> None:
    watched = Watched(file, refuse_short=True)
    file.write_text("keys: [{name: ab, key: short, scopes: all}]")
    assert not watched.opens("short")
    assert watched.opens(ONE)


def test_a_fixed_short_key_is_refused_alike() -> None:
    with pytest.raises(InvalidParameters, match="16"):
        ApiKeys(["fifteen-letters"], refuse_short=True)
    assert ApiKeys(["sixteen-letters!"], refuse_short=True)


def test_a_start_without_a_readable_file_or_any_key_fails(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameters, match="cannot be read"):
        ApiKeys(file=tmp_path / "absent")
    with pytest.raises(InvalidParameters, match="empty"):
        ApiKeys(["", " "])


def test_a_change_of_keys_leaves_a_line_in_the_audit_log(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="serve_app.audit")
    file.write_text(entries(ONE, TWO))
    watched = Watched(file)
    file.write_text(
        json.dumps(
            {
                "keys": [
                    {"name": "one", "key_sha256": key_hash(ONE), "scopes": ["read", "write"]},
                    {"name": "new", "key_sha256": key_hash(THREE), "scopes": "all"},
                ]
            }
        )
    )
    assert watched.opens(THREE)
    (line,) = [json.loads(r.message) for r in caplog.records if r.name == "serve_app.audit"]
    assert line["action"] == "keys.reload"
    assert line["outcome"] == "success"
    assert (line["added"], line["removed"], line["changed"]) == (["new"], ["two"], ["one"])
    assert line["time"].startswith("2026-11-27T12:00:00")


def test_neither_keys_nor_full_hashes_reach_a_log(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    watched = Watched(file)
    for content in (entries(TWO), f"keys: [{{name: x, key: {THREE}, scopes: fly}}]", THREE):
        file.write_text(content)
        watched.opens(TWO)
    assert len(caplog.records) >= 4
    for key in (ONE, TWO, THREE):
        assert key not in caplog.text
        assert key_hash(key) not in caplog.text
    assert ONE not in repr(watched.keys)
