"""Every allowed noise scheduler runs for every number of steps; the fast path is the real class."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from diffusers import DDIMScheduler

from engines.diffusion.config import NoiseSchedulerName
from engines.diffusion.models import tiny
from engines.diffusion.sampling import noise_schedules
from engines.diffusion.sampling.advancing import advance
from engines.diffusion.sampling.recurrences import LinearTable
from engines.diffusion.sampling.trajectory import Trajectory
from tests.engines.diffusion.rig import request

NAMES: tuple[NoiseSchedulerName, ...] = get_args(NoiseSchedulerName)
ZERO_SNR = DDIMScheduler(
    beta_schedule="scaled_linear",
    beta_start=0.00085,
    beta_end=0.012,
    prediction_type="v_prediction",
    rescale_betas_zero_snr=True,
    timestep_spacing="trailing",
    clip_sample=False,
)


@pytest.fixture(scope="module")
def own() -> Any:
    return tiny.build_tiny_pipeline().scheduler


def run(noise_scheduler: Any, steps: int) -> torch.Tensor:
    """A whole trajectory on a stand-in for the model: half of its input."""
    noise_scheduler.set_timesteps(steps)
    generator = torch.Generator("cpu").manual_seed(0)
    latents = torch.randn((1, 4, 2, 2), generator=generator) * noise_scheduler.init_noise_sigma
    prompt: Any = None
    trajectory = Trajectory(request(), latents, prompt, None, generator, None, noise_scheduler)
    while trajectory.evaluations_done < trajectory.evaluations_total:
        trajectory.advance(trajectory.scaled_latents() / 2)
    return trajectory.latents


@pytest.mark.slow
@pytest.mark.parametrize("training", ["own", "zero-snr"])
@pytest.mark.parametrize("name", NAMES)
def test_any_number_of_steps_ends_finite(own: Any, name: NoiseSchedulerName, training: str) -> None:
    template = noise_schedules.chosen(name, own if training == "own" else ZERO_SNR)
    for steps in (1, 2, 3, 150):
        assert bool(run(noise_schedules.fresh(template), steps).isfinite().all()), steps


@pytest.mark.parametrize("name", NAMES)
def test_fresh_has_the_config_and_no_state(own: Any, name: NoiseSchedulerName) -> None:
    template = noise_schedules.chosen(name, own)
    first = run(noise_schedules.fresh(template), 5)
    assert torch.equal(first, run(noise_schedules.fresh(template), 5))
    assert noise_schedules.fresh(template).config == template.config


def test_chosen_keeps_the_training_schedule() -> None:
    euler: Any = noise_schedules.chosen("euler", ZERO_SNR)
    assert euler.config.prediction_type == "v_prediction"
    assert euler.config.rescale_betas_zero_snr is True
    assert type(noise_schedules.chosen(None, ZERO_SNR)) is DDIMScheduler


def outputs(count: int) -> list[torch.Tensor]:
    """Of a model, one for each evaluation."""
    generator = torch.Generator("cpu").manual_seed(5)
    return [torch.randn((1, 4, 3, 3), generator=generator) for _ in range(count)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [2, 19])
@pytest.mark.parametrize("training", ["own", "zero-snr"])
def test_rows_that_advance_by_tables_go_where_the_real_class_goes(
    own: Any, name: NoiseSchedulerName, steps: int, training: str
) -> None:
    template = noise_schedules.chosen(name, own if training == "own" else ZERO_SNR)
    table = noise_schedules.linear_table(template, steps)
    assert isinstance(table, LinearTable)
    scheduler: Any = noise_schedules.fresh(template)
    scheduler.set_timesteps(steps)
    assert table.timesteps == tuple(scheduler.timesteps.tolist())
    alone = on_its_way(None, scheduler, seed=1)
    rows = [on_its_way(table, None, seed=1), on_its_way(table, None, seed=2)]
    for output in outputs(len(table.timesteps)):
        torch.testing.assert_close(
            rows[0].scaled_latents(), alone.scaled_latents(), rtol=1e-4, atol=1e-3
        )
        alone.advance(output)
        latents = torch.cat([each.latents for each in rows])
        assert advance(rows, latents, torch.cat([output, output])) == {}
        torch.testing.assert_close(rows[0].latents, alone.latents, rtol=1e-4, atol=1e-3)
    assert not torch.equal(rows[0].latents, rows[1].latents)


def on_its_way(table: LinearTable | None, noise_scheduler: Any, seed: int) -> Trajectory:
    """A request before its first evaluation; its generator has drawn the first noise."""
    generator = torch.Generator("cpu").manual_seed(seed)
    source: Any = table or noise_scheduler
    latents = torch.randn((1, 4, 3, 3), generator=generator) * float(source.init_noise_sigma)
    prompt: Any = None
    return Trajectory(request(), latents, prompt, None, generator, table, noise_scheduler)


def test_rows_at_different_places_of_different_schedules_share_a_step(own: Any) -> None:
    template = noise_schedules.chosen("unipc", own)
    tables = [noise_schedules.linear_table(template, steps) for steps in (3, 7)]
    alone = [on_its_way(table, None, seed) for seed, table in enumerate(tables)]
    together = [on_its_way(table, None, seed) for seed, table in enumerate(tables)]
    for each, ahead in zip(together, (2, 0), strict=True):
        for output in outputs(ahead):
            advance([each], each.latents, output)
    last = outputs(3)[2]
    advance(together, torch.cat([each.latents for each in together]), torch.cat([last, last]))
    for each, done in zip(alone, (2, 0), strict=True):
        for output in [*outputs(done), last]:
            advance([each], each.latents, output)
    for one, other in zip(alone, together, strict=True):
        torch.testing.assert_close(one.latents, other.latents)


def test_a_row_without_a_table_and_one_with_a_table_share_a_step(own: Any) -> None:
    template = noise_schedules.chosen("deis", own)
    scheduler: Any = noise_schedules.fresh(template)
    scheduler.set_timesteps(4)
    mine = on_its_way(None, scheduler, seed=1)
    other = on_its_way(noise_schedules.linear_table(template, 4), None, seed=1)
    for output in outputs(4):
        latents = torch.cat([mine.latents, other.latents])
        assert advance([mine, other], latents, torch.cat([output, output])) == {}
    torch.testing.assert_close(mine.latents, other.latents, rtol=1e-4, atol=1e-4)


def test_only_as_much_is_kept_as_is_looked_back_at(own: Any) -> None:
    looks_back: dict[NoiseSchedulerName, int] = {"ddim": 0, "heun": 1, "pndm": 3}
    for name, kept in looks_back.items():
        table = noise_schedules.linear_table(noise_schedules.chosen(name, own), 6)
        row = on_its_way(table, None, seed=1)
        for output in outputs(6):
            advance([row], row.latents, output)
        assert len(row.past) == kept, name


@pytest.mark.parametrize("option", ["clip_sample", "thresholding"])
def test_clipping_is_not_linear(own: Any, option: str) -> None:
    clipped = DDIMScheduler.from_config(own.config, **{option: True})
    assert noise_schedules.linear_table(clipped, 5) is None


def test_a_coefficient_that_is_not_finite_has_no_table() -> None:
    """Epsilon prediction at zero terminal SNR divides by zero in the first step."""
    epsilon: Any = DDIMScheduler.from_config(ZERO_SNR.config, prediction_type="epsilon")
    assert noise_schedules.linear_table(epsilon, 5) is None


@pytest.mark.parametrize("name", NAMES)
def test_timesteps_on_the_cpu_move_latents_of_any_device(
    own: Any, name: NoiseSchedulerName
) -> None:
    """As the runner lays them out: reading a timestep then waits for no device. The meta device
    stands for another one than the CPU, and refuses a tensor of the CPU as a GPU does."""
    noise_scheduler: Any = noise_schedules.fresh(noise_schedules.chosen(name, own))
    noise_scheduler.set_timesteps(6, device=torch.device("cpu"))
    latents = torch.empty((1, 4, 2, 2), dtype=torch.float16, device="meta")
    prompt: Any = None
    generator = torch.Generator("cpu")
    trajectory = Trajectory(request(), latents, prompt, None, generator, None, noise_scheduler)
    while trajectory.evaluations_done < trajectory.evaluations_total:
        trajectory.advance(trajectory.scaled_latents() / 2)
    assert trajectory.latents.device.type == "meta"
    assert trajectory.latents.dtype == torch.float16
