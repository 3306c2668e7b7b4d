"""`make demo`: generates, checks and exports images, with the same interfaces that users have."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from deployments.local.child_service import Service
from inferloop_synthdata import Result, SyntheticImageClient

REPOSITORY = Path(__file__).resolve().parents[2]
PROMPT = "A beautiful sunset over mountains"
STREAMED_PROMPT = "A futuristic city with flying cars"


def bar(step: int, total: int, width: int = 30) -> str:
    """A progress bar as text. `width`: number of characters between the brackets."""
    filled = width * step // total
    return f"  [{'#' * filled}{'.' * (width - filled)}] step {step}/{total}"


def streamed_image(client: SyntheticImageClient, dataset: str) -> str:
    """Generate an image over the WebSocket and show its progress. Returns its path."""
    end = "\r" if sys.stdout.isatty() else "\n"
    every = 1 if sys.stdout.isatty() else 10
    for event in client.generate_stream(prompt=STREAMED_PROMPT, dataset=dataset):
        if isinstance(event, Result):
            print()
            return event.image_path
        if event.step % every == 0 or event.step == event.total_steps:
            print(bar(event.step, event.total_steps), end=end, flush=True)
    raise SystemExit("The stream ended without a result")


def served_model(service: Service, dataset: str) -> tuple[str, str]:
    """Generate an image by plain HTTP. Returns its path and the header `X-Served-Model`."""
    answer = httpx.post(
        f"{service.url}/api/v1/generate",
        headers={"X-API-Key": service.key},
        json={"prompt": PROMPT, "seed": 42, "dataset": dataset},
        timeout=300.0,
    )
    answer.raise_for_status()
    return answer.json()["image_path"], answer.headers["X-Served-Model"]


def verdict_line(path: str, quality: Mapping[str, Any], privacy: Mapping[str, Any]) -> str:
    """The path and both verdicts of one image, as text."""

    def word(passed: bool) -> str:
        return "passed" if passed else "NOT passed"

    return (
        f"  {path}\n"
        f"    quality {quality['quality_score']:.2f} ({word(quality['passed'])}, "
        f"sharpness {quality['metrics']['sharpness']:.0f} of 100), "
        f"privacy {privacy['privacy_score']} ({word(privacy['passed'])}), "
        f"faces {privacy['faces_detected']}, text {privacy['text_detected']}"
    )


def run(service: Service, data_root: Path) -> None:
    """Generate, stream, check and export, and print each step."""
    dataset = f"demo_{time.strftime('%Y%m%d_%H%M%S')}"
    with SyntheticImageClient(api_key=service.key, base_url=service.url) as client:
        print(f'1. POST /generate: "{PROMPT}"')
        first, model = served_model(service, dataset)
        print(f"  {first}")
        print(f'2. WebSocket: "{STREAMED_PROMPT}"')
        second = streamed_image(client, dataset)
        print("3. Quality and privacy of both")
        verdicts = [
            (path, client.validate_quality(path), client.validate_privacy(path))
            for path in (first, second)
        ]
        print("\n".join(verdict_line(*each) for each in verdicts))
        if not all(quality["passed"] for _, quality, _ in verdicts):
            print("  (the starter model draws far hills softly, and the quality check says so)")
        print("4. Export to JSONL")
        exported = client.export_jsonl(
            dataset_dir=f"{data_root}/generated/{dataset}",
            output_file=f"{data_root}/exports/{dataset}.jsonl",
        )
    print(f"  {exported['output_file']}: {exported['exported_count']} records")
    print(f"\nServed by {model} (X-Served-Model). Images:\n  {first}\n  {second}")


def main() -> int:
    """Start the service, run the demo, and stop the service. Returns the service's exit code."""
    data_root = (REPOSITORY / "data").absolute()
    started = time.monotonic()
    print("Starting the service on a Ray of its own ...", flush=True)
    service = Service(data_root)
    try:
        service.wait_until_ready()
        print(f"Ready after {time.monotonic() - started:.0f} s at {service.url}\n", flush=True)
        run(service, data_root)
    finally:
        code = service.stop()
    print(f"Stopped cleanly. {time.monotonic() - started:.0f} s in all." if code == 0 else "")
    return code


if __name__ == "__main__":
    sys.exit(main())
