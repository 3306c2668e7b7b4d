"""Audit lines: one for a request, whatever the names in it hold, and never a key."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.errors import Forbidden
from serve_app.access.audit import MAX_OBJECTS, AuditLog, AuditNote, Origin
from serve_app.access.caller import ALL_SCOPES, Caller, Scope
from tests.serve_app.fakes import EPOCH

SECRET_HASH = "0123456789abcdef" * 4
CALLER = Caller("ann", SECRET_HASH, frozenset({"read"}), space="team")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> AuditLog:
    caplog.set_level(logging.INFO, "serve_app.audit")
    return AuditLog(lambda: EPOCH)


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [json.loads(record.getMessage()) for record in caplog.records]


def test_a_line_says_who_did_what_to_what(log: AuditLog, caplog: pytest.LogCaptureFixture) -> None:
    note = AuditNote("dataset.delete", "team", details={"images": 3})
    note.add("birds", "cats", "birds")
    log.write(note, "success", Origin(CALLER, "req_1", "10.0.0.1"))
    assert lines(caplog) == [
        {
            "time": "2025-05-15T14:30:00.000+00:00",
            "action": "dataset.delete",
            "outcome": "success",
            "code": None,
            "key_name": "ann",
            "key_hash": SECRET_HASH[:12],
            "space": "team",
            "objects": ["birds", "cats"],
            "request_id": "req_1",
            "address": "10.0.0.1",
            "images": 3,
        }
    ]
    assert SECRET_HASH not in caplog.text


def test_a_stranger_has_no_name(log: AuditLog, caplog: pytest.LogCaptureFixture) -> None:
    log.write(AuditNote(code="UNAUTHORIZED"), "denied", Origin(address="10.0.0.2"))
    (line,) = lines(caplog)
    assert (line["key_name"], line["key_hash"], line["code"]) == (None, None, "UNAUTHORIZED")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(max_size=20), max_size=2 * MAX_OBJECTS))
def test_whatever_the_names_are_it_is_one_line_that_holds_them(
    log: AuditLog, caplog: pytest.LogCaptureFixture, names: list[str]
) -> None:
    caplog.clear()
    note = AuditNote("image.delete")
    note.add(*names)
    log.write(note, "failure")
    (record,) = caplog.records
    assert record.getMessage().isascii()
    assert not any(end in record.getMessage() for end in "\r\n\x0b\x0c")
    assert lines(caplog)[0]["objects"] == list(dict.fromkeys(names))[:MAX_OBJECTS]


def test_keys_that_were_read_again_are_told_by_name_in_order(
    log: AuditLog, caplog: pytest.LogCaptureFixture
) -> None:
    log.keys_changed(added={"zoe", "ann"}, removed=[], changed=["bob"])
    log.keys_not_changed("keys.yaml: line 3")
    changed, kept = lines(caplog)
    assert (changed["added"], changed["removed"], changed["changed"]) == (
        ["ann", "zoe"],
        [],
        ["bob"],
    )
    assert (changed["outcome"], kept["outcome"]) == ("success", "failure")
    assert (changed["action"], kept["reason"]) == ("keys.reload", "keys.yaml: line 3")


@pytest.mark.parametrize("scope", sorted(ALL_SCOPES))
def test_a_key_may_do_what_its_scopes_say(scope: Scope) -> None:
    Caller("all", "").check_scope(scope)
    Caller("one", "", frozenset({scope})).check_scope(scope)
    with pytest.raises(Forbidden, match=f"'rest' lacks the scope '{scope}'"):
        Caller("rest", "", ALL_SCOPES - {scope}).check_scope(scope)


@pytest.mark.parametrize(
    ("scopes", "space", "every"),
    [(ALL_SCOPES, None, True), (ALL_SCOPES, "team", False), (frozenset({"read"}), None, False)],
)
def test_only_an_admin_without_a_space_sees_every_space(
    scopes: frozenset[Scope], space: str | None, every: bool
) -> None:
    assert Caller("x", "", scopes, space).sees_every_space is every
