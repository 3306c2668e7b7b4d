"""The checker of `benchmarks.faults`: what it finds in a data root that was made for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from benchmarks.faults.checking import DATASET, Findings, check
from benchmarks.faults.report import Row, table
from benchmarks.faults.requests import OK, ROUND, Client, End, KeptJob, job, kept_jobs


def end(tag: str, outcome: str = OK, path: Path | None = None, kind: str = "generate") -> End:
    return End(kind, tag, 0.0, 1.0, outcome, None if path is None else str(path))


def image(root: Path, name: str, tag: str, indexed: bool = True, recipe: bool = True) -> Path:
    folder = root / DATASET
    (folder / ".index").mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    path.write_bytes(b"png")
    if recipe:
        path.with_suffix(".json").write_text(json.dumps({"prompt": f"a lamp {tag}"}))
    if indexed:
        with (folder / ".index" / "shard.jsonl").open("a") as file:
            file.write(json.dumps([path.name, "image", "", "", {}]) + "\n")
    return path


def test_what_is_whole_and_was_promised_has_no_findings(tmp_path: Path) -> None:
    path = image(tmp_path, "a", "t-1")
    assert check(tmp_path, [end("t-1", path=path)]) == Findings()
    assert Findings().told() == "nothing"


def test_a_promised_image_that_is_not_there_is_lost(tmp_path: Path) -> None:
    promised = Path("/data") / DATASET / "gone.png"
    found = check(tmp_path, [end("t-1", path=promised)])
    assert found.lost == ("t-1",)
    assert found.told() == "1 lost"


def test_two_images_of_one_request_are_twice(tmp_path: Path) -> None:
    first, _ = image(tmp_path, "a", "t-1"), image(tmp_path, "b", "t-1")
    assert check(tmp_path, [end("t-1", path=first)]).twice == ("t-1",)


@pytest.mark.parametrize("kind", ["generate", "socket"])
def test_an_image_whose_client_was_told_an_error_is_kept(tmp_path: Path, kind: str) -> None:
    image(tmp_path, "a", "t-1")
    assert check(tmp_path, [end("t-1", "REPLICA_LOST", kind=kind)]).kept == ("t-1",)


def test_half_of_an_image_is_found(tmp_path: Path) -> None:
    image(tmp_path, "a", "t-1", recipe=False)
    image(tmp_path, "b", "t-2", indexed=False).unlink()
    image(tmp_path, "c", "t-3", indexed=False)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / ".tmp-1").write_bytes(b"half")
    found = check(tmp_path, [])
    assert (found.without_recipe, found.without_image) == (("a",), ("b",))
    assert found.not_indexed == ("c",)
    assert len(found.temporary) == 1


def test_copies_of_images_are_not_generations(tmp_path: Path) -> None:
    image(tmp_path, "a_anonymized_1", "t-1", indexed=False)
    assert check(tmp_path, []) == Findings()


def test_the_table_tells_ends_by_kind_and_the_time_to_recovery() -> None:
    ends = [
        End("generate", "1", 0.0, 1.0, OK),
        End("generate", "2", 2.0, 9.5, "REPLICA_LOST"),
        End("generate", "3", 2.0, 4.0, "CUT"),
    ]
    (_, _, row) = table([Row("ingress killed", ends, Findings(lost=("1",)), 3.0)]).splitlines()
    *cells, _ = row.split(" | ")
    told = "| ingress killed | 3 | 1 ok, 1 CUT, 1 REPLICA_LOST | 1 | 0 | 0 | none | 6.5 | 0.0"
    assert " | ".join(cells) == told


def test_without_a_failure_there_is_nothing_to_recover_from() -> None:
    assert Row("none", [end("1")], Findings(), 0.5).recovery_s == 0.0


def test_the_mix_has_every_kind() -> None:
    kinds = {kind for kind, _ in ROUND}
    assert kinds == {"generate", "socket", "upload", "validate", "export", "anonymize", "job"}


def test_a_job_ends_once_and_as_its_client_was_told(tmp_path: Path) -> None:
    ends = [
        end(tag, OK if tag != "failed" else "INTERNAL_ERROR", kind="job")
        for tag in ("good", "twice", "never", "failed", "other")
    ]
    jobs = {
        "good": KeptJob("succeeded", 1),
        "twice": KeptJob("succeeded", 2),
        "never": KeptJob("running", 0),
        "failed": KeptJob("failed", 1),
        "other": KeptJob("failed", 1),
    }
    found = check(tmp_path, ends, jobs)
    assert found.jobs_differ == ("never", "other", "twice")
    assert found.told() == "3 jobs_differ"


async def test_a_job_is_asked_for_again_under_its_key_and_is_looked_at_to_its_end() -> None:
    answers: Iterator[httpx.Response | httpx.TransportError] = iter(
        [
            httpx.ConnectError("away"),
            httpx.Response(500, text="Internal Server Error"),
            httpx.Response(202, json={"id": "job_1"}),
            httpx.ReadError("cut"),
            httpx.Response(200, json={"state": "running"}),
            httpx.Response(200, json={"state": "succeeded", "result": {"image_path": "/x.png"}}),
            httpx.Response(200, json={"state": "succeeded"}),
            httpx.Response(200, text="id: 3\nevent: ended\ndata: {}\n\n"),
        ]
    )
    asked: list[httpx.Request] = []

    def service(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        answer = next(answers)
        if isinstance(answer, httpx.Response):
            return answer
        raise answer

    transport = httpx.MockTransport(service)
    async with httpx.AsyncClient(base_url="http://service.test", transport=transport) as http:
        client = Client(http, "", "/data", "")
        assert await job(client, "t-1", look_every_s=0) == (OK, "/x.png")
        assert await kept_jobs(client) == {"t-1": KeptJob("succeeded", 1)}
    assert {request.headers["Idempotency-Key"] for request in asked[:3]} == {"t-1"}
