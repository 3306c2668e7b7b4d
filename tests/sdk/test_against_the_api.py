"""The client and the production application over a real socket; only what is behind it is fake."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

import inferloop_synthdata as sdk
from engines.errors import ReplicaLost
from engines.types import QualityReport
from inferloop_synthdata.cli.main import main
from inferloop_synthdata.cli.session import Surroundings
from serve_app.config import ApiConfig, RateLimits
from tests.sdk.conftest import Waits
from tests.serve_app.api import KEY, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fake_validators import FakeQuality
from tests.serve_app.fakes import PNG, FakeFiles
from tests.waiting import PATIENCE_S, wait_for


@pytest.fixture
def fakes() -> FakeServices:
    return FakeServices()


@pytest.fixture
def base_url(fakes: FakeServices) -> Iterator[str]:
    with serving(fakes) as url:
        yield url


@contextmanager
def serving(fakes: FakeServices) -> Iterator[str]:
    api = build_api(fakes, ApiConfig(rates=RateLimits(generate="4/minute")))
    config = uvicorn.Config(api.app, host="127.0.0.1", port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE_S)


@pytest.fixture
def client(base_url: str) -> Iterator[sdk.SyntheticImageClient]:
    with sdk.SyntheticImageClient(KEY, base_url, timeout_s=PATIENCE_S, max_retries=0) as client:
        yield client


def test_generate_stream_upload_download(client: sdk.SyntheticImageClient, tmp_path: Path) -> None:
    made = client.generate_image(prompt="a fox", width=64, height=64, num_inference_steps=2)
    assert made["parameters"]["seed"] == 4242
    assert made["served_model"] == "fake/inferloop-mini"

    *steps, result = client.generate_stream(prompt="a fox", num_inference_steps=3, previews=True)
    assert [event.step for event in steps if isinstance(event, sdk.Progress)] == [1, 2, 3]
    assert all(isinstance(event, sdk.Progress) and event.preview_jpeg for event in steps)
    assert isinstance(result, sdk.Result)
    assert result.parameters["seed"] == 4242
    assert client.download_image(result.image_path, to=tmp_path).read_bytes() == PNG

    uploaded = client.upload_image(PNG, folder="cats")
    assert uploaded["image_path"].startswith("/data/uploads/cats/")
    assert client.validate_quality(uploaded["image_path"])["passed"] is True


def test_anonymizing_a_local_picture_leaves_nothing_on_the_server(
    base_url: str, fakes: FakeServices, tmp_path: Path
) -> None:
    source = tmp_path / "1.png"
    source.write_bytes(PNG)
    before = dict(fakes.files.contents)
    covered = f"{tmp_path}/covered/"
    environ = {"INFERLOOP_API_KEY": KEY, "INFERLOOP_BASE_URL": base_url}
    argv = ["image", "anonymize", str(source), "--out", covered]
    assert main(argv, Surroundings(environ=environ)) == 0
    assert (tmp_path / "covered" / "1_anonymized.png").read_bytes() == PNG
    assert fakes.files.uploads == 1
    assert fakes.files.contents == before


def test_what_the_service_refuses_arrives_typed(
    client: sdk.SyntheticImageClient, base_url: str
) -> None:
    with pytest.raises(sdk.InvalidParameters) as over_rest:
        client.generate_image(prompt="a fox", width=2048)
    with pytest.raises(sdk.InvalidParameters) as over_socket:
        list(client.generate_stream(prompt="a fox", width=2048))
    assert over_rest.value.details == over_socket.value.details
    assert over_rest.value.details["constraint"] == "64 <= width <= 1024"
    with pytest.raises(sdk.NotFound):
        client.get_profile("nobody")
    with sdk.SyntheticImageClient("wrong", base_url, max_retries=0) as stranger:
        with pytest.raises(sdk.Unauthorized):
            stranger.list_profiles()
        with pytest.raises(sdk.Unauthorized):
            list(stranger.generate_stream(prompt="a fox"))


def test_the_rate_limit_is_waited_for(base_url: str) -> None:
    waits = Waits()
    with sdk.SyntheticImageClient(KEY, base_url, max_retries=1, sleep=waits.sleep) as client:
        for _ in range(4):
            client.generate_image(prompt="a fox", num_inference_steps=1)
        with pytest.raises(sdk.RateLimited):
            client.generate_image(prompt="a fox", num_inference_steps=1)
        with pytest.raises(sdk.RateLimited):
            list(client.generate_stream(prompt="a fox", num_inference_steps=1))
    # The window is a minute, and the server's clock stands still.
    assert [round(waited_s / 60) for waited_s in waits.slept_s] == [1, 1]


def test_leaving_a_stream_stops_the_work(
    client: sdk.SyntheticImageClient, fakes: FakeServices
) -> None:
    fakes.generation.held = True
    events = client.generate_stream(prompt="a fox", num_inference_steps=50)
    fakes.generation.release(1)
    assert isinstance(next(events), sdk.Progress)
    events.close()
    wait_for(lambda: fakes.generation.stopped)
    assert fakes.generation.steps_done == 1


async def test_the_async_client_runs_jobs_side_by_side(base_url: str) -> None:
    async with sdk.AsyncSyntheticImageClient(KEY, base_url) as client:

        async def last(prompt: str) -> sdk.GenerationEvent:
            stream = client.generate_stream(prompt=prompt, num_inference_steps=2)
            return [event async for event in stream][-1]

        ends = await asyncio.gather(last("a fox"), last("a cat"))
    assert [end.prompt for end in ends if isinstance(end, sdk.Result)] == ["a fox", "a cat"]


SET = "/data/generated/set"


def house_with_a_set(images: int) -> FakeServices:
    return FakeServices(files=FakeFiles({f"generated/set/{n:02}.png": PNG for n in range(images)}))


class Heard:
    """Remembers the progress that it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.told.append((done, total))


