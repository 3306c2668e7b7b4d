"""`AsyncSyntheticImageClient`: the client for asyncio. It has the same operations and retries."""

from __future__ import annotations

import asyncio
import random as random_module
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from types import TracebackType
from typing import Self, TypeVar, Unpack

import httpx
from websockets.exceptions import ConnectionClosed, WebSocketException

from inferloop_synthdata.answers import BatchImage
from inferloop_synthdata.client_options import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT_S,
    ClientOptions,
    connection_of,
)
from inferloop_synthdata.datasets import AsyncDatasets
from inferloop_synthdata.errors import ClientError, JsonValue
from inferloop_synthdata.jobs import AsyncJobs
from inferloop_synthdata.local_files import LocalFile, local_file
from inferloop_synthdata.operations import endpoints as operations
from inferloop_synthdata.operations.batches import PROMPTS_PER_CALL, batch_calls, new_key
from inferloop_synthdata.operations.generation import GenerationOptions
from inferloop_synthdata.operations.methods import awaiting, streaming_async
from inferloop_synthdata.operations.operation import (
    OnProgress,
    Operation,
    RawAnswer,
    Reply,
    with_reply,
)
from inferloop_synthdata.transport.conversation import Outcome, converse
from inferloop_synthdata.transport.event_stream import EventStream, JobEvent
from inferloop_synthdata.transport.foreign_errors import (
    handshake_errors,
    http_errors,
    proxy_errors,
    socket_errors,
)
from inferloop_synthdata.transport.generation_stream import (
    GenerationEvent,
    GenerationStream,
    generate_message,
)
from inferloop_synthdata.transport.progress_stream import Advance, Event, progress_stream
from inferloop_synthdata.transport.sockets import open_socket_async

T = TypeVar("T")


