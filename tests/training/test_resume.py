"""Schedules, noise levels and checkpoints: what a stopped run needs to go on."""

from pathlib import Path

import pytest
import torch

from training.cache import load_state, save_state
from training.networks.diffusion import HIGH_NOISE_BIAS, Diffusion
from training.networks.parts import build_scheduler
from training.running.loop import Loop, Smoothed, Stopwatch
from training.running.schedule import TimeBudget, learning_rate


def test_state_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    assert load_state(path) is None
    save_state(
        path, {"model": {"w": torch.arange(3)}, "ema": [torch.ones(2)], "step": 4, "spent_s": 1.5}
    )
    state = load_state(path)
    assert state is not None
    assert (state["step"], state["spent_s"]) == (4, 1.5)
    assert not list(tmp_path.glob("*.part"))


def test_the_rate_follows_the_budget() -> None:
    rates = [learning_rate(1.0, 1000, share, warmup=10, hold=0.5) for share in (0, 0.5, 0.75, 1)]
    assert rates == pytest.approx([1, 1, 0.5, 0])
    assert learning_rate(1.0, 0, 0, warmup=10, hold=0.5) == pytest.approx(0.1)


def test_a_suspended_machine_does_not_eat_the_budget() -> None:
    budget = TimeBudget(600)
    budget.spend(5)
    budget.spend(3600)
    assert budget.spent_s == 65
    assert not budget.over


def a_loop(path: Path, budget_s: float) -> Loop:
    torch.manual_seed(0)
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    return Loop("line", path, model, optimizer, TimeBudget(budget_s), 1e-2, hold=0.5, keep_every=5)


def test_a_loop_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    first = a_loop(tmp_path / "line.pt", budget_s=0.02)
    losses: list[float] = []

    def loss() -> torch.Tensor:
        error: torch.Tensor = (first.model(torch.ones(4, 2)) - 1).square().mean()
        losses.append(error.item())
        return error

    first.run(loss, lambda: "")
    assert first.step == len(losses) > 0
    assert first.budget.over
    again = a_loop(tmp_path / "line.pt", budget_s=60)
    assert (again.step, again.budget.spent_s) == (first.step, first.budget.spent_s)
    for one, other in zip(first.model.parameters(), again.model.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    moments = first.optimizer.state_dict()["state"]
    torch.testing.assert_close(again.optimizer.state_dict()["state"], moments)


def test_a_loop_shows_what_it_keeps_but_for_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = a_loop(tmp_path / "line.pt", budget_s=0.02)
    seen: list[int] = []
    loop.kept = lambda: seen.append(loop.step)
    steps: list[int] = []
    loop.after = lambda: steps.append(loop.step)
    loop.run(lambda: (loop.model(torch.ones(4, 2)) - 1).square().mean(), lambda: "fine")
    assert steps == list(range(1, loop.step + 1))
    assert all(step % 5 == 0 and step < loop.step for step in seen)
    assert capsys.readouterr().out.endswith(f"step {loop.step}, fine\n")


def test_a_smoothed_loss_follows_its_values() -> None:
    mean = Smoothed()
    assert mean.value != mean.value, "nothing was added yet"
    for _ in range(200):
        assert float(mean.add(torch.tensor(2.0))) == 2
    assert mean.value == pytest.approx(2)
    mean.add(torch.tensor(3.0))
    assert mean.value == pytest.approx(2.03)


def test_a_stopwatch_tells_each_step_s_own_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter((10.0, 12.5, 13.0))
    watch = Stopwatch("work", clock=lambda: next(times))
    watch.told("first")
    watch.told("second")
    assert capsys.readouterr().out == "work: first, 2.5 s\nwork: second, 0.5 s\n"


def test_the_noise_can_be_taken_away_again() -> None:
    diffusion = Diffusion(build_scheduler())
    generator = torch.Generator().manual_seed(1)
    clean, noise = torch.randn(2, 3, 12, 4, 4, generator=generator)
    t = torch.tensor([10, 500, 990])
    noisy, velocity = diffusion.noised(clean, noise, t), diffusion.velocity(clean, noise, t)
    torch.testing.assert_close(diffusion.clean(noisy, velocity, t), clean, atol=1e-4, rtol=1e-4)


def test_the_last_noise_level_has_no_signal() -> None:
    diffusion = Diffusion(build_scheduler())
    assert float(diffusion.signal[999]) == pytest.approx(0, abs=1e-3)
    assert float(diffusion.weight[999]) == 1
    assert float(diffusion.weight[0]) < 0.1


def test_timesteps_lean_to_noise() -> None:
    t = Diffusion(build_scheduler()).timesteps(4000, torch.Generator().manual_seed(0))
    # u uniform: the mean of 1 - (1 - u)^b is b / (b + 1).
    expected = 1000 * HIGH_NOISE_BIAS / (HIGH_NOISE_BIAS + 1)
    assert expected > 500
    assert float(t.float().mean()) == pytest.approx(expected, rel=0.02)
    assert int(t.max()) <= 999
