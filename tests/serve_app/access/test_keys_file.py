"""What the keys file may say, and how a fault in it is told without quoting it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args

import pytest

from engines.errors import Forbidden, InvalidParameters
from inferloop_synthdata.cli import keys_file as command_line
from serve_app.access.caller import ALL_SCOPES, SCOPE_MEANING, Caller, Scope
from serve_app.access.hashing import key_hash
from serve_app.access.keys_file import parse_keys
from serve_app.budgets.rate_limits import Bucket

HASH = key_hash("a-key-of-some-length")


def parse_one(yaml: str) -> Caller:
    (record,) = parse_keys(yaml.encode())
    return record.caller


def test_an_entry_says_all_that_a_key_may_do() -> None:
    (record,) = parse_keys(
        f"""
        # the vision team's pipeline
        keys:
          - name: vision-ci
            key_sha256: {HASH.upper()}
            scopes: [generate, read]
            space: vision
            rates: {{generate: 100/minute}}
            quota: {{stored_bytes: 10000000000}}
            created: 2026-11-27
            expires: 2027-01-31T12:00:00Z
        """.encode()
    )
    caller = record.caller
    assert caller.name == "vision-ci"
    assert caller.key_hash == HASH
    assert caller.scopes == {"generate", "read"}
    assert caller.space == "vision"
    assert caller.rates == {"generate": "100/minute"}
    assert caller.max_stored_bytes == 10_000_000_000
    assert record.expires == datetime(2027, 1, 31, 12, tzinfo=UTC)


def test_a_date_alone_is_its_first_moment_in_utc() -> None:
    text = f"keys: [{{name: a, key_sha256: {HASH}, scopes: all, expires: 2027-01-31}}]"
    (record,) = parse_keys(text.encode())
    assert record.expires == datetime(2027, 1, 31, tzinfo=UTC)


def test_json_is_read_too() -> None:
    caller = parse_one(f'{{"keys": [{{"name": "a", "key_sha256": "{HASH}", "scopes": "all"}}]}}')
    assert caller.key_hash == HASH


def test_a_key_in_clear_is_kept_as_its_hash() -> None:
    caller = parse_one("keys: [{name: a, key: a-key-of-some-length, scopes: [read]}]")
    assert caller.key_hash == HASH
    assert "a-key-of-some-length" not in repr(caller)


def test_all_scopes_leave_out_admin() -> None:
    caller = parse_one(f"keys: [{{name: a, key_sha256: {HASH}, scopes: all}}]")
    assert caller.scopes == ALL_SCOPES - {"admin"}


def test_todays_plain_file_still_reads_one_key_a_line() -> None:
    records = parse_keys(b"# ours\nfirst-key-0123456789\n\n  second-key-012345678  \n")
    hashes = [record.caller.key_hash for record in records]
    assert hashes == [key_hash("first-key-0123456789"), key_hash("second-key-012345678")]
    assert all(record.caller.scopes == ALL_SCOPES for record in records)
    assert all(record.caller.space is None for record in records)


@pytest.mark.parametrize("key", ["-starts-with-a-dash", "ifl_a-b_c", "a+b/c==", "a:b:c"])
def test_a_plain_key_may_hold_what_keys_hold(key: str) -> None:
    assert parse_one(key).key_hash == key_hash(key)


def test_no_keys_means_that_all_are_revoked() -> None:
    assert parse_keys(b"keys: []") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "blank"),
        ("# only a remark\n", "blank"),
        ("kyes:\n  - name: a\n", "keys"),
        ("keys:\n  - name: a\n   key: b\n", "line"),
        ("keys: [", "line"),
        (f"keys:\n- name: a\n  key_sha256: {HASH}\n  name: b\n  scopes: all\n", "lines 2 and 4"),
        ("keys: [{SECRET-x: 1, SECRET-x: 2}]", "lines 1 and 1"),
        ("keys: {a: b}", "keys"),
        ("[]", "the file"),
        ("name:\nscopes:\n", "keys"),
        ('{"name":"a"}', "keys"),
        ("a b\n", "the file"),
        ("keys: [{name: a, scopes: all}]", "exactly one"),
        (f"keys: [{{name: a, key: SECRET-x, key_sha256: {HASH}, scopes: all}}]", "exactly one"),
        (f"keys: [{{name: a, key_sha256: {HASH}}}]", "keys.0.scopes"),
        (f"keys: [{{name: a, key_sha256: {HASH}, scopes: [fly]}}]", "keys.0.scopes"),
        (f"keys: [{{name: a b, key_sha256: {HASH}, scopes: all}}]", "keys.0.name"),
        ("keys: [{name: a, key_sha256: SECRET-x, scopes: all}]", "keys.0.key_sha256"),
        (f"keys: [{{name: a, key_sha256: {HASH}, scopes: all, space: ../b}}]", "keys.0.space"),
        (f"keys: [{{name: a, key_sha256: {HASH}, scopes: all, space: A}}]", "keys.0.space"),
        (f"keys: [{{name: a, key_sha256: {HASH}, scopes: all, spaec: b}}]", "keys.0.spaec"),
        (f"keys: [{{name: a, key_sha256: {HASH}, scopes: all, rates: {{fly: 1/s}}}}]", "rates"),
        (f"keys: [{{name: a, key_sha256: {HASH}, scopes: all, rates: {{export: x}}}}]", "rates"),
        ("keys: [{name: a, key: [SECRET-x], scopes: all}]", "keys.0.key"),
        ("keys: [{name: a, key: SECRET-x, scopes: all}, {name: 'a\n", "line"),
    ],
)
def test_a_fault_is_named_and_the_file_not_quoted(text: str, said: str) -> None:
    with pytest.raises(InvalidParameters) as refused:
        parse_keys(text.encode())
    assert said in refused.value.message
    assert "SECRET" not in str(refused.value)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidParameters, match="UTF-8"):
        parse_keys(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    "second", [f"name: a, key_sha256: {key_hash('other')}", f"name: b, key_sha256: {HASH}"]
)
def test_two_keys_of_one_name_or_one_key_of_two_names_are_refused(second: str) -> None:
    text = f"keys: [{{name: a, key_sha256: {HASH}, scopes: all}}, {{{second}, scopes: [read]}}]"
    with pytest.raises(InvalidParameters):
        parse_keys(text.encode())


def test_a_missing_scope_is_named() -> None:
    caller = Caller("ci", HASH, frozenset({"read"}))
    caller.check_scope("read")
    with pytest.raises(Forbidden, match="'ci' lacks the scope 'export'"):
        caller.check_scope("export")


def test_only_an_admin_of_no_space_sees_every_space() -> None:
    assert Caller("a", HASH, frozenset({"admin"})).sees_every_space
    assert not Caller("a", HASH, frozenset({"admin"}), space="b").sees_every_space
    assert not Caller("a", HASH, frozenset({"read"})).sees_every_space


def test_the_command_line_knows_the_services_scopes_and_budgets() -> None:
    assert command_line.SCOPES == get_args(Scope) == tuple(SCOPE_MEANING)
    assert set(command_line.RATES) <= set(get_args(Bucket))