class AsyncSyntheticImageClient(ClientOptions):
    """The client for asyncio, with the arguments, methods and errors of `SyntheticImageClient`.

    Use it in an `async with`, or call `await client.aclose()` at the end. To leave a stream early,
    use `contextlib.aclosing(client.generate_stream(...))`, so that its job is canceled at once.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        max_retries: int = DEFAULT_MAX_RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Callable[[], float] = random_module.random,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        connection = connection_of(api_key, base_url, timeout_s, environ)
        super().__init__(connection, max_retries, random)
        self._sleep = sleep
        with proxy_errors():
            self._http = httpx.AsyncClient(
                headers=self._connection.headers(),
                timeout=self._connection.timeout(),
                transport=transport,
            )

    @property
    def jobs(self) -> AsyncJobs:
        """The methods for jobs: calls that the service runs in the background."""
        return AsyncJobs(self)

    @property
    def datasets(self) -> AsyncDatasets:
        """The methods for declared datasets, and for the images of datasets."""
        return AsyncDatasets(self)

    generate_image = awaiting(operations.generate_image)
    generate_batch = awaiting(operations.generate_batch)
    generate_stream = streaming_async(generate_message)
    validate_quality = awaiting(operations.validate_quality)
    validate_privacy = awaiting(operations.validate_privacy)
    validate_dataset = awaiting(operations.validate_dataset)
    anonymize = awaiting(operations.anonymize)
    list_profiles = awaiting(operations.list_profiles)
    get_profile = awaiting(operations.get_profile)
    create_profile = awaiting(operations.create_profile)
    delete_profile = awaiting(operations.delete_profile)
    compare_profile = awaiting(operations.compare_profile)
    plot_comparison = awaiting(operations.plot_comparison)
    export_jsonl = awaiting(operations.export_jsonl)
    export_parquet = awaiting(operations.export_parquet)
    export_csv = awaiting(operations.export_csv)
    export_coco = awaiting(operations.export_coco)
    export_imagefolder = awaiting(operations.export_imagefolder)
    export_webdataset = awaiting(operations.export_webdataset)
    export_s3 = awaiting(operations.export_s3)
    list_models = awaiting(operations.list_models)
    whoami = awaiting(operations.whoami)
    list_keys = awaiting(operations.list_keys)
    list_deployments = awaiting(operations.list_deployments)
    check_ready = awaiting(operations.check_ready)
    list_datasets = awaiting(operations.list_datasets)
    get_dataset = awaiting(operations.get_dataset)
    delete_dataset = awaiting(operations.delete_dataset)
    dataset_report = awaiting(operations.dataset_report)
    save_report = awaiting(operations.save_report)
    upload_image = awaiting(operations.upload_image)
    download_image = awaiting(operations.download_image)
    download_export = awaiting(operations.download_export)
    delete_image = awaiting(operations.delete_image)
    verify_image = awaiting(operations.verify_image)
    verify_stored = awaiting(operations.verify_stored)
    check_log = awaiting(operations.check_log)
    sign_dataset = awaiting(operations.sign_dataset)
    check_dataset = awaiting(operations.check_dataset)

    async def generate_many(
        self,
        prompts: Sequence[str],
        *,
        key: str | None = None,
        batch_size: int | None = None,
        prompts_per_call: int = PROMPTS_PER_CALL,
        on_progress: OnProgress | None = None,
        **options: Unpack[GenerationOptions],
    ) -> list[BatchImage]:
        """As `SyntheticImageClient.generate_many`."""
        images: list[BatchImage] = []
        calls = batch_calls(
            prompts, key or new_key(), batch_size, prompts_per_call, on_progress, **options
        )
        for call in calls:
            images += (await self.run(call))["images"]
            if on_progress is not None:
                on_progress(len(images), len(prompts))
        return images

    async def run(self, operation: Operation[T]) -> T:
        """Send the operation, with retries, and return its parsed answer. Raises `ClientError`."""
        conversation = converse(operation, self._policy)
        attempt = next(conversation)
        while True:
            if attempt.after_s > 0:
                await self._sleep(attempt.after_s)
            outcome = await self._attempt(operation)
            try:
                attempt = conversation.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer

    async def send(self, operation: Operation[T]) -> RawAnswer[T]:
        """As `run`, but the result has the HTTP status and headers too:
        `client.send(operations.generate_image(prompt="a fox")).headers["x-served-model"]`."""
        return await self.run(with_reply(operation))

    async def _attempt(self, operation: Operation[T]) -> Outcome:
        content = None
        if operation.upload is not None:
            content = await asyncio.to_thread(operation.upload.read)
        with local_file(operation) as file:
            headers = {} if file is None else file.headers()
            request = self._connection.request(self._http, operation, content, headers)
            async with aclosing(self._exchange(request, operation, file)) as events:
                async for event in events:
                    if not isinstance(event, Advance):
                        return event
                    # Outside the try block: an error of the caller's function is not the server's.
                    operation.report(event.done, event.total)
        raise AssertionError("an exchange ends with its outcome")

    async def _exchange(
        self, request: httpx.Request, operation: Operation[T], file: LocalFile | None
    ) -> AsyncGenerator[Event, None]:
        try:
            with http_errors(self._connection.origin):
                response = await self._http.send(request, stream=True)
                async with aclosing(response):
                    stream = progress_stream(operation, response.status_code, response.headers)
                    if stream is None:
                        yield await self._read(response, file)
                        return
                    async for chunk in response.aiter_bytes():
                        for event in stream.receive(chunk):
                            yield event
                    for event in stream.end():
                        yield event
        except ClientError as failure:
            yield failure

    async def _read(self, response: httpx.Response, file: LocalFile | None) -> Reply:
        if file is not None:
            file.begin(response.status_code, response.headers)
        if file is None or not response.is_success:
            return Reply(response.status_code, response.headers, await response.aread())
        async for chunk in response.aiter_bytes():
            await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(file.publish)
        return Reply(response.status_code, response.headers, b"")

    async def job_events(self, job_id: str, after_seq: int) -> AsyncGenerator[JobEvent, None]:
        """See `Jobs.events`."""
        watch = EventStream(after_seq, self._policy)
        while not watch.ended:
            try:
                with http_errors(self._connection.origin):
                    request = self._connection.events_request(self._http, job_id, watch.last_seq)
                    response = await self._http.send(request, stream=True)
                    async with aclosing(response):
                        if not watch.begin(response.status_code):
                            watch.refuse(await self._read(response, None))
                        async for chunk in response.aiter_bytes():
                            for event in watch.receive(chunk):
                                yield event
                        watch.end()
            except ClientError as failure:
                await self._sleep(watch.wait_before_retry(failure))

    async def stream(self, message: dict[str, JsonValue]) -> AsyncGenerator[GenerationEvent, None]:
        """Send a `generate` message over the WebSocket and yield the events.

        Closing the generator cancels the job.
        """
        stream = GenerationStream(message, self._policy)
        while not stream.ended:
            try:
                async with aclosing(self._listen(stream)) as events:
                    async for event in events:
                        yield event
            except ClientError as failure:
                await self._sleep(stream.wait_before_retry(failure))

    async def _listen(self, stream: GenerationStream) -> AsyncGenerator[GenerationEvent, None]:
        connection = self._connection
        async with AsyncExitStack() as stack:
            with handshake_errors(connection.origin):
                socket = await stack.enter_async_context(open_socket_async(connection))
            try:
                # A server that closes at once has sent the reason before. It can still be read.
                with suppress(ConnectionClosed):
                    await socket.send(stream.opening)
                while not stream.ended:
                    with socket_errors(connection.origin):
                        text = await asyncio.wait_for(socket.recv(), connection.timeout_s)
                    yield stream.receive(text)
            finally:
                cancel = stream.cancel_message()
                # A closed socket needs no cancel message, since the server then stops its jobs.
                with suppress(OSError, WebSocketException):
                    if cancel is not None:
                        await socket.send(cancel)
                    await socket.close()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
