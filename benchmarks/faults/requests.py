"""Sends one request of each kind by HTTP or WebSocket, and records how it ended. Requests are not
repeated, except for jobs: a job continues after its connection broke, so its client asks again with
the same idempotency key."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import websockets
from PIL import Image

OK = "ok"
CUT, REFUSED, PLAIN = "CUT", "REFUSED", "PLAIN"
"""The connection broke; the connection was refused; the answer is not an error or result of the
API."""
LOOK_EVERY_S, COMES_BACK_WITHIN_S = 0.5, 120.0
SERVER_ERROR = 500
OBJECTS = "objects"
"""Folder below `uploads/` whose images are exported to S3."""
SIZE_PX, STEPS = 64, 100
"""Long enough that some generations run at any time."""


@dataclass(frozen=True, slots=True)
class End:
    """How a request ended, as its client saw it."""

    kind: str
    tag: str
    """The last word of a generation's prompt, by which its image is found."""
    began_s: float
    ended_s: float
    outcome: str
    """`OK`, the code of an error, or one of `CUT`, `REFUSED`, `PLAIN`."""
    path: str | None = None
    """Path of the file that was made."""
    why: str = ""
    """The exception of the client's library, for `CUT` and `REFUSED`."""

    @property
    def is_ok(self) -> bool:
        return self.outcome == OK


@dataclass(frozen=True, slots=True)
class Client:
    """The connections to a service with one API key."""

    http: httpx.AsyncClient
    socket_url: str
    data_root: str
    sample: str
    """Path of an image that is judged and anonymized."""
    jobs: dict[str, str] = field(default_factory=dict)
    """Tag to id of each accepted job."""
    bucket: str = ""
    """The bucket of exports to S3."""
    sent: dict[str, int] = field(default_factory=dict)
    """Tag, which is also the prefix, to the number of images in the answer of an export to S3."""


Ask = Callable[[Client, str], Awaitable[tuple[str, str | None]]]
"""Sends one request with the tag. Returns the outcome and the path of the file that was made."""


async def generate(client: Client, tag: str) -> tuple[str, str | None]:
    return await _post(client, "/generate", _body(tag), "image_path")


async def stream(client: Client, tag: str) -> tuple[str, str | None]:
    """A generation on a new WebSocket."""
    async with websockets.connect(client.socket_url, open_timeout=30, max_size=None) as socket:
        await socket.send(json.dumps({"type": "generate", **_body(tag)}))
        while True:
            message = json.loads(await socket.recv())
            if message["type"] == "error":
                return str(message["error"]["code"]), None
            if message["type"] == "result":
                return OK, message["image_path"]


async def upload(client: Client, tag: str) -> tuple[str, str | None]:
    files = {"file": (f"{tag}.png", png(tag), "image/png")}
    return _outcome(await client.http.post("/images", files=files), "image_path")


async def judge(client: Client, tag: str) -> tuple[str, str | None]:
    return await _post(client, "/validate/quality", {"image_path": client.sample}, None)


async def anonymize(client: Client, tag: str) -> tuple[str, str | None]:
    body = {"image_path": client.sample, "method": "blur"}
    return await _post(client, "/anonymize", body, "image_path")


async def export(client: Client, tag: str) -> tuple[str, str | None]:
    body = {
        "dataset_dir": f"{client.data_root}/generated/load",
        "output_file": f"{client.data_root}/exports/{tag}.jsonl",
    }
    return await _post(client, "/export/jsonl", body, "output_file")


async def export_s3(client: Client, tag: str) -> tuple[str, str | None]:
    """Export the uploaded images to S3. The prefix is the tag."""
    body = {
        "dataset_dir": f"{client.data_root}/uploads/{OBJECTS}",
        "bucket_name": client.bucket,
        "s3_prefix": tag,
    }
    answer = await client.http.post("/export/s3", json=body)
    if answer.is_error:
        return _outcome(answer, None)
    report = answer.json()
    client.sent[tag] = report["uploaded_count"]
    return OK if report["status"] == "success" else str(report["status"]).upper(), None


