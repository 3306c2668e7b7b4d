"""What is decided before a Ray starts: closed, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_ray.environment import RayNotClosed, closed_ray, ray_headers, token_mode

TOKEN = "0123456789abcdef"


def test_a_ray_asks_for_our_token_and_listens_on_loopback(tmp_path: Path) -> None:
    found = closed_ray({"HOME": str(tmp_path)})
    path = tmp_path / ".local/state/inferloop/ray_token"
    assert found == {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(path),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    assert path.stat().st_mode & 0o777 == 0o600
    token = path.read_text(encoding="utf-8").strip()
    assert ray_headers(found) == {"Authorization": f"Bearer {token}"}


def test_every_start_has_the_same_token(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert ray_headers(token_mode(home)) == ray_headers(token_mode(home))


def test_ray_s_own_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    theirs = tmp_path / ".ray" / "auth_token"
    theirs.parent.mkdir()
    theirs.write_text(TOKEN, encoding="utf-8")
    assert ray_headers(token_mode({"HOME": str(tmp_path)})) != {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("mode", ["disabled", "DISABLED", " disabled ", "0", "none", "k8s"])
def test_an_open_ray_is_refused(tmp_path: Path, mode: str) -> None:
    with pytest.raises(RayNotClosed, match="RAY_AUTH_MODE"):
        token_mode({"HOME": str(tmp_path), "RAY_AUTH_MODE": mode})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["token", "TOKEN", ""])
def test_the_mode_is_always_said(tmp_path: Path, mode: str) -> None:
    found = token_mode({"HOME": str(tmp_path), "RAY_AUTH_MODE": mode})
    assert found["RAY_AUTH_MODE"] == "token"


def test_a_given_token_is_taken(tmp_path: Path) -> None:
    found = token_mode({"HOME": str(tmp_path), "RAY_AUTH_TOKEN": TOKEN})
    assert "RAY_AUTH_TOKEN_PATH" not in found
    assert list(tmp_path.iterdir()) == []


def test_a_given_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n", encoding="utf-8")
    given = {"HOME": str(tmp_path), "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}
    assert ray_headers(token_mode(given)) == {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("content", [None, "", "  \n", "short"])
def test_a_given_file_without_a_token_worth_the_name_is_refused(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(RayNotClosed, match="RAY_AUTH_TOKEN_PATH"):
        token_mode({"HOME": str(tmp_path), "RAY_AUTH_TOKEN_PATH": str(path)})


def test_a_token_of_one_letter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RayNotClosed, match="RAY_AUTH_TOKEN: "):
        token_mode({"HOME": str(tmp_path), "RAY_AUTH_TOKEN": "x"})
