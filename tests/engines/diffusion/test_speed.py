"""`speed`: exact leaves out nothing; the other modes leave out what the model's entry says, tell
it, and touch nobody else's picture."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from engines.diffusion.config import ModelEntry
from engines.diffusion.engine import StepEngine
from engines.diffusion.speed import Shortcuts, SpeedModes, told
from engines.types import GeneratedImage, GenerationRequest
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    drive,
    engine_config,
    request,
    tiny_entry,
)
from tests.engines.diffusion.test_equivalence import (
    TOLERANCE,
    difference,
    plain_picture,
    plain_pipeline,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

DEEP = Shortcuts(deep_features_every=2)
INTERVAL = Shortcuts(guidance_from=0.25, guidance_until=0.75)
MODES = SpeedModes(balanced=DEEP, fast=INTERVAL)


def engine(modes: SpeedModes = MODES, **changes: Any) -> StepEngine:
    return StepEngine(engine_config(tiny_entry(speed=modes, **changes)), FakeClock())


def made(over: StepEngine, *wanted: GenerationRequest) -> list[GeneratedImage]:
    listeners = [RecordingListener() for _ in wanted]
    for each, listener in zip(wanted, listeners, strict=True):
        over.submit(each, listener)
    drive(over, listeners)
    images = [each.image for each in listeners]
    over.shutdown()
    return [image for image in images if image is not None]


def four_steps(image_id: str = "image", **changes: Any) -> GenerationRequest:
    return request(image_id, num_inference_steps=4, **changes)


def test_exact_is_the_default_and_says_so() -> None:
    (image,) = made(engine(), four_steps())
    assert image.speed == {"mode": "exact"}
    assert difference(image.pixels, plain_picture(plain_pipeline(None), four_steps())) <= TOLERANCE


@pytest.mark.parametrize("noise_scheduler", [None, "dpmsolver++", "heun"])
@pytest.mark.parametrize("speed", ["balanced", "fast"])
def test_a_mode_is_another_picture_near_to_it_and_the_same_in_any_company(
    speed: Any, noise_scheduler: Any
) -> None:
    wanted = four_steps("mine", speed=speed)
    (alone,) = made(engine(noise_scheduler=noise_scheduler), wanted)
    company = [
        four_steps("exact", seed=2),
        request("short", num_inference_steps=3, speed="balanced", seed=3),
        wanted,
        four_steps("unguided", guidance_scale=1.0, speed="balanced", seed=4),
        four_steps("fast", speed="fast", seed=5),
    ]
    together = made(engine(noise_scheduler=noise_scheduler), *company)
    mine = next(each for each in together if each.speed == alone.speed and _like(each, alone))
    assert difference(mine.pixels, alone.pixels) <= TOLERANCE
    plain = plain_pipeline(noise_scheduler)
    assert difference(alone.pixels, plain_picture(plain, wanted)) > 0
    assert difference(together[0].pixels, plain_picture(plain, company[0])) <= TOLERANCE


def _like(one: GeneratedImage, other: GeneratedImage) -> bool:
    return difference(one.pixels, other.pixels) <= 2 * TOLERANCE


def test_no_guidance_at_all_is_the_picture_without() -> None:
    modes = SpeedModes(fast=Shortcuts(guidance_until=0.0))
    (image,) = made(engine(modes), four_steps(speed="fast"))
    unguided = plain_picture(plain_pipeline(None), four_steps(guidance_scale=1.0))
    assert difference(image.pixels, unguided) <= TOLERANCE


def test_a_guided_image_takes_two_rows_only_where_there_is_guidance() -> None:
    over = engine()
    made(over, four_steps(speed="fast"))
    assert over.stats().rows_total == 1 + 2 + 2 + 1


def test_rows_that_are_free_for_a_while_are_given_to_others() -> None:
    modes = SpeedModes(fast=Shortcuts(guidance_from=0.5))
    config = engine_config(tiny_entry(speed=modes), max_step_latent_px=2 * 64)
    over = StepEngine(config, FakeClock())
    heard = [RecordingListener(), RecordingListener()]
    over.submit(four_steps("a", speed="fast"), heard[0])
    over.submit(four_steps("b", guidance_scale=1.0), heard[1])
    wait_for(lambda: over.step() and over.stats().steps_total == 1)
    assert over.stats().rows_total == 1, "its first step was counted as of two rows"
    over.step()
    assert over.stats().rows_total == 3
    drive(over, heard)
    over.shutdown()


def test_fewer_steps_are_the_picture_of_so_many_and_progress_counts_those_asked_for() -> None:
    over = engine(SpeedModes(fast=Shortcuts(most_steps=2)))
    heard = RecordingListener()
    over.submit(four_steps(speed="fast"), heard)
    drive(over, [heard])
    assert heard.image is not None
    assert heard.steps == [1, 2, 3, 4]
    assert heard.image.speed["steps"] == 2
    of_two = plain_picture(plain_pipeline(None), request(num_inference_steps=2))
    assert difference(heard.image.pixels, of_two) <= TOLERANCE
    over.shutdown()


def test_the_entry_names_the_default_and_the_request_goes_before_it() -> None:
    modes = MODES.model_copy(update={"default": "balanced"})
    images = made(engine(modes), four_steps("a"), four_steps("b", speed="exact"))
    assert sorted(str(each.speed["mode"]) for each in images) == ["balanced", "exact"]


def test_a_recipe_says_what_was_left_out() -> None:
    (image,) = made(engine(), four_steps(speed="balanced"))
    assert image.speed == {
        "mode": "balanced",
        "guidance_from": 0.0,
        "guidance_until": 1.0,
        "deep_features_every": 2,
        "steps": 4,
        "outer_layers": 2,
    }
    assert "outer_layers" not in told("fast", INTERVAL, 4, 2)


def test_an_entry_may_name_the_mode_alone() -> None:
    entry = ModelEntry.model_validate({"id": "m", "source": {"kind": "tiny"}, "speed": "fast"})
    assert entry.speed == SpeedModes(default="fast")


@pytest.mark.parametrize(
    "given",
    [
        "quick",
        {"balanced": {"deep_features_every": 0}},
        {"fast": {"guidance_from": 0.8, "guidance_until": 0.2}},
        {"exact": {"most_steps": 2}},
    ],
)
def test_an_impossible_mode_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        SpeedModes.model_validate(given)


def test_the_shipped_modes_leave_out_more_and_more() -> None:
    modes = SpeedModes()
    assert modes.of(None) == modes.of("exact") == Shortcuts()
    assert modes.balanced.deep_features_every > 1
    assert modes.balanced.steps(50) == 50 > modes.fast.steps(50)
