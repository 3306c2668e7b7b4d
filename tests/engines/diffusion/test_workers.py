"""Parts of the engine's work on several threads: at the same time, each outcome at its place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from engines.diffusion.config import TinySource
from engines.diffusion.contract import DecodedImage, RunnerInfo
from engines.diffusion.denoiser.named_inputs import NamedInputs
from engines.diffusion.denoiser.row_parts import RowParts, one_thread_each
from engines.diffusion.engine import StepEngine
from engines.diffusion.models import tiny
from engines.diffusion.models.loading import runner_over
from engines.diffusion.sizes import SizeRule
from engines.diffusion.workers import Workers
from engines.errors import GenerationFailed
from engines.testing.diffusion import FakeDenoising, FakeRunner
from tests.engines.diffusion.faults import always
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
    generate_mixed,
    plain_picture,
    plain_pipeline,
    random_requests,
)

PATIENCE_S = 60.0


@pytest.fixture
def two() -> Iterator[Workers]:
    workers = Workers(2)
    yield workers
    workers.close()


class TestWorkers:
    def test_items_are_done_at_the_same_time_and_come_back_in_their_order(
        self, two: Workers
    ) -> None:
        both = threading.Barrier(2)

        def done(item: str) -> str:
            both.wait(PATIENCE_S)
            return item.upper()

        assert two.each(done, ["a", "b"]) == ["A", "B"]

    def test_a_failure_is_the_outcome_of_its_item_alone(self, two: Workers) -> None:
        first, second = two.each(lambda item: 1 // item, [0, 1])
        assert isinstance(first, ZeroDivisionError)
        assert second == 1

    def test_a_single_item_is_done_by_the_caller(self, two: Workers) -> None:
        assert two.each(lambda _: threading.current_thread(), [0]) == [threading.current_thread()]

    def test_without_threads_the_caller_does_everything(self) -> None:
        alone = Workers()
        here = threading.current_thread()
        assert alone.each(lambda _: threading.current_thread(), [0, 1]) == [here, here]
        assert alone.aside(threading.current_thread) is here
        alone.close()

    def test_work_aside_runs_on_a_thread_that_was_prepared(self) -> None:
        prepared: list[threading.Thread] = []
        workers = Workers(2, lambda: prepared.append(threading.current_thread()))
        assert len(set(prepared)) == 2
        assert workers.aside(threading.current_thread) in prepared
        with pytest.raises(ZeroDivisionError):
            workers.aside(lambda: 1 // 0)
        workers.close()

    def test_their_operators_run_on_one_thread_and_the_callers_on_as_many_as_before(self) -> None:
        before = torch.get_num_threads()
        torch.set_num_threads(3)  # tests may run with one thread only, which would prove nothing
        try:
            workers = one_thread_each(2)
            assert workers.aside(torch.get_num_threads) == 1
            assert workers.each(lambda _: torch.get_num_threads(), range(2)) == [1, 1]
            assert torch.get_num_threads() == 3
            later: list[int] = []
            thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
            thread.start()
            thread.join()
            assert later == [3]
            workers.close()
        finally:
            torch.set_num_threads(before)


class Doubling(NamedInputs):
    """Twice the latents; notes the rows and the thread of each forward. NaN is an error."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.threads: set[threading.Thread] = set()

    def predicted(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        latents = inputs["sample"]
        if latents.isnan().any():
            raise ValueError("NaN")
        self.rows.append(len(latents))
        self.threads.add(threading.current_thread())
        assert torch.is_inference_mode_enabled()
        return latents * 2 + inputs["timestep"].view(-1, 1, 1, 1)


class TestRowParts:
    @staticmethod
    @torch.inference_mode()
    def predicted(denoiser: NamedInputs, latents: torch.Tensor) -> torch.Tensor:
        times, states = torch.arange(len(latents)), torch.ones(len(latents), 7, 8)
        return denoiser(latents, times, encoder_hidden_states=states)[0]

    @pytest.mark.parametrize(("rows", "parts"), [(2, [1, 1]), (5, [2, 3]), (8, [4, 4])])
    def test_every_row_gets_its_own_prediction(
        self, two: Workers, rows: int, parts: list[int]
    ) -> None:
        inner, latents = Doubling(), torch.randn(rows, 4, 8, 8)
        found = self.predicted(RowParts(inner, two), latents)
        assert sorted(inner.rows) == parts
        assert threading.current_thread() not in inner.threads
        assert torch.equal(found, self.predicted(Doubling(), latents))

    def test_fewer_rows_than_workers_stay_together(self, two: Workers) -> None:
        inner = Doubling()
        self.predicted(RowParts(inner, two), torch.ones(1, 4, 8, 8))
        assert inner.threads == {threading.current_thread()}

    def test_what_a_part_raises_is_raised(self, two: Workers) -> None:
        latents = torch.ones(4, 4, 8, 8)
        latents[3] = float("nan")
        with pytest.raises(ValueError, match="NaN"):
            self.predicted(RowParts(Doubling(), two), latents)

    @pytest.mark.parametrize("family", ["sd", "sdxl"])
    def test_pictures_of_divided_steps_equal_plain_diffusers(self, family: Any) -> None:
        entry = tiny_entry(source=TinySource(family=family))
        engine = StepEngine(engine_config(entry, torch_threads=2), FakeClock())
        requests = random_requests(5, seed=31)
        listeners = generate_mixed(engine, requests, cancel=set(), seed=5)
        pipe = plain_pipeline(None, xl=family == "sdxl")
        for wanted, listener in zip(requests, listeners, strict=True):
            assert listener.image is not None
            assert difference(listener.image.pixels, plain_picture(pipe, wanted)) <= TOLERANCE
        engine.shutdown()


class Pairing(FakeRunner):
    """Decodes two pictures at once; a picture of the prompt "broken" fails. Keeps a log."""

    def __init__(self, workers: Workers) -> None:
        super().__init__()
        self._workers = workers
        self.log: list[str] = []

    @property
    def info(self) -> RunnerInfo:
        return RunnerInfo("Fake", "fake", memory_bytes=1, sizes=SizeRule(8), workers=self._workers)

    def step(self, batch: Any) -> list[Exception | None]:
        self.log.append("step")
        return super().step(batch)

    def decode(self, denoising: FakeDenoising) -> DecodedImage:
        self.log.append("decode")
        if denoising.request.prompt == "broken":
            raise GenerationFailed("no picture")
        return super().decode(denoising)


class TestDecoding:
    @staticmethod
    def made(two: Workers, *steps: int, prompt: str = "") -> tuple[list[str], list[Any]]:
        """What the model did for requests of so many steps, the first with that prompt."""
        runner = Pairing(two)
        engine = StepEngine(engine_config(), FakeClock(), load=always(runner))
        while not engine.stats().models_loaded:
            first = RecordingListener()
            engine.submit(request("first", num_inference_steps=1), first)
            drive(engine, [first])
        runner.log.clear()
        listeners = [RecordingListener() for _ in steps]
        for index, (count, listener) in enumerate(zip(steps, listeners, strict=True)):
            changes = {"prompt": prompt} if index == 0 and prompt else {}
            engine.submit(request(str(index), num_inference_steps=count, **changes), listener)
        drive(engine, listeners)
        engine.shutdown()
        return runner.log, [each.image or each.error for each in listeners]

    def test_two_that_wait_are_decoded_together(self, two: Workers) -> None:
        log, _ = self.made(two, 1, 1, 2)
        assert log == ["step", "decode", "decode", "step", "decode"]

    def test_one_waits_a_turn_for_another_and_no_longer(self, two: Workers) -> None:
        log, _ = self.made(two, 1, 4)
        assert log == ["step", "step", "decode", "step", "step", "decode"]

    def test_one_that_waited_is_joined_by_the_next(self, two: Workers) -> None:
        log, _ = self.made(two, 1, 2, 4)
        assert log == ["step", "step", "decode", "decode", "step", "step", "decode"]

    @pytest.mark.parametrize(("whole", "at_once"), [(False, 2), (True, 1)])
    def test_whole_calls_take_turns(self, whole: bool, at_once: int) -> None:
        pipe: Any = tiny.build_tiny_pipeline()

        class OtherPipeline(type(pipe)):  # type: ignore[misc]  # a class that is known at run time
            """Of no family whose steps are batched."""

        before = torch.get_num_threads()
        torch.set_num_threads(2)
        try:
            served = OtherPipeline(**pipe.components) if whole else pipe
            runner = runner_over(served, tiny_entry(), engine_config())
        finally:
            torch.set_num_threads(before)
        assert runner.info.workers.count == at_once
        runner.close()

    def test_a_failed_decode_ends_its_own_request_alone(self, two: Workers) -> None:
        _, (first, second) = self.made(two, 1, 1, prompt="broken")
        assert isinstance(first, GenerationFailed)
        assert second.pixels.shape == (64, 64, 3)
