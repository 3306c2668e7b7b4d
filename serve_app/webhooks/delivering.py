"""Takes due deliveries from the job store and sends them until they are received or given up."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property

from engines.errors import InferloopError, InvalidParameters, NotFound
from engines.jobs.deliveries import Attempt, Delivery, noted
from engines.jobs.model import Job
from serve_app.access.api_keys import ApiKeys
from serve_app.durable.keeping import KeptJobs
from serve_app.durable.views import job_out
from serve_app.paths import API_PREFIX
from serve_app.schemas.base import iso
from serve_app.webhooks.config import Webhooks
from serve_app.webhooks.sending import NoAnswer, NotSent, Sender
from serve_app.webhooks.targets import Target, allowed_target
from serve_app.webhooks.wiring import WebhookWiring

log = logging.getLogger(__name__)

STORE_AWAY_S = 2.0
"""Pause after the job store did not answer."""
HOLD_FACTOR = 3
"""A replica claims a delivery for this many timeouts, which is longer than one attempt takes."""
_GONE = 410
"""With this status a receiver says that it wants no more events (Standard Webhooks)."""
_SPREAD = 0.2
"""Each wait is longer by a random share of up to this. Otherwise all deliveries that failed at the
same time would be repeated at the same time."""

Sleep = Callable[[float], Awaitable[None]]


class Stop(Exception):
    """The event cannot be delivered, and another attempt would fail as well."""


class Postponed(Exception):
    """Not attempted now. The delivery is claimed again when its hold is over."""


class Deliverer:
    """Sends the due deliveries of the job store. Each ingress replica has one.

    While a receiver does not answer within the time limit, it gets one attempt at a time. Otherwise
    a thousand events for one that is dead would occupy all attempts, and delay those for others by
    the time limit each.
    """

    def __init__(
        self,
        kept: KeptJobs,
        keys: ApiKeys,
        config: Webhooks,
        hooks: WebhookWiring,
        now: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`now` returns seconds since 1970, UTC."""
        self._kept = kept
        self._keys = keys
        self._config = config
        self._secrets = hooks.secrets
        self._given = hooks.sender
        self._now = now
        self._sleep = sleep
        self._sending: set[asyncio.Task[None]] = set()
        self._silent: set[str] = set()
        """Receivers that did not answer the last attempt in time."""
        self._asked: Counter[str] = Counter()
        """How many attempts to a receiver run now."""

    @cached_property
    def _sender(self) -> Sender:
        """Created at the first delivery, because reading the system's certificates is slow."""
        return self._given or Sender(self._config.timeout_s)

    async def run(self) -> None:
        """Send deliveries until this task is canceled. Returns at once if webhooks are off.

        A delivery that is being sent at the cancellation is sent again later.
        """
        if not self._config.allowed_hosts:
            return
        try:
            while True:
                if not await self._start_one():
                    await self._sleep(self._config.poll_s)
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def _start_one(self) -> bool:
        """Start the next due delivery. False if none is due or too many are being sent."""
        if len(self._sending) >= self._config.max_in_flight:
            return False
        hold_s = HOLD_FACTOR * self._config.timeout_s
        try:
            delivery = await self._kept.ask(self._kept.store.deliveries.claim, hold_s)
        except InferloopError:
            log.exception("The job store does not answer")
            await self._sleep(STORE_AWAY_S)
            return False
        if delivery is None:
            return False
        task = asyncio.create_task(self._deliver(delivery), name=delivery.id)
        self._sending.add(task)
        task.add_done_callback(self._ended)
        return True

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Delivery %s broke off", task.get_name(), exc_info=error)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            attempt, again_at = await self._attempt(delivery)
        except Postponed:
            return
        log.info("Delivery %s: %s", delivery.id, attempt.status or attempt.error)
        note = self._kept.store.deliveries.note
        await self._kept.ask(note, delivery, attempt, again_at)
        state = noted(delivery, attempt, again_at).state
        self._kept.counters.told("again" if state == "pending" else state)

    async def _attempt(self, delivery: Delivery) -> tuple[Attempt, float | None]:
        """Make one attempt. Returns its outcome and the time of the next one (None: no more)."""
        at = self._now()
        try:
            status = await self._sent(delivery, int(at))
        except (Stop, NotFound) as error:
            return Attempt(at, None, str(error)), None
        except NotSent as error:
            return Attempt(at, None, str(error)), self._again_at(delivery)
        over = 200 <= status < 300 or status == _GONE
        return Attempt(at, status), None if over else self._again_at(delivery)

    def _again_at(self, delivery: Delivery) -> float | None:
        waits, made = self._config.retry_after_s, len(delivery.attempts)
        if made >= len(waits):
            return None
        return self._now() + waits[made] * random.uniform(1, 1 + _SPREAD)

    async def _sent(self, delivery: Delivery, timestamp: int) -> int:
        kept = self._kept
        job = await kept.ask(kept.store.get, delivery.job_id)
        request = await kept.ask(kept.store.request_of, delivery.job_id)
        if request.webhook is None:
            raise Stop("the job has no webhook")
        target = self._target(request.webhook.url, job)
        shown = await job_out(kept, job, API_PREFIX)
        happened = {
            "type": delivery.event,
            "timestamp": iso(datetime.fromtimestamp(delivery.created_at, UTC)),
            "data": shown.model_dump(mode="json", exclude_none=True, exclude={"deliveries"}),
        }
        body = json.dumps(happened, separators=(",", ":")).encode()
        signed = self._secrets.headers(job.owner.key_hash, delivery.id, timestamp, body)
        headers = {**signed, "Content-Type": "application/json", "User-Agent": "inferloop-webhooks"}
        return await self._answered(target, headers, body)

    async def _answered(self, target: Target, headers: Mapping[str, str], body: bytes) -> int:
        """Post it, unless the receiver is silent and another attempt asks it already."""
        receiver = target.authority
        if receiver in self._silent and self._asked[receiver]:
            raise Postponed
        self._asked[receiver] += 1
        try:
            status = await self._sender.post(target, headers, body)
        except NoAnswer:
            self._silent.add(receiver)
            raise
        finally:
            self._asked[receiver] -= 1
            self._asked += Counter()  # forgets those that are at zero
        self._silent.discard(receiver)
        return status

    def _target(self, url: str, job: Job) -> Target:
        """The target of the webhook. Raises `Stop` if the API key is no longer valid, or if the
        config no longer allows the host."""
        if self._keys.of_hash(job.owner.key_hash) is None:
            raise Stop("the API key that asked for the job is no longer valid")
        try:
            return allowed_target(url, self._config.allowed_hosts)
        except InvalidParameters:
            raise Stop("the service does not allow the host any more") from None
