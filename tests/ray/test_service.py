"""REST, WebSocket, errors across actors, cancellation and faults on a real local Ray."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deployments.local.child_service import Service
from inferloop_synthdata import (
    ApiError,
    NotFound,
    Overloaded,
    Progress,
    Result,
    SyntheticImageClient,
)
from inferloop_synthdata.cli.main import main
from inferloop_synthdata.cli.session import Surroundings
from tests.ray.conftest import SMALL
from tests.waiting import SERVICE_PATIENCE_S, wait_for

pytestmark = [pytest.mark.ray, pytest.mark.timeout(1800)]


def test_the_references_generate_example(http: httpx.Client) -> None:
    body = {
        "prompt": "A beautiful sunset over mountains",
        "negative_prompt": "blurry, low quality",
        "model_id": "runwayml/stable-diffusion-v1-5",
        "width": 128,
        "height": 96,
        "num_inference_steps": 5,
        "guidance_scale": 7.5,
        "seed": 42,
    }
    answer = http.post("/generate", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert set(found) == {"image_path", "prompt", "parameters"}
    assert found["parameters"] == {k: v for k, v in body.items() if k != "prompt"}
    assert answer.headers["X-Served-Model"] == "inferloop/tiny"
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= {
        name.title().replace("Ratelimit", "RateLimit") for name in answer.headers
    }
    assert Path(found["image_path"]).is_file()


def test_an_error_of_an_actor_arrives_in_the_envelope(http: httpx.Client) -> None:
    answer = http.post("/generate", json={**SMALL, "width": 2048})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "code": "INVALID_PARAMETERS",
            "message": "Invalid parameter: width must be between 64 and 1024",
            "details": {
                "parameter": "width",
                "value": 2048,
                "constraint": "64 <= width <= 1024",
            },
        }
    }
    answer = http.post("/validate/quality", json={"image_path": "/data/generated/no_such.png"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_the_same_seed_is_the_same_image(sdk: SyntheticImageClient, service: Service) -> None:
    first, second = (sdk.generate_image(**SMALL) for _ in range(2))
    assert first["image_path"] != second["image_path"]
    pixels = [sdk_pixels(path["image_path"]) for path in (first, second)]
    assert pixels[0] == pixels[1]
    # `inferloop replay` finds the same by the recipe in the file, and leaves nothing behind.
    out = io.StringIO()
    world = Surroundings(stdout=out, environ={"INFERLOOP_API_KEY": service.key})
    command = ["replay", first["image_path"], "--base-url", service.url, "--json"]
    assert main(command, world) == 0
    report = json.loads(out.getvalue())
    assert (report["identical"], report["file_as_recorded"]) == (True, True)
    assert report["made_otherwise"] == {}
    assert not list((Path(first["image_path"]).parent / "replays").glob("*.png"))


def sdk_pixels(path: str) -> bytes:
    from PIL import Image

    with Image.open(path) as image:
        found: bytes = image.tobytes()
        return found


def test_progress_of_every_step_then_the_result(sdk: SyntheticImageClient) -> None:
    events = list(sdk.generate_stream(**{**SMALL, "num_inference_steps": 6}))
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == sorted(set(steps))
    assert steps[-1] == 6
    assert isinstance(events[-1], Result)
    assert Path(events[-1].image_path).is_file()


def test_a_dataset_is_made_checked_and_exported(
    sdk: SyntheticImageClient, service: Service
) -> None:
    batch = sdk.generate_batch(
        prompts=["a fox", "a house"],
        batch_size=2,
        width=64,
        height=64,
        num_inference_steps=2,
        dataset="pair",
    )
    assert len(batch["images"]) == 2
    for image in batch["images"]:
        quality = sdk.validate_quality(image["image_path"])
        privacy = sdk.validate_privacy(image["image_path"])
        assert 0.0 <= quality["quality_score"] <= 1.0
        assert privacy["faces_detected"] == 0
    exported = sdk.export_jsonl(
        dataset_dir="/data/generated/pair", output_file="/data/exports/pair.jsonl"
    )
    assert exported["exported_count"] == 2
    assert Path(exported["output_file"]).stat().st_size == exported["file_size_bytes"]
    answer = httpx.post(
        f"{service.url}/api/v1/export/parquet",
        headers={"X-API-Key": service.key, "Accept": "application/x-ndjson"},
        json={"dataset_dir": "/data/generated/pair", "output_file": "/data/exports/pair.parquet"},
        timeout=SERVICE_PATIENCE_S,
    )
    progress, result = (json.loads(line) for line in answer.text.splitlines())
    assert progress == {"type": "progress", "done": 2, "total": 2}
    assert (result["type"], result["exported_count"]) == ("result", 2)
    # What they have of marks: read in a worker process of the ingress, signed by the exporter.
    path = batch["images"][0]["image_path"]
    of_upload, of_stored = sdk.verify_image(Path(path).read_bytes()), sdk.verify_stored(path)
    assert of_upload == of_stored
    assert (of_stored["mark"], of_stored["signature"]) == ("present", "development")
    assert (of_stored["changed"], of_stored["made_by_ai"]) == (False, True)
    assert of_stored["log"] is not None
    assert sdk.check_log()["intact"]
    assert sdk.sign_dataset("pair")["summary"]["image_count"] == 2
    assert sdk.check_dataset("pair")["unchanged"]


def test_a_profile_is_there_to_look_at(sdk: SyntheticImageClient) -> None:
    (profile, *_) = sdk.list_profiles()["profiles"]
    assert sdk.get_profile(profile["name"])["sample_count"] > 0


def test_the_job_stops_when_the_client_goes(sdk: SyntheticImageClient, service: Service) -> None:
    heavy: dict[str, Any] = {"num_inference_steps": 150, "width": 256, "height": 256}
    stream = sdk.generate_stream(prompt="left alone", dataset="gone", **heavy)
    next(stream)
    stream.close()
    # As much work again, batched with what is left of the first: were that still running, it
    # would end before this one does.
    sdk.generate_image(prompt="stays", dataset="stayed", **heavy)
    assert sdk.get_dataset("stayed")["image_count"] == 1
    with pytest.raises(NotFound):
        sdk.get_dataset("gone")


def test_one_budget_on_every_ingress_replica(service: Service, second_key: str) -> None:
    """Exports keep the default budget of five a minute; an absent dataset spends it as well."""

    def export(_: int) -> int:
        return httpx.post(
            f"{service.url}/api/v1/export/jsonl",
            headers={"X-API-Key": second_key},
            json={"dataset_dir": "/data/generated/no", "output_file": "/data/exports/no.jsonl"},
            timeout=SERVICE_PATIENCE_S,
        ).status_code

    with ThreadPoolExecutor(12) as pool:
        answers = Counter(pool.map(export, range(24)))
    assert answers == {404: 5, 429: 19}


def replica_processes(service: Service, name: str) -> list[psutil.Process]:
    children = psutil.Process(service.pid).children(recursive=True)
    return [child for child in children if any(name in part for part in child.cmdline())]


def test_a_killed_replica_costs_at_most_a_clean_error(
    sdk: SyntheticImageClient, service: Service
) -> None:
    started = threading.Event()
    outcome: list[Progress | Result | ApiError] = []

    def watch() -> None:
        try:
            for event in sdk.generate_stream(
                prompt="survivor", num_inference_steps=50, width=512, height=512
            ):
                started.set()
                outcome.append(event)
        except ApiError as error:
            outcome.append(error)

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert started.wait(SERVICE_PATIENCE_S)
    (replica,) = replica_processes(service, "ServeReplica:inferloop:diffusion")
    replica.kill()
    watcher.join(SERVICE_PATIENCE_S)
    last = outcome[-1]
    assert isinstance(last, Result) or (isinstance(last, ApiError) and last.code == "REPLICA_LOST")
    assert sdk.generate_image(**SMALL)["image_path"]


def test_a_full_queue_is_refused_at_once(service: Service) -> None:
    impatient = SyntheticImageClient(api_key=service.key, base_url=service.url, max_retries=0)
    heavy: dict[str, Any] = {"width": 512, "height": 512, "num_inference_steps": 4}

    def one(number: int) -> str:
        try:
            impatient.generate_image(prompt=f"load {number}", **heavy)
        except Overloaded as error:
            return "refused" if error.retry_after_s else "refused without a time"
        return "made"

    outcomes: set[str] = set()

    def both_were_seen() -> bool:
        """After one round, unless the machine is so busy that its requests come one by one."""
        outcomes.update(pool.map(one, range(40)))
        return len(outcomes) > 1

    with impatient, ThreadPoolExecutor(40) as pool:
        wait_for(both_were_seen, SERVICE_PATIENCE_S, said=lambda: outcomes)
    assert outcomes == {"made", "refused"}
