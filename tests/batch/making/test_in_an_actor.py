"""What a job's actors do, called as plain objects: they hold no secret of Ray."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path

import numpy as np
import pytest

from batch.making.alone import LoneMaker
from batch.making.checkers import CheckerActor
from batch.making.generation import generate
from batch.making.journal import Journal
from batch.marking import job_marks
from batch.output.outcome_json import outcome_from_json
from batch.planning.plan import read_rows
from batch.progress import Progress, ProgressBoard
from batch.wiring import JobWiring, library_versions
from engines.datasets.marking import NoMarks
from engines.errors import InferloopError
from engines.provenance.config import MarksConfig
from engines.storage.folder.storage import FolderStorage
from engines.testing.diffusion import FakeEngine, fake_picture
from engines.types import GenerationRequest
from tests.batch.conftest import MakeConfig, picture
from tests.batch.making.test_generators import Board, parts_of, planned
from tests.batch.ray_job import FakeWiring


async def test_a_row_that_ran_alone_is_kept_where_the_next_process_finds_it(
    make_config: MakeConfig,
) -> None:
    config = make_config()
    storage, board = planned(config, rows=2), Board()
    row, other = read_rows(storage, 0)

    await LoneMaker(parts_of(FakeWiring(config, 0.0), board)).make(0, row)
    journal = Journal(storage)
    assert journal.has_alone(0, row.row_id)
    assert not journal.has_alone(0, other.row_id)
    kept = journal.load_alone(0, row.row_id)
    assert kept is not None
    outcome = outcome_from_json(kept)
    assert (outcome.row_id, outcome.status) == (row.row_id, "written")
    assert outcome.image is not None
    assert board.heard == {"image": 1, "written": 1}


def test_a_checker_judges_what_it_is_sent(make_config: MakeConfig) -> None:
    wiring = JobWiring(make_config(), "/out", "/data", "/models")
    judged = CheckerActor(wiring).check(picture(200), "row")
    assert judged.passed
    assert judged.thumbnail.startswith(b"\xff\xd8")
    with pytest.raises(InferloopError):
        CheckerActor(wiring).check(b"no picture", "row")


def test_a_board_adds_up_what_all_tell() -> None:
    board = ProgressBoard()
    assert board.counts() == {}
    board.add({"written": 2, "image": 3})
    board.add({"written": 1, "rejected": 1})
    assert board.counts() == {"written": 3, "image": 3, "rejected": 1}
    board.counts()["written"] = 99
    assert board.counts()["written"] == 3


@pytest.mark.parametrize(
    ("counts", "elapsed_s", "rate"),
    [({}, 10.0, 0.0), ({"written": 5}, 0.0, 0.0), ({"written": 4, "failed": 1}, 2.0, 2.5)],
    ids=["nothing", "at-once", "some"],
)
def test_a_rate_is_of_what_ended_since_the_start(
    counts: dict[str, int], elapsed_s: float, rate: float
) -> None:
    progress = Progress(total=100, before=20, counts=counts, elapsed_s=elapsed_s)
    assert progress.rate == rate
    assert progress.done == 20 + sum(counts.values())


# Marks


def test_every_actor_of_a_machine_marks_with_the_same_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFERLOOP_STATE_DIR", str(tmp_path / "state"))
    storage = FolderStorage(tmp_path / "out")
    job_marks(MarksConfig(), storage)
    first = {path.name: path.read_bytes() for path in (tmp_path / "state").iterdir()}
    published = {stat.key: storage.read(stat.key) for stat in storage.list("")}
    job_marks(MarksConfig(), storage)
    assert {path.name: path.read_bytes() for path in (tmp_path / "state").iterdir()} == first
    assert {stat.key: storage.read(stat.key) for stat in storage.list("")} == published
    # Whoever gets the dataset gets the authority's certificate with it, and never the key.
    assert published
    assert not any(b"PRIVATE KEY" in content for content in published.values())
    assert any(b"PRIVATE KEY" in content for content in first.values())


def test_marks_that_are_off_make_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERLOOP_STATE_DIR", str(tmp_path / "state"))
    marks = job_marks(MarksConfig(enabled=False), FolderStorage(tmp_path / "out"))
    assert isinstance(marks, NoMarks)
    assert not (tmp_path / "state").exists()


# What travels to the actors


def test_what_actors_are_built_from_can_be_sent_and_holds_no_secret(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    wiring = JobWiring(make_config(), "s3://bucket/out", "s3://bucket", "/models", "http://s3:1")
    content = pickle.dumps(wiring)
    assert b"very-secret" not in content
    assert pickle.loads(content) == wiring


def test_a_missing_library_is_left_out_of_the_versions() -> None:
    versions = library_versions()
    assert {"ray", "torch", "numpy"} <= set(versions)
    assert all(versions.values())


# Awaiting the engine


def request(number: int, **changes: object) -> GenerationRequest:
    asked: dict[str, object] = {
        "image_id": f"image-{number}",
        "prompt": "a fox",
        "model_id": "inferloop-fake",
        "width": 64,
        "height": 64,
        "num_inference_steps": 2,
        "guidance_scale": 1.0,
        "seed": number,
    }
    return GenerationRequest(**(asked | changes))  # type: ignore[arg-type]


async def test_images_of_one_engine_come_to_whoever_asked_for_them() -> None:
    engine = FakeEngine()
    engine.start()
    try:
        images = await asyncio.gather(*(generate(engine, request(number)) for number in range(20)))
    finally:
        engine.shutdown()
    for number, image in enumerate(images):
        assert np.array_equal(image.pixels, fake_picture(request(number)))


async def test_what_the_engine_refuses_at_once_is_raised() -> None:
    engine = FakeEngine()
    engine.start()
    try:
        with pytest.raises(InferloopError):
            await generate(engine, request(1, model_id="nobody/knows-it"))
    finally:
        engine.shutdown()
