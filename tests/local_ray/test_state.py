"""Secrets that are made once, and that nobody else can read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from local_ray.state import kept_secret, new_token, private_folder, state_dir


@pytest.fixture
def make() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"secret {next(numbers)}"


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_once_and_kept(tmp_path: Path, make: Callable[[], str]) -> None:
    path = tmp_path / "state" / "token"
    assert kept_secret(path, make) == ("secret 1", True)
    assert kept_secret(path, make) == ("secret 1", False)
    assert rights(path) == 0o600
    assert rights(path.parent) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["token"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o602, 0o601])
def test_one_that_others_could_read_is_made_anew(
    tmp_path: Path, make: Callable[[], str], mode: int
) -> None:
    path = tmp_path / "token"
    kept_secret(path, make)
    path.chmod(mode)
    assert kept_secret(path, make) == ("secret 2", True)
    assert rights(path) == 0o600


def test_a_link_to_somebody_s_file_is_no_secret(tmp_path: Path, make: Callable[[], str]) -> None:
    planted = tmp_path / "planted"
    planted.write_text("known to others", encoding="utf-8")
    planted.chmod(0o600)
    path = tmp_path / "state" / "token"
    path.parent.mkdir()
    path.symlink_to(planted)
    assert kept_secret(path, make) == ("secret 1", True)
    assert not path.is_symlink()
    assert planted.read_text(encoding="utf-8") == "known to others"


def test_an_empty_file_is_no_secret(tmp_path: Path, make: Callable[[], str]) -> None:
    (tmp_path / "token").touch(0o600)
    assert kept_secret(tmp_path / "token", make) == ("secret 1", True)


def test_of_many_that_make_it_at_once_all_get_the_same(tmp_path: Path) -> None:
    for attempt in range(20):
        path = tmp_path / f"token {attempt}"
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _, to=path: kept_secret(to, new_token), range(32)))
        assert len({secret for secret, _ in found}) == 1
        assert sum(made for _, made in found) == 1


def test_an_open_folder_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert rights(private_folder(tmp_path)) == 0o700


def test_another_user_s_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="INFERLOOP_STATE_DIR"):
        private_folder(tmp_path, user_id=os.geteuid() + 1)


def test_where_the_state_is(tmp_path: Path) -> None:
    home = {"HOME": "/home/ada"}
    assert state_dir(home) == Path("/home/ada/.local/state/inferloop")
    assert state_dir({**home, "XDG_STATE_HOME": "/xdg"}) == Path("/xdg/inferloop")
    both = {"XDG_STATE_HOME": "/xdg", "INFERLOOP_STATE_DIR": str(tmp_path)}
    assert state_dir(both) == tmp_path


def test_a_token_cannot_be_guessed() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(bytes.fromhex(token)) == 32 for token in tokens)
