"""The environment, read in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployments.local.serving import KEY_FILE, local_key
from deployments.settings import Settings
from deployments.wiring.access import api_keys
from engines.errors import InvalidParameters


def test_keys_come_from_the_list_and_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "keys"
    path.write_text("# people\nalpha\n\n beta \n", encoding="utf-8")
    monkeypatch.setenv("INFERLOOP_API_KEYS", "one, two,,")
    monkeypatch.setenv("INFERLOOP_API_KEYS_FILE", str(path))
    settings = Settings()
    assert settings.listed_keys() == ("one", "two")
    keys = api_keys(settings)
    assert all(keys.identify(key) for key in ("one", "two", "alpha", "beta"))
    assert len(keys) == 4


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_short_keys_are_taken_on_loopback(host: str) -> None:
    assert api_keys(Settings(host=host, api_keys="short")).identify("short")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "gpu-box", ""])
def test_short_keys_are_refused_beyond_loopback(host: str) -> None:
    with pytest.raises(InvalidParameters, match="16"):
        api_keys(Settings(host=host, api_keys="short"))
    assert api_keys(Settings(host=host, api_keys="long-enough-0123"))


def test_a_relative_data_root_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings(data_root="./data").absolute_data_root() == str(tmp_path / "data")


def test_a_bucket_stays_a_bucket() -> None:
    assert Settings(data_root="s3://bucket/prefix/").absolute_data_root() == "s3://bucket/prefix"


def test_the_local_key_is_made_once_and_is_the_owners(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    key, made = local_key(folder)
    again, made_again = local_key(folder)
    assert (made, made_again) == (True, False)
    assert key == again
    assert len(key) > 30
    assert (folder / KEY_FILE).stat().st_mode & 0o077 == 0
