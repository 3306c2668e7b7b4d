"""Making rows on the real engine over a fake model: tries, ends, fullness."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from dataclasses import replace

import orjson

from batch.marking import job_marks
from batch.output.outcomes import Judgment, Reason
from batch.planning.rows import PlannedRow
from engines.datasets.marking import NoMarks
from engines.images.formats.png import without_mark
from engines.images.png_text import read_png_text
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.log import LOG_FOLDER, MarkLog
from engines.provenance.marks import Marks
from engines.provenance.signing import C2paSigner
from engines.storage.folder.storage import FolderStorage
from engines.testing.diffusion import FakeEngine
from inferloop_synthdata.marks.reading import read_mark
from tests.batch.making.makers import (
    MakeConfig,
    a_maker,
    make,
    rows,
    verdict,
)


async def test_every_row_ends_in_order(engine: FakeEngine, make_config: MakeConfig) -> None:
    heard = Counter[str]()
    planned = rows(40)
    outcomes = await make(a_maker(engine, make_config(), heard=heard), planned)
    assert [o.row_id for o in outcomes] == [row.row_id for row in planned]
    assert {o.status for o in outcomes} == {"written"}
    assert heard == {"image": 40, "written": 40}


async def test_the_engine_works_on_many_rows_in_a_step(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    await make(a_maker(engine, make_config()), rows(40))
    stats = engine.stats()
    assert stats.images_total == 40
    assert stats.steps_total < 40 * 3 / 4


async def test_the_same_row_is_the_same_file(engine: FakeEngine, make_config: MakeConfig) -> None:
    first = await make(a_maker(engine, make_config()), rows(3))
    again = await make(a_maker(engine, make_config()), rows(2))
    assert first[1].image is not None
    assert again[1].image is not None
    assert first[1].image.png == again[1].image.png


async def test_a_marked_row_is_the_same_file_but_for_its_mark(
    engine: FakeEngine, make_config: MakeConfig, storage: FolderStorage
) -> None:
    plain = a_maker(engine, make_config())
    marked = replace(plain, marks=marks_in(storage))
    (bare,), (first,), (again,) = [await make(maker, rows(1)) for maker in (plain, marked, marked)]
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


async def test_the_file_tells_how_it_was_made(engine: FakeEngine, make_config: MakeConfig) -> None:
    row = PlannedRow("ab", 5, {"prompt": "x", "seed": 3}, {"label": "cat"})
    (outcome,) = await make(a_maker(engine, make_config()), [row])
    assert outcome.image is not None
    record = outcome.image.record
    assert (record["id"], record["file_name"], record["dataset"]) == ("ab", "ab.png", "birds")
    assert record["metadata"] == {"index": 5, "attempt": 0, "label": "cat"}
    inside = orjson.loads(read_png_text(io.BytesIO(outcome.image.png))["inferloop.recipe"])
    assert inside["parameters"] == record["parameters"]
    assert inside["parameters"]["seed"] == 3
    assert inside["created_at"].startswith("2026-01-02")


async def test_a_row_is_tried_again_with_another_seed_until_it_passes(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    seen: list[bytes] = []

    async def third_passes(content: bytes, row_id: str) -> Judgment:
        seen.append(content)
        return verdict(len(seen) == 3)

    heard = Counter[str]()
    (outcome,) = await make(a_maker(engine, make_config(), third_passes, heard), rows(1))
    assert (outcome.status, outcome.attempts) == ("written", 3)
    assert len(set(seen)) == 3
    assert outcome.image is not None
    assert outcome.image.png == seen[2]
    assert outcome.image.record["metadata"] == {"index": 0, "attempt": 2}
    assert heard == {"image": 3, "written": 1}


async def test_a_row_that_never_passes_is_rejected_with_its_last_image(
    engine: FakeEngine, make_config: MakeConfig
) -> None:
    async def none_passes(content: bytes, row_id: str) -> Judgment:
        return verdict(False)

    config = make_config(tries={"images": 2})
    (outcome,) = await make(a_maker(engine, config, none_passes), rows(1))
    assert (outcome.status, outcome.attempts) == ("rejected", 2)
    assert outcome.reasons == (Reason("low_quality", "too dull"),)
    assert outcome.image is not None
