"""The client and the production application over a real socket; only what is behind it is fake."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

import inferloop_synthdata as sdk
from serve_app.config import ApiConfig, RateLimits
from tests.sdk.conftest import Waits
from tests.serve_app.face import KEY, build_face
from tests.serve_app.fakes import PNG
from tests.serve_app.house import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def base_url(house: House) -> Iterator[str]:
    face = build_face(house, ApiConfig(rates=RateLimits(generate="4/minute")))
    config = uvicorn.Config(face.app, host="127.0.0.1", port=0, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture
def client(base_url: str) -> Iterator[sdk.SyntheticImageClient]:
    with sdk.SyntheticImageClient(KEY, base_url, timeout_s=10, max_retries=0) as client:
        yield client


def wait_for(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.01)


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


def test_leaving_a_stream_stops_the_work(client: sdk.SyntheticImageClient, house: House) -> None:
    house.generation.held = True
    events = client.generate_stream(prompt="a fox", num_inference_steps=50)
    house.generation.release(1)
    assert isinstance(next(events), sdk.Progress)
    events.close()
    wait_for(lambda: house.generation.stopped)
    assert house.generation.steps_done == 1


def test_the_async_client_runs_jobs_side_by_side(base_url: str) -> None:
    async def two() -> list[list[sdk.GenerationEvent]]:
        async with sdk.AsyncSyntheticImageClient(KEY, base_url) as client:

            async def one(prompt: str) -> list[sdk.GenerationEvent]:
                stream = client.generate_stream(prompt=prompt, num_inference_steps=2)
                return [event async for event in stream]

            return list(await asyncio.gather(one("a fox"), one("a cat")))

    ends = [events[-1] for events in asyncio.run(two())]
    assert [end.prompt for end in ends if isinstance(end, sdk.Result)] == ["a fox", "a cat"]
