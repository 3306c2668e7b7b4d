"""Open-loop load: requests arrive at random times (a Poisson process), also while earlier ones
have no answer yet."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import websockets

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """The addresses of a server and the form of its requests."""

    url: str
    headers: dict[str, str]
    socket_url: str | None = None
    """WebSocket that sends progress messages; None if the server has none."""
    as_list: bool = False
    """The body is `{"requests": [body]}`."""

    def wire(self, body: Body) -> Body:
        return {"requests": [body]} if self.as_list else body


@dataclass(frozen=True, slots=True)
class Arrival:
    at_s: float
    body: Body
    streamed: bool = False
    """Send it on the WebSocket, if the server has one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    latency_s: float
    ok: bool
    first_progress_s: float | None = None
    """Seconds until the first message about the request. For a server without progress messages,
    this is the answer."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Results of one server under one load. Latencies are in seconds, of the finished requests."""

    goodput_rps: float
    finished: int
    refused: int
    mean_s: float
    p50_s: float
    p99_s: float
    first_progress_s: float
    """Median of `Outcome.first_progress_s`."""


def bodies(count: int, seed: int, side_px: int) -> list[Body]:
    """Requests with mixed steps (10 to 50) and mixed guidance, the same for every server."""
    draw = random.Random(seed)
    return [
        {
            "prompt": draw.choice(["a red apple", "a fox", "a cat on a blue background"]),
            "num_inference_steps": draw.choice([10, 20, 30, 40, 50]),
            "guidance_scale": draw.choice([1.0, 5.0, 7.5]),
            "seed": number,
            "width": side_px,
            "height": side_px,
        }
        for number in range(count)
    ]


def poisson(asked: Sequence[Body], rate_rps: float, seed: int) -> list[Arrival]:
    """Independent arrivals with a mean rate. Every fifth request wants progress messages, but at
    most eight, because the service limits the WebSockets of one key."""
    draw = random.Random(seed)
    now_s, found = 0.0, []
    for number, body in enumerate(asked):
        now_s += draw.expovariate(rate_rps)
        found.append(Arrival(now_s, body, number % _every(asked) == 0))
    return found


def at_once(asked: Sequence[Body]) -> list[Arrival]:
    """All requests at the same time, which measures the capacity of a server."""
    return [Arrival(0.0, body, number % _every(asked) == 0) for number, body in enumerate(asked)]


def _every(asked: Sequence[Body]) -> int:
    return max(5, -(-len(asked) // 8))


async def offer(target: Target, planned: Sequence[Arrival]) -> list[Outcome]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=600.0, limits=limits, headers=target.headers) as client:
        began = time.monotonic()

        async def one(arrival: Arrival) -> Outcome:
            await asyncio.sleep(max(0.0, began + arrival.at_s - time.monotonic()))
            if arrival.streamed and target.socket_url is not None:
                return await _streamed(target.socket_url, arrival.body)
            return await _posted(client, target, arrival.body)

        return list(await asyncio.gather(*(one(arrival) for arrival in planned)))


async def _posted(client: httpx.AsyncClient, target: Target, body: Body) -> Outcome:
    sent = time.monotonic()
    try:
        answer = await client.post(target.url, json=target.wire(body))
        ok = answer.status_code == httpx.codes.OK
    except httpx.HTTPError:
        ok = False
    latency_s = time.monotonic() - sent
    return Outcome(latency_s, ok, None if target.socket_url else latency_s)


async def _streamed(socket_url: str, body: Body) -> Outcome:
    sent = time.monotonic()
    first_s, kind = None, None
    try:
        async with websockets.connect(socket_url, open_timeout=60, max_size=None) as socket:
            await socket.send(json.dumps({"type": "generate", **body}))
            while kind not in ("result", "error"):
                kind = json.loads(await socket.recv())["type"]
                first_s = first_s or time.monotonic() - sent
            latency_s = time.monotonic() - sent
    except (OSError, websockets.WebSocketException):
        latency_s = time.monotonic() - sent
    return Outcome(latency_s, kind == "result", first_s)


def summarize(elapsed_s: float, outcomes: Sequence[Outcome]) -> Summary:
    finished = sorted(outcome.latency_s for outcome in outcomes if outcome.ok)
    if not finished:
        return Summary(0.0, 0, len(outcomes), *([float("nan")] * 4))
    first = [each.first_progress_s for each in outcomes if each.ok and each.first_progress_s]
    return Summary(
        goodput_rps=len(finished) / elapsed_s,
        finished=len(finished),
        refused=len(outcomes) - len(finished),
        mean_s=statistics.fmean(finished),
        p50_s=statistics.median(finished),
        p99_s=finished[min(len(finished) - 1, int(0.99 * len(finished)))],
        first_progress_s=statistics.median(first) if first else float("nan"),
    )


def run(target: Target, planned: Sequence[Arrival]) -> Summary:
    """Send the load to one server and wait for the last answer."""
    began = time.monotonic()
    outcomes = asyncio.run(offer(target, planned))
    return summarize(time.monotonic() - began, outcomes)


def alone(target: Target, body: Body, count: int) -> list[float]:
    """Seconds of each of `count` requests that are sent one after another."""
    with httpx.Client(timeout=600.0, headers=target.headers) as client:
        found = []
        for number in range(count):
            began = time.monotonic()
            answer = client.post(target.url, json=target.wire({**body, "seed": number}))
            answer.raise_for_status()
            found.append(time.monotonic() - began)
    return found
