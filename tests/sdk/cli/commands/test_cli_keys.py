"""`inferloop keys`: the file that it writes is the file that the service reads."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pytest

from inferloop_synthdata.cli.keys_file import KeysFile
from serve_app.access.api_keys import ApiKeys
from serve_app.budgets.rate_limits import Bucket
from tests.sdk.cli.command_line import CommandLine, Service


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """No key of a service is needed: the file is local."""
    return CommandLine(
        Service(), environ={"INFERLOOP_API_KEYS_FILE": str(tmp_path / "secret" / "keys.yaml")}
    )


def file_of(line: CommandLine) -> Path:
    return Path(line.environ["INFERLOOP_API_KEYS_FILE"])


def test_a_new_key_is_printed_once_and_opens_the_service(line: CommandLine) -> None:
    assert line.run("keys", "create", "ci", "--scopes", "generate,read", "--space", "vision") == 0
    key = line.out.strip()
    caller = ApiKeys(file=file_of(line), refuse_short=True).identify(key)
    assert caller is not None
    assert caller.name == "ci"
    assert caller.scopes == {"generate", "read"}
    assert caller.space == "vision"
    assert key not in file_of(line).read_text()


def test_every_option_is_one_that_the_service_understands(line: CommandLine) -> None:
    options = ["--rate", "generate=100/minute", "--rate", "export=5/hour"]
    options += ["--stored-bytes", "1000", "--expires", "90d"]
    assert line.run("keys", "create", "ci", *options) == 0
    caller = ApiKeys(file=file_of(line)).identify(line.out.strip())
    assert caller is not None
    assert caller.rates == {"generate": "100/minute", "export": "5/hour"}
    assert caller.max_stored_bytes == 1000
    assert "admin" not in caller.scopes


def test_every_budget_of_the_service_can_be_a_keys_own(line: CommandLine) -> None:
    options = [option for name in get_args(Bucket) for option in ("--rate", f"{name}=7/hour")]
    assert line.run("keys", "create", "ci", *options) == 0
    caller = ApiKeys(file=file_of(line)).identify(line.out.strip())
    assert caller is not None
    assert caller.rates == dict.fromkeys(get_args(Bucket), "7/hour")


def test_only_the_owner_can_read_the_file(line: CommandLine) -> None:
    line.run("keys", "create", "ci")
    line.run("keys", "create", "other")
    file = file_of(line)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in file.parent.iterdir()) == ["keys.yaml", "keys.yaml.lock"]


def test_a_list_shows_names_and_rights_and_no_key(line: CommandLine) -> None:
    assert line.run("keys", "create", "ci", "--scopes", "read", "--expires", "2999-01-31") == 0
    key = line.out.strip()
    assert line.run("keys", "list") == 0
    assert "ci" in line.out
    assert "read" in line.out
    assert "2999-01-31" in line.out
    assert key not in line.out
    assert line.run("--json", "keys", "list") == 0
    assert json.loads(line.out)["keys"][0]["name"] == "ci"


def test_a_key_in_clear_is_not_listed(line: CommandLine) -> None:
    file_of(line).parent.mkdir()
    entry = {"name": "old", "key": "in-clear-0123456789", "scopes": "all"}
    file_of(line).write_text(json.dumps({"keys": [entry]}))
    line.run("--json", "keys", "list")
    assert "old" in line.out
    assert "in-clear" not in line.out


def test_a_revoked_key_opens_nothing(line: CommandLine) -> None:
    line.run("keys", "create", "ci")
    key = line.out.strip()
    line.run("keys", "create", "other")
    assert line.run("keys", "revoke", "ci") == 0
    keys = ApiKeys(file=file_of(line))
    assert keys.identify(key) is None
    assert keys.identify(line.out.strip()) is None
    assert len(keys) == 1


def test_revoking_the_last_key_leaves_a_file_that_the_service_takes(line: CommandLine) -> None:
    line.run("keys", "create", "ci")
    line.run("keys", "revoke", "ci")
    assert len(ApiKeys(file=file_of(line))) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create", "a b"), "not a name"),
        (("create", "a", "--scopes", "fly"), "no such scope"),
        (("create", "a", "--space", "../b"), "space"),
        (("create", "a", "--rate", "fly=1/minute"), "no such budget"),
        (("create", "a", "--rate", "export=often"), "not a rate"),
        (("create", "a", "--expires", "soon"), "--expires"),
        (("create", "a", "--expires", "1999-01-01"), "past"),
        (("revoke", "nobody"), "no key of the name"),
    ],
)
def test_what_the_service_would_refuse_is_refused_here(
    line: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    assert line.run("keys", *arguments) == 2
    assert said in line.err
    assert not file_of(line).exists()


def test_a_name_is_given_once(line: CommandLine) -> None:
    line.run("keys", "create", "ci")
    before = file_of(line).read_text()
    assert line.run("keys", "create", "ci") == 2
    assert "revoke it first" in line.err
    assert file_of(line).read_text() == before


def test_a_file_written_by_hand_is_not_overwritten(line: CommandLine) -> None:
    file_of(line).parent.mkdir()
    for text in ("# mine\nkeys: []\n", "plain-key-0123456789\n", "{}", '{"keys": [1]}'):
        file_of(line).write_text(text)
        assert line.run("keys", "create", "ci") == 2
        assert "by hand" in line.err
        assert file_of(line).read_text() == text


def test_a_file_with_a_key_twice_is_not_overwritten(line: CommandLine) -> None:
    file_of(line).parent.mkdir()
    file_of(line).write_text('{"keys": [],\n "keys": []}')
    assert line.run("keys", "create", "ci") == 2
    assert "'keys' is given twice in one object (lines 1, 2)" in line.err


def test_without_a_file_it_says_how_to_name_one() -> None:
    nameless = CommandLine(Service(), environ={})
    assert nameless.run("keys", "list") == 2
    assert "INFERLOOP_API_KEYS_FILE" in nameless.err


def test_a_link_stays_a_link(line: CommandLine, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_text('{"keys": []}')
    link = tmp_path / "link.yaml"
    link.symlink_to(real)
    assert line.run("keys", "create", "ci", "--file", str(link)) == 0
    assert link.is_symlink()
    assert "ci" in real.read_text()


def test_two_at_once_lose_nothing(line: CommandLine) -> None:
    def create(number: int) -> int:
        return CommandLine(Service(), environ=line.environ).run("keys", "create", f"key-{number}")

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(create, range(20))) == {0}
    names = {entry["name"] for entry in KeysFile(file_of(line)).entries()}
    assert names == {f"key-{number}" for number in range(20)}


def test_a_rotated_key_has_the_same_rights_and_the_old_one_goes_on_for_a_while(
    line: CommandLine,
) -> None:
    assert line.run("keys", "create", "ci", "--scopes", "read", "--space", "vision") == 0
    old = line.out.strip()
    assert line.run("keys", "rotate", "ci", "--keep-old", "2d") == 0
    new = line.out.strip()
    assert "The old key works until" in line.err
    keys = ApiKeys(file=file_of(line))
    for key, name in ((new, "ci"), (old, "ci.old")):
        caller = keys.identify(key)
        assert caller is not None
        assert (caller.name, caller.space) == (name, "vision")
        assert caller.scopes == {"read"}
    assert new not in file_of(line).read_text()
    # Once more: the first old one makes room for the second.
    assert line.run("keys", "rotate", "ci") == 0
    assert [entry["name"] for entry in KeysFile(file_of(line)).entries()] == ["ci.old", "ci"]
    assert ApiKeys(file=file_of(line)).identify(old) is None


def test_a_key_that_was_lost_is_rotated_at_once(line: CommandLine) -> None:
    assert line.run("keys", "create", "ci") == 0
    old = line.out.strip()
    assert line.run("keys", "rotate", "ci", "--at-once") == 0
    assert ApiKeys(file=file_of(line)).identify(old) is None
    assert line.run("keys", "rotate", "nobody") == 2
    assert "no key of the name nobody" in line.err
