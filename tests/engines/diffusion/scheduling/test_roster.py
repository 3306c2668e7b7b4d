"""Who is in the engine: taken in or told why not, in turn, and out exactly once. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from engines.diffusion.config import EngineConfig
from engines.diffusion.counters import Counters
from engines.diffusion.model_options import GuidanceOptions
from engines.diffusion.scheduling.generation import Generation
from engines.diffusion.scheduling.roster import Roster
from engines.diffusion.scheduling.scheduler import Residency
from engines.diffusion.sizes import SizeRule
from engines.errors import (
    Canceled,
    DeadlineExceeded,
    GenerationFailed,
    InferloopError,
    InvalidParameters,
    NotFound,
    Overloaded,
    ReplicaLost,
)
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    engine_config,
    request,
    tiny_entry,
)

ROW_PX = 8 * 8
"""Of a picture of 64 pixels a side, in latent pixels."""


@dataclass
class Shelf:
    """Models that are there unless said otherwise."""

    states: dict[str, Residency] = field(default_factory=dict)
    failures: dict[str, InferloopError] = field(default_factory=dict)

    def residencies(self, model_ids: Sequence[str]) -> dict[str, Residency]:
        return {each: self.states.get(each, Residency.READY) for each in model_ids}

    def take_failures(self) -> dict[str, InferloopError]:
        failures, self.failures = self.failures, {}
        return failures


@dataclass
class Hall:
    """A roster with its clock, its counters and its models."""

    config: EngineConfig = field(default_factory=engine_config)
    clock: FakeClock = field(default_factory=FakeClock)
    counters: Counters = field(default_factory=Counters)
    shelf: Shelf = field(default_factory=Shelf)

    def __post_init__(self) -> None:
        rules = {entry.id: SizeRule(8) for entry in self.config.models}
        self.roster = Roster(self.config, rules, self.counters, self.clock)

    def admit(self, image_id: str = "image", **changes: Any) -> None:
        self.roster.admit(request(image_id, **changes), RecordingListener())

    def batch(self) -> list[Generation]:
        return list(self.roster.next_turn(self.shelf).batch)

    def names(self) -> list[str]:
        return [each.request.image_id for each in self.batch()]

    def ended(self) -> list[tuple[str, type[InferloopError]]]:
        turn = self.roster.next_turn(self.shelf)
        for generation, _ in turn.ended:
            self.roster.end(generation)
        return [(each.request.image_id, type(error)) for each, error in turn.ended]


@pytest.fixture
def hall() -> Hall:
    return Hall()


class TestAdmission:
    @pytest.mark.parametrize(
        ("changes", "refusal", "words"),
        [
            ({"model_id": "no such model"}, NotFound, "no such model"),
            ({"lora": "no such style"}, NotFound, "no such style"),
        ],
    )
    def test_what_the_engine_does_not_have_is_named(
        self, hall: Hall, changes: dict[str, str], refusal: type[InferloopError], words: str
    ) -> None:
        with pytest.raises(refusal, match=words):
            hall.admit(**changes)
        assert hall.roster.everyone() == ()

    def test_an_id_is_free_again_once_its_request_has_ended(self, hall: Hall) -> None:
        hall.admit("fox")
        with pytest.raises(InvalidParameters, match="being generated already"):
            hall.admit("fox")
        hall.roster.cancel("fox")
        assert hall.ended() == [("fox", Canceled)]
        hall.admit("fox")
        assert hall.names() == ["fox"]

    def test_datasets_and_tenants_may_use_the_same_ids_at_once(self, hall: Hall) -> None:
        """Two declared datasets begin with `item-00000` each; so do two tenants with one name."""
        folders: list[dict[str, str]] = [
            {},
            {"dataset": "alpha"},
            {"dataset": "beta"},
            {"space": "alpha"},
            {"space": "alpha", "dataset": "beta"},
            {"space": "beta", "dataset": "beta"},
        ]
        for folder in folders:
            hall.admit("item-00000", **folder)
        for folder in folders:
            with pytest.raises(InvalidParameters, match="being generated already"):
                hall.admit("item-00000", **folder)
        everyone = hall.roster.everyone()
        assert len(everyone) == len({each.request.place for each in everyone}) == len(folders)
        hall.roster.cancel(everyone[1].request.place)
        ((ended, _),) = hall.roster.next_turn(hall.shelf).ended
        assert ended.request.dataset == "alpha"
        assert hall.roster.end(ended)
        assert len(hall.batch()) == len(folders) - 1

    def test_the_queue_takes_so_many_and_one_that_runs_is_not_in_it(self) -> None:
        hall = Hall(engine_config(max_queued=2))
        hall.admit("a")
        assert hall.names() == ["a"]
        hall.admit("b")
        hall.admit("c")
        with pytest.raises(Overloaded):
            hall.admit("d")
        assert hall.roster.gauges == (2, 1, 0)

    @pytest.mark.parametrize(
        ("images", "step_s", "retry_s"),
        [(0, 0.0, 2.0), (10, 1.0, 1.0), (10, 50.0, 10.0), (1, 1e6, 60.0)],
    )
    def test_who_is_refused_hears_when_to_come_back(
        self, images: int, step_s: float, retry_s: float
    ) -> None:
        """By what an image took so far, for all that wait; from 1 to 60 seconds."""
        hall = Hall(engine_config(max_queued=2))
        hall.counters.images_total, hall.counters.step_s_total = images, step_s
        hall.admit("a")
        hall.admit("b")
        with pytest.raises(Overloaded) as refusal:
            hall.admit("c")
        assert refusal.value.retry_after_s == retry_s

    def test_after_the_close_nobody_gets_in_and_who_is_in_stays(self, hall: Hall) -> None:
        hall.admit("a")
        hall.roster.close()
        with pytest.raises(ReplicaLost):
            hall.admit("b")
        assert hall.names() == ["a"]

    def test_a_scale_that_means_another_for_the_model_is_noted(self) -> None:
        hall = Hall(engine_config(tiny_entry(guidance=GuidanceOptions(gain=0.5))))
        hall.admit("mapped", guidance_scale=7.0)
        hall.admit("same", guidance_scale=1.0)
        mapped, same = hall.roster.everyone()
        assert mapped.request.guidance_scale == 4.0
        assert mapped.notes == ("guidance_scale 7 means 4 for this model",)
        assert same.notes == ()


class TestEnds:
    def test_whoever_is_canceled_twice_ends_once(self, hall: Hall) -> None:
        hall.admit("a")
        hall.roster.cancel("a")
        hall.roster.cancel("a")
        hall.roster.cancel("a stranger")
        assert hall.ended() == [("a", Canceled)]
        assert hall.ended() == []
        assert hall.roster.gauges == (0, 0, 0)

    def test_a_deadline_counts_from_admission_to_the_moment_itself(self, hall: Hall) -> None:
        hall.clock.advance(100)
        hall.admit("a", deadline_s=5.0)
        hall.admit("b")
        hall.clock.advance(4.999)
        assert hall.ended() == []
        hall.clock.advance(0.001)
        assert hall.ended() == [("a", DeadlineExceeded)]
        assert [each.request.image_id for each in hall.roster.everyone()] == ["b"]

    def test_a_model_that_does_not_load_ends_its_own_requests(self) -> None:
        hall = Hall(engine_config(tiny_entry(), tiny_entry(id="other")))
        hall.shelf.states["other"] = Residency.LOADING
        hall.admit("a", model_id="other")
        hall.admit("b")
        hall.shelf.failures["other"] = GenerationFailed("no room")
        assert hall.ended() == [("a", GenerationFailed)]
        assert hall.names() == ["b"]

    def test_an_end_is_told_to_one_alone(self, hall: Hall) -> None:
        hall.admit("a")
        (generation,) = hall.batch()
        assert hall.roster.end(generation)
        assert not hall.roster.end(generation)
        hall.roster.finish_steps(generation)  # its decode came too late
        assert hall.roster.to_decode() == []

    def test_without_work_a_turn_says_so(self, hall: Hall) -> None:
        assert not hall.roster.next_turn(hall.shelf).has_work
        hall.admit("a")
        assert hall.roster.next_turn(hall.shelf).has_work
        hall.roster.cancel("a")
        assert hall.roster.next_turn(hall.shelf).has_work


class TestTurns:
    def test_finished_latents_are_decoded_in_their_order_and_hold_up_new_steps(self) -> None:
        hall = Hall(engine_config(max_decoding=2))
        for name in ("a", "b", "c"):
            hall.admit(name)
        first, second, third = hall.batch()
        hall.roster.finish_steps(second)
        assert hall.batch() == [first, third]
        hall.roster.finish_steps(first)
        assert hall.batch() == []  # the decoder is behind
        assert hall.roster.to_decode() == [second, first]
        hall.roster.end(second)
        assert hall.roster.to_decode() == [first]
        assert hall.batch() == [third]

    def test_a_step_that_did_not_fit_is_halved(self, hall: Hall) -> None:
        for name in "abcd":
            hall.admit(name)
        crowd = hall.batch()
        assert len(crowd) == 4
        hall.roster.did_not_fit(crowd)
        assert hall.roster.step_budgets_px == {"tiny": 4 * 2 * ROW_PX // 2}
        assert hall.names() == ["a", "b"]

    @pytest.mark.parametrize(("rows", "names"), [(1, "a"), (2, "a"), (4, "ab"), (5, "ab")])
    def test_a_step_holds_no_more_rows_than_are_worth_it(
        self, hall: Hall, rows: int, names: str
    ) -> None:
        """A guided request has two; one that is larger than a step runs alone."""
        for name in "abc":
            hall.admit(name)
        hall.roster.fit("tiny", rows, 64)
        assert "".join(hall.names()) == names
        assert hall.roster.step_budgets_px == {"tiny": rows * ROW_PX}

    def test_pictures_of_another_size_are_in_another_step(self, hall: Hall) -> None:
        hall.admit("a")
        hall.admit("b", width=72)
        hall.admit("c", width=66)  # drawn at 72 as well
        assert sorted([hall.names(), hall.names()]) == [["a"], ["b", "c"]]
