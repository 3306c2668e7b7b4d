"""What `bind` carries to the actors, and what the actors make of it."""

from __future__ import annotations

import json
import pickle
import threading
from pathlib import Path

import pytest

from deployments.config import PoolConfig
from deployments.local.child_service import Service, StartFailed
from deployments.local.demo import bar, verdict_line
from deployments.settings import Settings
from deployments.wiring.data import DataRoot
from deployments.wiring.diffusion import RECORDED_LIBRARIES, DiffusionWiring
from engines.errors import InferloopError
from engines.types import GeneratedImage, GenerationRequest, StepProgress

POOL = {
    "name": "tiny",
    "engine": {"models": [{"id": "m", "source": {"kind": "tiny"}}], "torch_threads": 1},
}


def wiring(folder: Path) -> DiffusionWiring:
    """As it arrives in a replica."""
    made = DiffusionWiring(PoolConfig.model_validate(POOL), DataRoot(str(folder)), "/models")
    arrived: DiffusionWiring = pickle.loads(pickle.dumps(made))
    return arrived


class Listener:
    """Waits for one generation to end."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.ended = threading.Event()
        self.end: GeneratedImage | InferloopError | None = None

    def progress(self, event: StepProgress) -> None:
        self.steps.append(event.step)

    def finished(self, image: GeneratedImage) -> None:
        self.end = image
        self.ended.set()

    def failed(self, error: InferloopError) -> None:
        self.end = error
        self.ended.set()


def a_request(profile: str | None = None) -> GenerationRequest:
    return GenerationRequest(
        image_id="one",
        prompt="a fox",
        model_id="m",
        width=64,
        height=64,
        num_inference_steps=3,
        guidance_scale=1.0,
        seed=4,
        dataset="set",
        profile=profile,
    )


def generated(wired: DiffusionWiring, request: GenerationRequest) -> GeneratedImage:
    engine, listener = wired.engine(), Listener()
    engine.start()
    try:
        engine.submit(request, listener)
        assert listener.ended.wait(120)
    finally:
        engine.shutdown()
    assert isinstance(listener.end, GeneratedImage), listener.end
    assert listener.steps == [1, 2, 3]
    return listener.end


def test_a_replicas_engine_and_recorder_come_out_of_its_wiring(tmp_path: Path) -> None:
    wired = wiring(tmp_path / "data")
    assert wired.pool_name == "tiny"
    request = a_request()
    stored = wired.recorder().record(request, generated(wired, request))
    storage = wired.data.storage()
    assert storage.read(stored.key)[:4] == b"\x89PNG"
    recipe = json.loads(storage.read(stored.key.removesuffix(".png") + ".json"))
    assert set(RECORDED_LIBRARIES) <= set(recipe["library_versions"])
    assert wired.data.wire_path(stored.key) == f"{tmp_path}/data/{stored.key}"


def test_a_request_with_a_profile_is_recorded_in_its_colors(tmp_path: Path) -> None:
    wired = wiring(tmp_path / "data")
    recorder = wired.recorder()
    with pytest.raises(InferloopError, match="nobody"):
        recorder.record(a_request("nobody"), generated(wired, a_request()))


def test_the_root_carries_no_secret() -> None:
    settings = Settings(api_keys="secret-key", redis_url="redis://:secret@host", data_root="/d")
    root = DataRoot.of(settings)
    assert root == DataRoot("/d")
    assert b"secret" not in pickle.dumps(root)


@pytest.mark.slow
def test_a_service_that_cannot_start_says_why(tmp_path: Path) -> None:
    service = Service(tmp_path / "data", config=tmp_path / "none.yaml")
    with pytest.raises(StartFailed, match=r"none\.yaml"):
        service.wait_until_ready()
    assert service.stop() == 2


def test_the_bar_of_the_demo_fills() -> None:
    assert [bar(step, 4, width=4) for step in (0, 2, 4)] == [
        "  [....] step 0/4",
        "  [##..] step 2/4",
        "  [####] step 4/4",
    ]


def test_a_verdict_that_did_not_pass_is_seen() -> None:
    privacy = {"privacy_score": 100, "passed": True, "faces_detected": 0, "text_detected": False}
    line = verdict_line(
        "a.png", {"quality_score": 0.1, "passed": False, "metrics": {"sharpness": 4.2}}, privacy
    )
    assert "quality 0.10 (NOT passed, sharpness 4 of 100)" in line
    assert "privacy 100 (passed)" in line
