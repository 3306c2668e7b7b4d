"""Open-loop load: requests leave at Poisson times whether or not earlier ones came back."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class Arrival:
    at_s: float
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    latency_s: float
    ok: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """Of one server at one offered rate. Latencies in seconds, over the finished requests."""

    offered_rps: float
    goodput_rps: float
    finished: int
    refused: int
    mean_s: float
    p50_s: float
    p99_s: float


def arrivals(rate_rps: float, count: int, seed: int, side_px: int) -> list[Arrival]:
    """`count` requests with mixed steps (10 to 50) and mixed guidance, for every server alike."""
    draw = random.Random(seed)
    now, found = 0.0, []
    for number in range(count):
        now += draw.expovariate(rate_rps)
        body: dict[str, object] = {
            "prompt": draw.choice(["a red apple", "a fox", "a cat on a blue background"]),
            "num_inference_steps": draw.choice([10, 20, 30, 40, 50]),
            "guidance_scale": draw.choice([1.0, 5.0, 7.5]),
            "seed": number,
            "width": side_px,
            "height": side_px,
        }
        found.append(Arrival(now, body))
    return found


async def offer(url: str, headers: dict[str, str], planned: list[Arrival]) -> list[Outcome]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=600.0, limits=limits, headers=headers) as client:
        began = time.monotonic()

        async def one(arrival: Arrival) -> Outcome:
            await asyncio.sleep(max(0.0, began + arrival.at_s - time.monotonic()))
            sent = time.monotonic()
            try:
                answer = await client.post(url, json=arrival.body)
                ok = answer.status_code == httpx.codes.OK
            except httpx.HTTPError:
                ok = False
            return Outcome(time.monotonic() - sent, ok)

        return list(await asyncio.gather(*(one(arrival) for arrival in planned)))


def summarise(rate_rps: float, elapsed_s: float, outcomes: list[Outcome]) -> Summary:
    finished = sorted(outcome.latency_s for outcome in outcomes if outcome.ok)
    if not finished:
        return Summary(rate_rps, 0.0, 0, len(outcomes), *([float("nan")] * 3))
    p99 = finished[min(len(finished) - 1, int(0.99 * len(finished)))]
    return Summary(
        offered_rps=rate_rps,
        goodput_rps=len(finished) / elapsed_s,
        finished=len(finished),
        refused=len(outcomes) - len(finished),
        mean_s=statistics.fmean(finished),
        p50_s=statistics.median(finished),
        p99_s=p99,
    )


def run(
    url: str, headers: dict[str, str], rate_rps: float, count: int, seed: int, side_px: int
) -> Summary:
    """Offer the load to one server and wait for the last answer."""
    planned = arrivals(rate_rps, count, seed, side_px)
    began = time.monotonic()
    outcomes = asyncio.run(offer(url, headers, planned))
    return summarise(rate_rps, time.monotonic() - began, outcomes)
