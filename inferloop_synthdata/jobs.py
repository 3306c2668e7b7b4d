"""`client.jobs`: calls that the service runs in the background, for the blocking and the async
client."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Protocol, TypeVar, cast

from inferloop_synthdata import answers
from inferloop_synthdata.answers.answer import shaped
from inferloop_synthdata.errors import JsonValue, UnexpectedAnswer
from inferloop_synthdata.operations import jobs as operations
from inferloop_synthdata.operations.methods import awaiting, blocking
from inferloop_synthdata.operations.operation import OnProgress, Operation
from inferloop_synthdata.transport.conversation import api_error
from inferloop_synthdata.transport.event_stream import JobEvent

T = TypeVar("T")


class Driver(Protocol):
    """The methods of the blocking client that `Jobs` needs."""

    def run(self, operation: Operation[T]) -> T:
        """Send the operation and return its parsed answer. Raises `ClientError`."""

    def job_events(self, job_id: str, after_seq: int) -> Generator[JobEvent, None, None]:
        """The job's events after number `after_seq`, until it ends."""


class AsyncDriver(Protocol):
    """The methods of the async client that `AsyncJobs` needs."""

    async def run(self, operation: Operation[T]) -> T:
        """As `Driver.run`."""

    def job_events(self, job_id: str, after_seq: int) -> AsyncGenerator[JobEvent, None]:
        """As `Driver.job_events`."""


class Jobs:
    """The methods for jobs of a blocking client."""

    def __init__(self, client: Driver) -> None:
        self._client = client

    def run(self, operation: Operation[T]) -> T:
        """As the client's own."""
        return self._client.run(operation)

    submit = blocking(operations.submit)
    list = blocking(operations.list_jobs)
    get = blocking(operations.get_job)
    log = blocking(operations.get_job_log)
    cancel = blocking(operations.cancel_job)
    webhook_secret = blocking(operations.get_webhook_secret)

    def iterate(
        self,
        *,
        state: operations.State | None = None,
        kind: str | None = None,
        dataset: str | None = None,
        since: str | None = None,
        page_size: int | None = None,
    ) -> Generator[answers.Job, None]:
        """Every job, the newest first. Pages are fetched when needed. Arguments: as of `list`."""
        cursor: str | None = None
        while True:
            page = self.list(
                state=state, kind=kind, dataset=dataset, since=since, limit=page_size, cursor=cursor
            )
            yield from page.jobs
            cursor = page.next_cursor
            if cursor is None:
                return

    def events(self, job_id: str, after_seq: int = 0) -> Generator[JobEvent, None, None]:
        """Yields the events of a job until it has ended. After a lost connection it continues with
        the next event. `after_seq`: number of the last known event, 0 for none."""
        return self._client.job_events(job_id, after_seq)

    def wait(self, job_id: str, on_progress: OnProgress | None = None) -> answers.Job:
        """Wait until the job has ended, and return it. A job that failed or was canceled raises
        nothing: look at its `state`, or use `result`."""
        for event in self.events(job_id):
            _tell(event, on_progress)
            if event.type == "ended":
                return _ended(event)
        return self.get(job_id)

    def result(self, job_id: str, on_progress: OnProgress | None = None) -> dict[str, object]:
        """Wait until the job has ended, and return the answer that the call would have had without
        a job. Raises the `ApiError` of a job that failed or was canceled."""
        return result_of(self.wait(job_id, on_progress))


class AsyncJobs:
    """The methods for jobs of an async client."""

    def __init__(self, client: AsyncDriver) -> None:
        self._client = client

    async def run(self, operation: Operation[T]) -> T:
        """As the client's own."""
        return await self._client.run(operation)

    submit = awaiting(operations.submit)
    list = awaiting(operations.list_jobs)
    get = awaiting(operations.get_job)
    log = awaiting(operations.get_job_log)
    cancel = awaiting(operations.cancel_job)
    webhook_secret = awaiting(operations.get_webhook_secret)

    async def iterate(
        self,
        *,
        state: operations.State | None = None,
        kind: str | None = None,
        dataset: str | None = None,
        since: str | None = None,
        page_size: int | None = None,
    ) -> AsyncGenerator[answers.Job, None]:
        """Every job, the newest first. Pages are fetched when needed. Arguments: as of `list`."""
        cursor: str | None = None
        while True:
            page = await self.list(
                state=state, kind=kind, dataset=dataset, since=since, limit=page_size, cursor=cursor
            )
            for job in page.jobs:
                yield job
            cursor = page.next_cursor
            if cursor is None:
                return

    def events(self, job_id: str, after_seq: int = 0) -> AsyncGenerator[JobEvent, None]:
        """As `Jobs.events`."""
        return self._client.job_events(job_id, after_seq)

    async def wait(self, job_id: str, on_progress: OnProgress | None = None) -> answers.Job:
        """As `Jobs.wait`."""
        async for event in self.events(job_id):
            _tell(event, on_progress)
            if event.type == "ended":
                return _ended(event)
        return await self.get(job_id)

    async def result(self, job_id: str, on_progress: OnProgress | None = None) -> dict[str, object]:
        """As `Jobs.result`."""
        return result_of(await self.wait(job_id, on_progress))


def result_of(job: answers.Job) -> dict[str, object]:
    """The result of a job that has ended. Raises the `ApiError` of a job that failed or was
    canceled, and `UnexpectedAnswer` for one that has not ended."""
    if job.get("result") is not None:
        return dict(job["result"])
    if job.get("error") is not None:
        raise api_error(cast(dict[str, JsonValue], job["error"]))
    raise UnexpectedAnswer(f"The job {job['id']} has not ended: {job['state']}")


def _tell(event: JobEvent, on_progress: OnProgress | None) -> None:
    done, total = event.data.get("done"), event.data.get("total")
    if on_progress is not None and isinstance(done, int) and isinstance(total, int):
        on_progress(done, total)


def _ended(event: JobEvent) -> answers.Job:
    job = event.data.get("job")
    if not isinstance(job, dict) or "state" not in job:
        raise UnexpectedAnswer("The last event of a job is incomplete")
    return cast(answers.Job, shaped(answers.Job, job))
