"""What a request's listener hears, and when: each step once, previews as often as asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from engines.diffusion.scheduling.generation import Generation
from engines.errors import GenerationFailed
from engines.types import GeneratedImage, StepProgress
from tests.engines.diffusion.rig import RecordingListener, request, tiny_entry


@dataclass
class Evaluations:
    """How far the denoiser is."""

    evaluations_done: int = 0
    evaluations_total: int = 6
    rows: int = 2


@dataclass
class Deaf(RecordingListener):
    """A listener that raises at whatever it hears."""

    heard: list[object] = field(default_factory=list)

    def progress(self, event: StepProgress) -> None:
        self._raise(event)

    def finished(self, image: GeneratedImage) -> None:
        self._raise(image)

    def failed(self, error: Exception) -> None:
        self._raise(error)

    def _raise(self, event: object) -> None:
        self.heard.append(event)
        raise OSError("gone")


def generation(listener: RecordingListener, state: Any = None, **changes: Any) -> Generation:
    return Generation(request(**changes), listener, tiny_entry(), 10.0, denoising=state)


def test_before_its_first_step_nothing_is_told() -> None:
    listener = RecordingListener()
    waiting = generation(listener)
    waiting.report(b"preview")
    assert listener.events == []
    assert (waiting.steps_done, waiting.rows, waiting.is_denoised) == (0, 0, False)


@pytest.mark.parametrize("total", [3, 5, 6])
def test_every_step_is_told_once_however_many_evaluations_it_takes(total: int) -> None:
    """Some noise schedulers evaluate the denoiser twice in most steps."""
    listener, state = RecordingListener(), Evaluations(evaluations_total=total)
    under_way = generation(listener, state)
    for done in range(total + 1):
        state.evaluations_done = done
        under_way.report(None)
        under_way.report(None)
    assert listener.steps == [1, 2, 3]
    assert under_way.is_denoised


def test_of_several_steps_at_once_the_newest_has_the_preview() -> None:
    listener, state = RecordingListener(), Evaluations(evaluations_done=6)
    generation(listener, state).report(b"preview")
    assert [event.preview_jpeg for event in listener.events] == [None, None, b"preview"]
    assert {event.total_steps for event in listener.events} == {3}


def test_after_its_end_no_step_is_told() -> None:
    listener = RecordingListener()
    ended = generation(listener, Evaluations(evaluations_done=6))
    ended.ended = True
    ended.report(b"preview")
    assert listener.events == []


def test_a_listener_that_raises_hears_all_the_same() -> None:
    listener = Deaf()
    under_way = generation(listener, Evaluations(evaluations_done=4))
    under_way.report(None)
    error = GenerationFailed("x")
    under_way.tell_failed(error)
    assert [type(each) for each in listener.heard[:2]] == [StepProgress, StepProgress]
    assert listener.heard[2:] == [error]


@pytest.mark.parametrize(
    ("previews", "last", "now", "wanted"),
    [
        (False, float("-inf"), 0.0, False),
        (True, float("-inf"), 0.0, True),
        (True, 10.0, 10.49, False),
        (True, 10.0, 10.5, True),
    ],
)
def test_a_preview_is_due_when_the_last_one_is_old_enough(
    previews: bool, last: float, now: float, wanted: bool
) -> None:
    asked = generation(RecordingListener(), previews=previews)
    asked.previewed_at = last
    assert asked.wants_preview(now, 0.5) is wanted


@pytest.mark.parametrize(("started", "denoised"), [(12.0, 17.0), (12.0, None), (None, None)])
def test_parts_of_its_time_add_up_to_the_whole(
    started: float | None, denoised: float | None
) -> None:
    ended = generation(RecordingListener())
    ended.started_at, ended.denoised_at = started, denoised
    found = ended.timing(decoding_at=20.0, now=21.5)
    parts = (found.queued_s, found.denoising_s, found.waiting_s, found.decoding_s)
    assert sum(parts) == 11.5
    assert min(parts) >= 0
    assert found.decoding_s == 1.5
