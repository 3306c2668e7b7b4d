"""The environment, read in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.local import keys as local_keys
from deployments.settings import Settings


def test_keys_come_from_the_list_and_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys"
    path.write_text("# people\nalpha\n\n beta \n", encoding="utf-8")
    monkeypatch.setenv("INFERLOOP_API_KEYS", "one, two,,")
    monkeypatch.setenv("INFERLOOP_API_KEYS_FILE", str(path))
    assert Settings().keys() == ("one", "two", "alpha", "beta")


def test_a_relative_data_root_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INFERLOOP_DATA_ROOT", "./data")
    assert Settings().absolute_data_root() == str(tmp_path / "data")


def test_a_bucket_stays_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERLOOP_DATA_ROOT", "s3://bucket/prefix/")
    assert Settings().absolute_data_root() == "s3://bucket/prefix"


def test_the_local_key_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    key, made = local_keys.local_key(folder)
    again, made_again = local_keys.local_key(folder)
    assert (made, made_again) == (True, False)
    assert key == again
    assert len(key) > 30
    assert (folder / local_keys.FILE_NAME).stat().st_mode & 0o077 == 0


def test_the_state_folder_follows_xdg(tmp_path: Path) -> None:
    home = Path("/home/ada")
    assert local_keys.state_dir(None, home, None) == home / ".local/state/inferloop"
    assert local_keys.state_dir(None, home, "/xdg") == Path("/xdg/inferloop")
    assert local_keys.state_dir(tmp_path, home, "/xdg") == tmp_path