async def job(
    client: Client, tag: str, look_every_s: float = LOOK_EVERY_S
) -> tuple[str, str | None]:
    """A generation as a job: accepted once, then polled until it has ended."""
    headers = {"Prefer": "respond-async", "Idempotency-Key": tag}
    body = _body(tag)
    accepted = await _once_there(
        lambda: client.http.post("/generate", json=body, headers=headers), look_every_s
    )
    if accepted.is_error:
        return _outcome(accepted, None)
    client.jobs[tag] = job_id = accepted.json()["id"]
    while True:
        looked_at = await _once_there(lambda: client.http.get(f"/jobs/{job_id}"), look_every_s)
        if looked_at.is_error:
            return _outcome(looked_at, None)
        found = looked_at.json()
        if "result" in found:
            return OK, str(found["result"]["image_path"])
        if "error" in found:
            return str(found["error"]["code"]), None
        await asyncio.sleep(look_every_s)


async def _once_there(
    ask: Callable[[], Awaitable[httpx.Response]], look_every_s: float
) -> httpx.Response:
    """Repeat the request while the service cannot be reached or answers 5xx; return its answer.
    Gives up after `COMES_BACK_WITHIN_S`."""
    give_up_s = time.monotonic() + COMES_BACK_WITHIN_S
    while True:
        with suppress(httpx.HTTPError):
            answer = await ask()
            if answer.status_code < SERVER_ERROR or time.monotonic() > give_up_s:
                return answer
        if time.monotonic() > give_up_s:
            raise httpx.ConnectError("the service did not come back")
        await asyncio.sleep(look_every_s)


@dataclass(frozen=True, slots=True)
class KeptJob:
    """A job in the job store."""

    state: str
    endings: int
    """Number of events `ended`; must be 1 after the job has ended."""


async def kept_jobs(client: Client) -> dict[str, KeptJob]:
    """Tag to accepted job, as it is in the job store."""
    found = {}
    for tag, job_id in client.jobs.items():
        answer = await client.http.get(f"/jobs/{job_id}")
        events = await client.http.get(f"/jobs/{job_id}/events")
        state = answer.json().get("state", "unknown")
        found[tag] = KeptJob(state, events.text.count("event: ended"))
    return found


ROUND: tuple[tuple[str, Ask], ...] = (
    ("generate", generate),
    ("socket", stream),
    ("upload", upload),
    ("generate", generate),
    ("validate", judge),
    ("job", job),
    ("export", export),
    ("socket", stream),
    ("anonymize", anonymize),
    ("job", job),
)
"""Kinds of requests, sent in this order again and again."""
S3_ROUND: tuple[tuple[str, Ask], ...] = tuple(
    ("s3", export_s3) if kind in ("export", "anonymize") else (kind, ask) for kind, ask in ROUND
)
"""The same for faults of an S3 server: exports to S3 instead of other exports."""


async def ended(client: Client, kind: str, ask: Ask, tag: str) -> End:
    """Send a request and return its end, which has exactly one of the outcomes."""
    began_s, path, why = time.monotonic(), None, ""
    try:
        outcome, path = await ask(client, tag)
    except (httpx.ConnectError, ConnectionRefusedError) as error:
        outcome, why = REFUSED, repr(error)
    except (httpx.HTTPError, OSError, websockets.WebSocketException) as error:
        outcome, why = CUT, repr(error)
    return End(kind, tag, began_s, time.monotonic(), outcome, path, why)


def png(tag: str) -> bytes:
    """A small random image, different for every tag."""
    seed = int.from_bytes(tag.encode(), "big") % 2**32
    pixels = np.random.default_rng(seed).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def _body(tag: str) -> dict[str, Any]:
    return {
        "prompt": f"a lamp {tag}",
        "width": SIZE_PX,
        "height": SIZE_PX,
        "num_inference_steps": STEPS,
        "seed": 1,
        "dataset": "load",
    }


async def _post(
    client: Client, route: str, body: Mapping[str, Any], made: str | None
) -> tuple[str, str | None]:
    return _outcome(await client.http.post(route, json=body), made)


def _outcome(answer: httpx.Response, made: str | None) -> tuple[str, str | None]:
    try:
        content = answer.json()
        if answer.is_success:
            return OK, None if made is None else str(content[made])
        return str(content["error"]["code"]), None
    except (ValueError, KeyError, TypeError):
        return PLAIN, None