@pytest.fixture
def client_of_a_set() -> Iterator[sdk.SyntheticImageClient]:
    with (
        serving(house_with_a_set(6)) as url,
        sdk.SyntheticImageClient(KEY, url, max_retries=0) as client,
    ):
        yield client


def test_a_dataset_is_judged_with_progress(client_of_a_set: sdk.SyntheticImageClient) -> None:
    plain = client_of_a_set.validate_dataset(SET)
    heard = Heard()
    assert client_of_a_set.validate_dataset(SET, on_progress=heard) == plain
    assert plain["image_count"] == 6
    # Some in between may be left out.
    assert (heard.told[0], heard.told[-1]) == ((0, 6), (6, 6))
    assert heard.told == sorted(set(heard.told))


async def test_a_dataset_is_judged_with_progress_in_async_code() -> None:
    heard = Heard()
    with serving(house_with_a_set(6)) as url:
        async with sdk.AsyncSyntheticImageClient(KEY, url, max_retries=0) as client:
            verdict = await client.validate_dataset(SET, on_progress=heard)
    assert verdict["quality"]["passed"] == 6
    assert (heard.told[0], heard.told[-1]) == ((0, 6), (6, 6))


def test_what_the_service_refuses_is_the_same_with_progress(
    client_of_a_set: sdk.SyntheticImageClient,
) -> None:
    with pytest.raises(sdk.NotFound) as before:
        client_of_a_set.validate_dataset("/data/generated/none", on_progress=Heard())
    assert before.value.status == 404
    with pytest.raises(sdk.InvalidParameters) as plain:
        client_of_a_set.validate_dataset(SET, metrics=["beauty"])
    with pytest.raises(sdk.InvalidParameters) as on_the_way:
        client_of_a_set.validate_dataset(SET, metrics=["beauty"], on_progress=Heard())
    assert on_the_way.value.details == plain.value.details
    assert (on_the_way.value.status, plain.value.status) == (None, 400)
    assert on_the_way.value.request_id


FILE = {"dataset_dir": SET, "output_file": "/data/exports/set"}
EXPORTS = [
    ("export_jsonl", FILE),
    ("export_parquet", FILE),
    ("export_webdataset", {"dataset_dir": SET, "output_dir": "/data/exports/set"}),
    ("export_s3", {"dataset_dir": SET, "bucket_name": "pictures"}),
]


@pytest.mark.parametrize(("method", "arguments"), EXPORTS)
def test_an_export_tells_its_progress(
    client_of_a_set: sdk.SyntheticImageClient, method: str, arguments: dict[str, str]
) -> None:
    export, heard = getattr(client_of_a_set, method), Heard()
    assert export(**arguments, on_progress=heard) == export(**arguments)
    assert heard.told[-1] == (120, 120)
    assert heard.told == sorted(set(heard.told))


def test_a_failure_on_the_way_of_an_export_arrives_typed() -> None:
    fakes, heard = house_with_a_set(1), Heard()
    fakes.exporter.failure = ReplicaLost("The exporter died")
    with (
        serving(fakes) as url,
        sdk.SyntheticImageClient(KEY, url, max_retries=2, sleep=Waits().sleep) as client,
        pytest.raises(sdk.ReplicaLost),
    ):
        client.export_jsonl(dataset_dir=SET, output_file="/data/exports/set", on_progress=heard)
    # Harmless to repeat, so it was tried again, from the beginning.
    assert heard.told == [(1, 120)] * 3


class NeverDone(FakeQuality):
    """Judges the first image; is at the others until it is stopped."""

    stopped = 0

    async def validate(
        self, key: str, metrics: Sequence[str] | None, prompt: str | None = None
    ) -> QualityReport:
        if key.endswith("/00.png"):
            return await super().validate(key, metrics, prompt)
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped += 1
        raise AssertionError("nobody sets it")


def test_an_error_in_the_callers_function_stops_the_work() -> None:
    fakes = house_with_a_set(2)
    fakes.quality = quality = NeverDone(fakes.files)
    enough = RuntimeError("enough")

    def until_one(done: int, total: int) -> None:
        if done == 1:
            raise enough

    with serving(fakes) as url, sdk.SyntheticImageClient(KEY, url, timeout_s=PATIENCE_S) as client:
        with pytest.raises(RuntimeError) as caught:
            client.validate_dataset(SET, on_progress=until_one)
        assert caught.value is enough
        # Server and client both live on: it is the call's own connection that was closed.
        wait_for(lambda: quality.stopped)
