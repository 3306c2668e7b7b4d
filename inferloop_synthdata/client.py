"""`SyntheticImageClient`: the blocking client.

`operations` defines the arguments and the answer of each endpoint, and `transport.retry` decides
about retries. This module only sends requests, opens sockets and waits.
"""

from __future__ import annotations

import random as random_module
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
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
from inferloop_synthdata.datasets import Datasets
from inferloop_synthdata.errors import ClientError, JsonValue
from inferloop_synthdata.jobs import Jobs
from inferloop_synthdata.local_files import LocalFile, local_file
from inferloop_synthdata.operations import endpoints as operations
from inferloop_synthdata.operations.batches import PROMPTS_PER_CALL, batch_calls, new_key
from inferloop_synthdata.operations.generation import GenerationOptions
from inferloop_synthdata.operations.methods import blocking, streaming
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
from inferloop_synthdata.transport.sockets import open_socket

T = TypeVar("T")


class SyntheticImageClient(ClientOptions):
    """The blocking client. Threads can share it. Close it at the end, or use it in a `with`.

    `api_key` is sent as `X-API-Key`; None: the variable INFERLOOP_API_KEY. `base_url` may end with
    `/api/v1` or not; None: the variable INFERLOOP_BASE_URL, or http://localhost:8000. `timeout_s`
    is the longest time without data from the server, in seconds; exports and long generations need
    much of it. Over the WebSocket, and with `on_progress`, it starts again with every message or
    line. `max_retries` is the number of attempts after the first. `transport.retry` decides which
    errors are retried; each retry is logged (logger "inferloop_synthdata.retries", level INFO).
    `with_options` changes both for some calls. Tests and proxies pass `transport`, `sleep`,
    `random` and `environ`.

    Every method raises errors of `inferloop_synthdata.errors`, `OSError` for a local file, and
    `ValueError` for arguments that cannot be sent.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        max_retries: int = DEFAULT_MAX_RETRIES,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = random_module.random,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        connection = connection_of(api_key, base_url, timeout_s, environ)
        super().__init__(connection, max_retries, random)
        self._sleep = sleep
        with proxy_errors():
            self._http = httpx.Client(
                headers=self._connection.headers(),
                timeout=self._connection.timeout(),
                transport=transport,
            )

    @property
    def jobs(self) -> Jobs:
        """The methods for jobs: calls that the service runs in the background."""
        return Jobs(self)

    @property
    def datasets(self) -> Datasets:
        """The methods for declared datasets, and for the images of datasets."""
        return Datasets(self)

    generate_image = blocking(operations.generate_image)
    generate_batch = blocking(operations.generate_batch)
    generate_stream = streaming(generate_message)
    validate_quality = blocking(operations.validate_quality)
    validate_privacy = blocking(operations.validate_privacy)
    validate_dataset = blocking(operations.validate_dataset)
    anonymize = blocking(operations.anonymize)
    list_profiles = blocking(operations.list_profiles)
    get_profile = blocking(operations.get_profile)
    create_profile = blocking(operations.create_profile)
    delete_profile = blocking(operations.delete_profile)
    compare_profile = blocking(operations.compare_profile)
    plot_comparison = blocking(operations.plot_comparison)
    export_jsonl = blocking(operations.export_jsonl)
    export_parquet = blocking(operations.export_parquet)
    export_csv = blocking(operations.export_csv)
    export_coco = blocking(operations.export_coco)
    export_imagefolder = blocking(operations.export_imagefolder)
    export_webdataset = blocking(operations.export_webdataset)
    export_s3 = blocking(operations.export_s3)
    list_models = blocking(operations.list_models)
    whoami = blocking(operations.whoami)
    list_keys = blocking(operations.list_keys)
    list_deployments = blocking(operations.list_deployments)
    check_ready = blocking(operations.check_ready)
    list_datasets = blocking(operations.list_datasets)
    get_dataset = blocking(operations.get_dataset)
    delete_dataset = blocking(operations.delete_dataset)
    dataset_report = blocking(operations.dataset_report)
    save_report = blocking(operations.save_report)
    upload_image = blocking(operations.upload_image)
    download_image = blocking(operations.download_image)
    download_export = blocking(operations.download_export)
    delete_image = blocking(operations.delete_image)
    verify_image = blocking(operations.verify_image)
    verify_stored = blocking(operations.verify_stored)
    check_log = blocking(operations.check_log)
    sign_dataset = blocking(operations.sign_dataset)
    check_dataset = blocking(operations.check_dataset)

    def generate_many(
        self,
        prompts: Sequence[str],
        *,
        key: str | None = None,
        batch_size: int | None = None,
        prompts_per_call: int = PROMPTS_PER_CALL,
        on_progress: OnProgress | None = None,
        **options: Unpack[GenerationOptions],
    ) -> list[BatchImage]:
        """Generate an image for each prompt, in calls of `prompts_per_call` prompts (64, the limit
        of the service's default config). Returns the images in the order of the prompts.

        `on_progress(done, total)` counts the images of the whole list. `key` names the whole list:
        a second run with the same key and arguments within a day continues where the first one
        stopped, and makes no image again.
        """
        images: list[BatchImage] = []
        calls = batch_calls(
            prompts, key or new_key(), batch_size, prompts_per_call, on_progress, **options
        )
        for call in calls:
            images += self.run(call)["images"]
            if on_progress is not None:
                on_progress(len(images), len(prompts))
        return images

    def run(self, operation: Operation[T]) -> T:
        """Send the operation, with retries, and return its parsed answer. Raises `ClientError`."""
        conversation = converse(operation, self._policy)
        attempt = next(conversation)
        while True:
            if attempt.after_s > 0:
                self._sleep(attempt.after_s)
            outcome = self._attempt(operation)
            try:
                attempt = conversation.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer

    def send(self, operation: Operation[T]) -> RawAnswer[T]:
        """As `run`, but the result has the HTTP status and headers too:
        `client.send(operations.generate_image(prompt="a fox")).headers["x-served-model"]`."""
        return self.run(with_reply(operation))

    def _attempt(self, operation: Operation[T]) -> Outcome:
        content = operation.upload.read() if operation.upload is not None else None
        with local_file(operation) as file:
            headers = {} if file is None else file.headers()
            request = self._connection.request(self._http, operation, content, headers)
            with closing(self._exchange(request, operation, file)) as events:
                for event in events:
                    if not isinstance(event, Advance):
                        return event
                    # Outside the try block: an error of the caller's function is not the server's.
                    operation.report(event.done, event.total)
        raise AssertionError("an exchange ends with its outcome")

    def _exchange(
        self, request: httpx.Request, operation: Operation[T], file: LocalFile | None
    ) -> Generator[Event, None, None]:
        try:
            with http_errors(self._connection.origin):
                response = self._http.send(request, stream=True)
                with closing(response):
                    stream = progress_stream(operation, response.status_code, response.headers)
                    if stream is None:
                        yield self._read(response, file)
                        return
                    for chunk in response.iter_bytes():
                        yield from stream.receive(chunk)
                    yield from stream.end()
        except ClientError as failure:
            yield failure

    def _read(self, response: httpx.Response, file: LocalFile | None) -> Reply:
        if file is not None:
            file.begin(response.status_code, response.headers)
        if file is None or not response.is_success:
            return Reply(response.status_code, response.headers, response.read())
        for chunk in response.iter_bytes():
            file.write(chunk)
        file.publish()
        return Reply(response.status_code, response.headers, b"")

    def job_events(self, job_id: str, after_seq: int) -> Generator[JobEvent, None, None]:
        """See `Jobs.events`."""
        watch = EventStream(after_seq, self._policy)
        while not watch.ended:
            try:
                with http_errors(self._connection.origin):
                    request = self._connection.events_request(self._http, job_id, watch.last_seq)
                    response = self._http.send(request, stream=True)
                    with closing(response):
                        if not watch.begin(response.status_code):
                            watch.refuse(self._read(response, None))
                        for chunk in response.iter_bytes():
                            yield from watch.receive(chunk)
                        watch.end()
            except ClientError as failure:
                self._sleep(watch.wait_before_retry(failure))

    def stream(self, message: dict[str, JsonValue]) -> Generator[GenerationEvent, None, None]:
        """Send a `generate` message over the WebSocket and yield the events.

        Closing the generator cancels the job.
        """
        stream = GenerationStream(message, self._policy)
        while not stream.ended:
            try:
                yield from self._listen(stream)
            except ClientError as failure:
                self._sleep(stream.wait_before_retry(failure))

    def _listen(self, stream: GenerationStream) -> Generator[GenerationEvent, None, None]:
        connection = self._connection
        with ExitStack() as stack:
            with handshake_errors(connection.origin):
                socket = stack.enter_context(open_socket(connection))
            try:
                # A server that closes at once has sent the reason before. It can still be read.
                with suppress(ConnectionClosed):
                    socket.send(stream.opening)
                while not stream.ended:
                    with socket_errors(connection.origin):
                        text = socket.recv(timeout=connection.timeout_s)
                    yield stream.receive(text)
            finally:
                cancel = stream.cancel_message()
                # A closed socket needs no cancel message, since the server then stops its jobs.
                with suppress(OSError, WebSocketException):
                    if cancel is not None:
                        socket.send(cancel)
                    socket.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
