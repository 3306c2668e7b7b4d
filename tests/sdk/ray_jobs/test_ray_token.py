"""Which token goes to which Ray."""

from __future__ import annotations

from pathlib import Path

import pytest

from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.ray_jobs.ray_token import ray_token
from local_ray.environment import TOKEN_FILE, token_mode
from local_ray.state import state_dir

HERE = "http://127.0.0.1:8265"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of a machine on which the service has made its token."""
    environment = {"HOME": str(tmp_path)}
    token_mode(environment)
    return environment


@pytest.mark.parametrize("address", [HERE, "http://localhost:1", "http://[::1]:8265"])
def test_the_service_s_own_token_is_found_for_this_machine(
    environment: dict[str, str], address: str
) -> None:
    own = (state_dir(environment) / TOKEN_FILE).read_text(encoding="utf-8").strip()
    assert ray_token(environment, address) == own


@pytest.mark.parametrize(
    "address", ["http://head:8265", "http://192.0.2.7:8265", "http://127.0.0.1.evil.example"]
)
def test_it_never_goes_to_another_machine(environment: dict[str, str], address: str) -> None:
    assert ray_token(environment, address) is None


def test_a_named_token_goes_before_it(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from the file\n", encoding="utf-8")
    environment["RAY_AUTH_TOKEN_PATH"] = str(tmp_path / "token")
    assert ray_token(environment, "http://head:8265") == "from the file"
    environment["RAY_AUTH_TOKEN"] = "from the variable"
    assert ray_token(environment, HERE) == "from the variable"


def test_a_named_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="No such file"):
        ray_token({"RAY_AUTH_TOKEN_PATH": str(tmp_path / "none")}, HERE)


@pytest.mark.parametrize("variable", ["INFERLOOP_STATE_DIR", "XDG_STATE_HOME", "HOME"])
def test_client_and_launcher_mean_the_same_state_folder(tmp_path: Path, variable: str) -> None:
    environment = {"HOME": str(tmp_path / "home"), variable: str(tmp_path / "there")}
    token_mode(environment)
    assert ray_token(environment, HERE)


def test_where_no_service_was_started_there_is_none(tmp_path: Path) -> None:
    assert ray_token({"HOME": str(tmp_path)}, HERE) is None
