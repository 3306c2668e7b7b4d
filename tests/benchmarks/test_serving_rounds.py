"""Rounds of the serving benchmark, and the environments of its peers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.serving.load import Summary
from benchmarks.serving.peers import PEERS, cache_folder, interpreter
from benchmarks.serving.report import Measured
from benchmarks.serving.rounds import combined, spreads


def summary(goodput: float) -> Summary:
    return Summary(goodput, 10, 0, goodput, goodput, goodput, 0.5)


def measured(goodput: float, alone_s: float, *rates: float) -> Measured:
    return Measured(
        "peer", [alone_s] * 3, summary(goodput), {rate: summary(rate * goodput) for rate in rates}
    )


def three_rounds() -> list[Measured]:
    return [measured(3.0, 0.5, 1.0, 2.0), measured(1.0, 0.7, 1.0), measured(2.0, 0.6, 1.0, 2.0)]


def test_the_median_round_of_each_load_counts() -> None:
    found = combined(three_rounds())
    assert found.burst.goodput_rps == 2.0
    assert found.rates[1.0].goodput_rps == 2.0
    assert len(found.alone_s) == 9


def test_a_rate_that_one_round_did_not_reach_is_left_out() -> None:
    assert list(combined(three_rounds()).rates) == [1.0]


def test_one_round_is_itself() -> None:
    (only,) = [measured(3.0, 0.5, 1.0)]
    assert combined([only]) == only


def test_the_spread_stands_beside_the_median() -> None:
    rounds = [[each] for each in three_rounds()]
    assert "| peer | 2.00 (1.00 to 3.00) | 0.60 (0.50 to 0.70) |" in spreads(rounds)


class Installer:
    """In place of running commands: keeps them, and makes the folders that a venv has."""

    def __init__(self, fails_at: str = "") -> None:
        self.commands: list[Sequence[str]] = []
        self._fails_at = fails_at

    def __call__(self, command: Sequence[str]) -> None:
        self.commands.append(command)
        if self._fails_at and self._fails_at in command:
            raise SystemExit("no such package")
        if "venv" in command:
            version = f"python{sys.version_info.major}.{sys.version_info.minor}"
            Path(command[-1], "lib", version, "site-packages").mkdir(parents=True, exist_ok=True)


def test_a_peer_is_installed_once_and_sees_our_packages_behind_its_own(tmp_path: Path) -> None:
    run = Installer()
    python = interpreter("mosec", tmp_path, run, Path("/ours"))
    assert [PEERS["mosec"] in command for command in run.commands] == [False, True]
    (behind,) = tmp_path.rglob("*.pth")
    assert behind.read_text() == "/ours\n"
    assert interpreter("mosec", tmp_path, run, Path("/ours")) == python
    assert len(run.commands) == 2


def test_an_installation_that_failed_is_made_anew(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        interpreter("bentoml", tmp_path, Installer(fails_at="install"))
    run = Installer()
    interpreter("bentoml", tmp_path, run)
    assert len(run.commands) == 2


def test_environments_are_kept_in_the_cache_folder_of_the_user() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/inferloop-benchmarks")
    assert cache_folder({"HOME": "/home/me"}) == Path("/home/me/.cache/inferloop-benchmarks")
