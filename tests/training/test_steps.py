"""The denoiser's steps: one buffer for all weights, recorded steps, batches used again."""

import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.training.world import NoReads
from tests.waiting import wait_for
from training.plans import LAYERS, Plan
from training.running.ahead import Ahead, Batch
from training.running.attempts import Trial
from training.running.choose import Choice, Timing, judged, timed, ways
from training.running.feed import Job
from training.running.flat import Flat
from training.running.optimize import (
    COEFFICIENTS,
    MEAN_STEPS,
    NEWTON_SCHULZ_STEPS,
    MeanWeights,
    Optimizer,
    orthogonal,
)
from training.running.precision import laid_out
from training.running.steps import Steps, Way


def a_model() -> nn.Sequential:
    torch.manual_seed(0)
    layers = nn.Conv2d(4, 8, 3, padding=1), nn.SiLU(), nn.Conv2d(8, 8, 3, padding=1)
    return laid_out(nn.Sequential(*layers, nn.Conv2d(8, 4, 1), nn.Flatten(), nn.Linear(64, 4)))


def a_loss(model: nn.Module, clean: Tensor, tokens: Tensor) -> Tensor:
    loss: Tensor = (model(clean) - tokens.float()).square().mean()
    return loss


def a_batch(count: int = 2, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    clean = torch.randn(count, 4, 4, 4, generator=generator)
    return clean, torch.randint(0, 2, (count, 4), generator=generator)


def gradient_of(model: nn.Module, optimizer: Optimizer) -> Callable[[Tensor, Tensor], Tensor]:
    def gradient(clean: Tensor, tokens: Tensor) -> Tensor:
        optimizer.zero_grad()
        loss = a_loss(model, clean, tokens)
        loss.backward()
        return loss.detach()

    return gradient


def test_a_model_in_one_buffer_computes_the_same() -> None:
    model, (clean, _) = a_model(), a_batch()
    before = model(clean)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    flat = Flat(model)
    torch.testing.assert_close(model(clean), before)
    torch.testing.assert_close(model.state_dict(), state)
    torch.testing.assert_close(flat.named(flat.weights), state)
    assert flat.weights.numel() == sum(value.numel() for value in state.values())
    flat.weights.zero_()
    assert not model(clean).any()


def test_gradients_lie_in_the_second_buffer() -> None:
    model = a_model()
    alone = copy.deepcopy(model)
    flat = Flat(model)
    for each in (alone, model):
        a_loss(each, *a_batch()).backward()
    slopes = flat.named(flat.slope)
    for name, parameter in alone.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(slopes[name], parameter.grad)


def test_stacked_matrices_are_those_of_the_parameters() -> None:
    first, between, last = nn.Linear(6, 3), nn.Linear(3, 6), nn.Linear(6, 3)
    flat = Flat(nn.Sequential(first, between, last))
    stacks = {(s.rows, s.columns): s.view(flat.weights) for s in flat.stacks}
    torch.testing.assert_close(stacks[3, 6], torch.stack([first.weight.data, last.weight.data]))
    torch.testing.assert_close(stacks[6, 3], between.weight.data[None])
    assert flat.matrices == 3 * 18


def test_half_precision_weights_do_not_lose_small_steps() -> None:
    model = nn.Linear(8, 8, bias=False)
    optimizer = Optimizer(model, 1e-6, torch.bfloat16)
    assert model.weight.dtype == torch.bfloat16
    before = optimizer.flat.weights.clone()
    for _ in range(20):
        optimizer.zero_grad()
        model(torch.ones(2, 8, dtype=torch.bfloat16)).sum().backward()
        optimizer.step()
    moved = (optimizer.flat.weights - before).abs().max()
    assert 1e-6 < float(moved) < 1e-4
    torch.testing.assert_close(model.weight.flatten(), optimizer.flat.weights.bfloat16())


@pytest.mark.parametrize("shape", [(2, 6, 30), (2, 30, 6), (3, 8, 8)])
def test_matrices_are_turned_by_the_textbook_steps(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    a, b, c = COEFFICIENTS
    x = matrices / matrices.norm(dim=(1, 2), keepdim=True)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    torch.testing.assert_close(orthogonal(matrices), x, atol=1e-5, rtol=1e-4)


def test_turned_matrices_are_about_orthogonal() -> None:
    made = orthogonal(torch.randn(3, 8, 20, generator=torch.Generator().manual_seed(0)))
    values = torch.linalg.svdvals(made)
    assert 0.3 < float(values.min()) <= float(values.max()) < 1.4


def test_a_gradient_without_end_changes_nothing_much() -> None:
    model = a_model()
    optimizer = Optimizer(model, 1e-3)
    optimizer.flat.slope.fill_(float("nan"))
    optimizer.step()
    assert bool(optimizer.flat.weights.isfinite().all())


def test_the_mean_weights_follow_and_come_back() -> None:
    model = nn.Linear(2, 2)
    optimizer = Optimizer(model, 1e-2)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
    kept = {name: value.clone() for name, value in MeanWeights(optimizer).state_dict().items()}
    assert set(kept) == {"weight", "bias"}
    between = (kept["bias"] - model.bias.detach()).abs()
    assert 0 < float(between.max()) < 0.05
    assert MEAN_STEPS > 3
    other = Optimizer(nn.Linear(2, 2), 1e-2)
    MeanWeights(other).load_state_dict(kept)
    torch.testing.assert_close(other.mean, optimizer.mean)


def played(work: Callable[[], Tensor]) -> tuple[Tensor, Callable[[], object]]:
    """Record as a CUDA graph does: warm up, then write each result over the last."""
    for _ in range(3):
        work()
    result = work().clone()
    return result, lambda: result.copy_(work())


def refuses(work: Callable[[], Tensor]) -> tuple[Tensor, Callable[[], object]]:
    work()
    raise RuntimeError("operation not permitted when stream is capturing")


def losses(record: Callable[..., tuple[Tensor, Callable[[], object]]] | None) -> list[float]:
    model = a_model()
    optimizer = Optimizer(model, 1e-2)
    steps = Steps(gradient_of(model, optimizer), optimizer, record)
    batches = [a_batch(2 + at % 2, at % 4) for at in range(12)]
    return [float(steps(*batch)) for batch in batches]


def test_recorded_steps_are_the_launched_ones() -> None:
    launched = losses(None)
    assert launched[-1] < launched[0]
    assert losses(played) == pytest.approx(launched, rel=1e-4)


def test_steps_that_cannot_be_recorded_are_launched(capsys: pytest.CaptureFixture[str]) -> None:
    assert losses(refuses) == pytest.approx(losses(None), rel=1e-4)
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 1
    assert "not permitted" in told[0]


def test_a_step_reads_nothing_back() -> None:
    model = a_model()
    optimizer = Optimizer(model, 1e-2)
    steps, batch = Steps(gradient_of(model, optimizer), optimizer, None), a_batch()
    with NoReads():
        steps(*batch)


def jobs() -> Iterator[Job]:
    number = 0
    while True:
        plan = Plan(torch.zeros(1, 9), torch.zeros(1, LAYERS, 7))
        yield Job((1, 1), plan, torch.full((1, 4), number))
        number += 1


def served(uses: int, shelved: int, count: int) -> list[int]:
    def made(job: Job) -> Batch:
        return Batch(job.grid, torch.zeros(1), job.tokens)

    ahead = Ahead(jobs(), made, "cpu", uses, shelved)
    return [int(next(ahead).tokens[0, 0]) for _ in range(count)]


def test_batches_come_in_order_and_once() -> None:
    assert served(1, 4, 10) == list(range(10))


def test_a_job_gives_as_many_batches_as_said() -> None:
    def made(job: Job) -> Batch:
        return Batch(job.grid, torch.arange(5), torch.arange(5) + job.tokens[0, 0])

    ahead = Ahead(jobs(), made, "cpu", parts=2)
    first, second, third = (next(ahead) for _ in range(3))
    assert first.clean.tolist() == first.tokens.tolist() == [0, 1]
    assert second.clean.tolist() == [2, 3], "the fifth is left over"
    assert third.tokens.tolist() == [1, 2]


def test_batches_are_used_again_apart_and_as_often_as_said() -> None:
    seen = served(3, 5, 300)
    counts = [seen.count(number) for number in range(max(seen) + 1)]
    assert max(counts) == 3
    assert sum(count == 3 for count in counts) > 80
    assert seen[:5] == [0, 1, 2, 3, 4]


def test_ways_are_named_for_a_reader() -> None:
    assert str(Way(8)) == "eager, batch 8"
    named = str(Way(8, graphed=True, compiled=True, channels_last=False))
    assert named == "graphs, compiled, channels first, batch 8"


def test_only_what_works_is_tried() -> None:
    assert list(ways(4, frozenset(), lambda: Way(4))) == [Way(4), Way(8)]
    compiled = Way(4, graphed=True, compiled=True)
    every = list(ways(4, frozenset({"graphs", "compiled"}), lambda: compiled))
    assert every == [Way(4), Way(4, True), Way(4, True, channels_last=False), compiled]


def test_slow_composing_is_made_up_for_by_uses() -> None:
    assert judged(Way(100), 10, 1).uses == 1
    assert judged(Way(100), 10, 1).rate == pytest.approx(100 / 0.011)
    assert judged(Way(100), 10, 5).uses == 2
    assert judged(Way(100), 10, 100).uses == 3


def test_a_larger_batch_has_to_bring_more() -> None:
    assert Choice(Way(2048), 1100).score < Choice(Way(1024), 1000).score
    assert Choice(Way(2048), 1300).score > Choice(Way(1024), 1000).score


def test_time_is_told_for_host_and_device() -> None:
    found = timed(lambda: None, "cpu", 0.0)
    assert 0 <= found.launched <= found.done < 100
    assert str(Timing(1.23, 4.56)) == "4.6 (1.2)"


def a_trial(folder: Path, says: str, limit_s: float = 60) -> Trial:
    return Trial([sys.executable, "-c", says], folder / "probe.log", limit_s)


def test_a_trial_that_ends_badly_tells_what_worked_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says = (
        "import os; print('works: graphs 1.5 s', flush=True); print('hm', flush=True); os.abort()"
    )
    assert a_trial(tmp_path, says).able() == {"graphs"}
    told = capsys.readouterr().out
    assert "hm" in told
    assert "trial of probe: ['graphs']" in told


def test_a_trial_that_hangs_is_given_up(tmp_path: Path) -> None:
    assert a_trial(tmp_path, "import time; time.sleep(60)", limit_s=0.2).able() == frozenset()


@pytest.mark.slow
def test_no_one_waits_longer_for_a_trial_than_wanted(tmp_path: Path) -> None:
    says = "import time; print('works: graphs 1.5 s', flush=True); time.sleep(60)"
    trial = a_trial(tmp_path, says)
    wait_for(trial.told.read_text)
    assert trial.able(patience_s=0) == {"graphs"}
