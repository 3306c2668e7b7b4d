"""Making rows on the real engine over a fake model: tries, ends, fullness."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from batch.config import JobConfig
from batch.making.attempts import Check, CheckFailed, RowMaker
from batch.making.generation import generate
from batch.marking import job_marks
from batch.output.outcomes import Judgment, Outcome, Reason
from batch.planning.rows import PlannedRow, make_request
from engines.datasets.marking import NoMarks
from engines.errors import Canceled, GenerationFailed, InferloopError, ReplicaLost
from engines.images.formats.png import without_mark
from engines.images.png_text import read_png_text
from engines.protocols import GenerationListener
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.log import LOG_FOLDER, MarkLog
from engines.provenance.marks import Marks
from engines.provenance.signing import C2paSigner
from engines.storage.folder.storage import FolderStorage
from engines.testing.diffusion import FakeEngine
from engines.types import GeneratedImage, GenerationRequest
from inferloop_synthdata.marks.reading import read_mark
from tests.waiting import until

MakeConfig = Callable[..., JobConfig]
MADE_AT = datetime(2026, 1, 2, tzinfo=UTC)


def verdict(passed: bool) -> Judgment:
    reasons = () if passed else (Reason("low_quality", "too dull"),)
    return Judgment(passed, reasons, {"quality_score": float(passed)}, (), (0, 0), b"")


async def all_pass(content: bytes, row_id: str) -> Judgment:
    return verdict(True)


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine()
    engine.start()
    yield engine
    engine.shutdown()


def as_is(request: GenerationRequest, image: GeneratedImage) -> GeneratedImage:
    return image


def a_maker(
    engine: FakeEngine,
    config: JobConfig,
    check: Check = all_pass,
    heard: Counter[str] | None = None,
) -> RowMaker:
    counts = Counter[str]() if heard is None else heard
    slots, room = asyncio.Semaphore(config.resources.in_flight), asyncio.Semaphore(64)

    def tell(what: str) -> None:
        counts[what] += 1

    return RowMaker(engine, check, as_is, config, {"numpy": "2"}, MADE_AT, slots, room, tell)


def rows(count: int, **parameters: int | str) -> list[PlannedRow]:
    return [PlannedRow(f"{n:024x}", n, {"prompt": f"bird {n}", **parameters}) for n in range(count)]


def make(maker: RowMaker, planned: list[PlannedRow]) -> tuple[Outcome, ...]:
    return asyncio.run(maker.make_all(planned))


def test_every_row_ends_in_order(engine: FakeEngine, make_config: MakeConfig) -> None:
    heard = Counter[str]()
    planned = rows(40)
    outcomes = make(a_maker(engine, make_config(), heard=heard), planned)
    assert [o.row_id for o in outcomes] == [row.row_id for row in planned]
    assert {o.status for o in outcomes} == {"written"}
    assert heard == {"image": 40, "written": 40}


def test_the_engine_works_on_many_rows_in_a_step(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    make(a_maker(engine, make_config()), rows(40))
    stats = engine.stats()
    assert stats.images_total == 40
    assert stats.steps_total < 40 * 3 / 4


def test_the_same_row_is_the_same_file(engine: FakeEngine, make_config: MakeConfig) -> None:
    first = make(a_maker(engine, make_config()), rows(3))
    again = make(a_maker(engine, make_config()), rows(2))
    assert first[1].image is not None
    assert again[1].image is not None
    assert first[1].image.png == again[1].image.png


def test_a_marked_row_is_the_same_file_but_for_its_mark(
    engine: FakeEngine, make_config: MakeConfig, storage: FolderStorage
) -> None:
    plain = a_maker(engine, make_config())
    marked = replace(plain, marks=marks_in(storage))
    (bare,), (first,), (again,) = (make(maker, rows(1)) for maker in (plain, marked, marked))
    assert bare.image is not None
    assert first.image is not None
    assert again.image is not None
    assert first.image.png != again.image.png
    assert without_mark(first.image.png) == without_mark(again.image.png) == bare.image.png
    found = read_mark(first.image.png)
    assert (found["mark"], found["changed"], found["made_by_ai"]) == ("present", False, True)
    assert found["recipe_matches"] is True
    files = (first.image.png, again.image.png)
    digests = [hashlib.sha256(file).hexdigest() for file in files]
    lines = [json.loads(line) for line in log_lines(storage)]
    assert [line["file_sha256"] for line in lines] == digests
    assert first.image.record["sha256"] == digests[0]


def marks_in(storage: FolderStorage) -> Marks:
    identity, _ = identity_in(new_bundle())
    return Marks(C2paSigner(identity), identity, MarkLog(storage), MarksConfig())


def log_lines(storage: FolderStorage) -> list[bytes]:
    return [
        line for stat in storage.list(LOG_FOLDER) for line in storage.read(stat.key).splitlines()
    ]


def test_a_job_without_marks_makes_no_key(storage: FolderStorage) -> None:
    assert type(job_marks(MarksConfig(enabled=False), storage)) is NoMarks
    assert list(storage.list("")) == []


def test_the_file_tells_how_it_was_made(engine: FakeEngine, make_config: MakeConfig) -> None:
    row = PlannedRow("ab", 5, {"prompt": "x", "seed": 3}, {"label": "cat"})
    (outcome,) = make(a_maker(engine, make_config()), [row])
    assert outcome.image is not None
    record = outcome.image.record
    assert (record["id"], record["file_name"], record["dataset"]) == ("ab", "ab.png", "birds")
    assert record["metadata"] == {"index": 5, "attempt": 0, "label": "cat"}
    inside = orjson.loads(read_png_text(io.BytesIO(outcome.image.png))["inferloop.recipe"])
    assert inside["parameters"] == record["parameters"]
    assert inside["parameters"]["seed"] == 3
    assert inside["created_at"].startswith("2026-01-02")


def test_a_row_is_tried_again_with_another_seed_until_it_passes(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    seen: list[bytes] = []

    async def third_passes(content: bytes, row_id: str) -> Judgment:
        seen.append(content)
        return verdict(len(seen) == 3)

    heard = Counter[str]()
    (outcome,) = make(a_maker(engine, make_config(), third_passes, heard), rows(1))
    assert (outcome.status, outcome.attempts) == ("written", 3)
    assert len(set(seen)) == 3
    assert outcome.image is not None
    assert outcome.image.png == seen[2]
    assert outcome.image.record["metadata"] == {"index": 0, "attempt": 2}
    assert heard == {"image": 3, "written": 1}


def test_a_row_that_never_passes_is_rejected_with_its_last_image(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    async def none_passes(content: bytes, row_id: str) -> Judgment:
        return verdict(False)

    config = make_config(tries={"images": 2})
    (outcome,) = make(a_maker(engine, config, none_passes), rows(1))
    assert (outcome.status, outcome.attempts) == ("rejected", 2)
    assert outcome.reasons == (Reason("low_quality", "too dull"),)
    assert outcome.image is not None


def test_a_bad_row_is_rejected_and_costs_no_other(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    planned = [
        *rows(1),
        PlannedRow("bad", 1, {}, fault="not JSON"),
        PlannedRow("model", 2, {"prompt": "x", "model_id": "nobody/knows"}),
    ]
    outcomes = make(a_maker(engine, make_config()), planned)
    assert [o.status for o in outcomes] == ["written", "rejected", "rejected"]
    assert outcomes[1].reasons == (Reason("invalid_row", "not JSON"),)
    assert outcomes[2].reasons[0].code == "invalid_row"
    assert "nobody/knows" in outcomes[2].reasons[0].message


def test_a_row_without_a_verdict_has_failed(engine: FakeEngine, make_config: MakeConfig) -> None:
    async def no_checker(content: bytes, row_id: str) -> Judgment:
        raise CheckFailed("The image killed its checker 3 times")

    (outcome,) = make(a_maker(engine, make_config(), no_checker), rows(1))
    assert (outcome.status, outcome.attempts) == ("failed", 1)
    assert outcome.reasons == (Reason("no_verdict", "The image killed its checker 3 times"),)


def test_a_surprise_costs_one_row(engine: FakeEngine, make_config: MakeConfig) -> None:
    async def surprised(content: bytes, row_id: str) -> Judgment:
        if row_id.endswith("1"):
            raise ZeroDivisionError
        return verdict(True)

    outcomes = make(a_maker(engine, make_config(), surprised), rows(3))
    assert [o.status for o in outcomes] == ["written", "failed", "written"]
    assert outcomes[1].reasons == (Reason("error_internal", "ZeroDivisionError"),)


class FailingEngine(FakeEngine):
    """Fails what is submitted with the errors it was given, then works."""

    def __init__(self, *errors: InferloopError) -> None:
        super().__init__()
        self._errors = list(errors)

    def submit(self, request: GenerationRequest, listener: GenerationListener) -> None:
        if self._errors:
            listener.failed(self._errors.pop(0))
        else:
            super().submit(request, listener)


def test_an_error_of_the_engine_is_tried_again(make_config: MakeConfig) -> None:
    engine = FailingEngine(GenerationFailed("NaN"), GenerationFailed("NaN"))
    engine.start()
    (outcome,) = make(a_maker(engine, make_config()), rows(1))
    engine.shutdown()
    assert (outcome.status, outcome.attempts) == ("written", 3)


def test_an_error_that_stays_is_a_failed_row(make_config: MakeConfig) -> None:
    engine = FailingEngine(*(GenerationFailed("NaN") for _ in range(3)))
    (outcome,) = make(a_maker(engine, make_config()), rows(1))
    assert outcome.status == "failed"
    assert outcome.reasons == (Reason("error_internal_error", "NaN"),)


@pytest.mark.parametrize("gone", [ReplicaLost("died"), Canceled("shut down")])
def test_an_engine_that_is_gone_is_nobodys_fault(
    make_config: MakeConfig, gone: InferloopError
) -> None:
    engine = FailingEngine(gone)
    with pytest.raises(ExceptionGroup) as raised:
        make(a_maker(engine, make_config()), rows(1))
    assert raised.group_contains(type(gone))


def test_a_full_queue_is_waited_for(make_config: MakeConfig) -> None:
    config = make_config()
    small = config.engine.model_copy(update={"max_queued": 2})
    engine = FakeEngine(config=small)
    engine.start()
    outcomes = make(a_maker(engine, config), rows(20))
    engine.shutdown()
    assert {o.status for o in outcomes} == {"written"}


def test_awaiting_less_stops_the_engine(make_config: MakeConfig) -> None:
    engine = FakeEngine(step_s=0.1)
    engine.start()
    request = make_request(rows(1, num_inference_steps=150)[0], make_config(), 0)

    async def leave_early() -> None:
        waiting = asyncio.create_task(generate(engine, request))
        await until(lambda: engine.stats().running == 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(leave_early())
    engine.shutdown()
    assert engine.stats().canceled_total == 1


def test_a_place_in_the_engine_is_taken_again_while_images_are_judged(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    judged = asyncio.Event()
    waiting: list[str] = []

    async def slow(content: bytes, row_id: str) -> Judgment:
        waiting.append(row_id)
        if len(waiting) == 4:  # twice what may be in the engine
            judged.set()
        await judged.wait()
        return verdict(True)

    config = make_config(resources={"in_flight": 2})
    outcomes = make(a_maker(engine, config, slow), rows(8))
    assert len(outcomes) == len(waiting) == 8
