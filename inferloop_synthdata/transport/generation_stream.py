"""The messages and the state of one generation over the WebSocket. It makes no network requests."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Unpack

from inferloop_synthdata.errors import ApiError, ClientError, JsonValue, UnexpectedAnswer
from inferloop_synthdata.operations.generation import GenerationOptions
from inferloop_synthdata.operations.operation import parse_object
from inferloop_synthdata.operations.parts import given
from inferloop_synthdata.transport.conversation import api_error
from inferloop_synthdata.transport.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a generation: `step` of `total_steps` is complete."""

    job_id: str
    step: int
    total_steps: int
    progress: float
    """0..1."""
    preview_jpeg: bytes | None = None
    """A small JPEG of the unfinished image, if `previews` was requested. Not every step has one."""


@dataclass(frozen=True, slots=True)
class Result:
    """The last event: the image is generated and stored."""

    job_id: str
    image_path: str
    prompt: str
    served_model: str | None = None
    """The model that really generated the image."""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    """The parameters of the generation, including the seed."""
    verdicts: Mapping[str, JsonValue] = field(default_factory=dict)
    """With `require`: the verdicts on quality and privacy."""
    tries: int = 1
    """Number of images that were made until one met `require`."""


GenerationEvent = Progress | Result


def generate_message(
    *, prompt: str, previews: bool | None = None, **options: Unpack[GenerationOptions]
) -> dict[str, JsonValue]:
    """Generate one image over the WebSocket: a `Progress` for every step, then one `Result`.

    Closing the generator early cancels the job. An error of the server is raised.
    """
    return given(type="generate", prompt=prompt, previews=previews, **options)


class GenerationStream:
    """State of one generation: before its job is known, running, ended.

    Raises:
        ValueError: the message has a value that JSON does not have, such as NaN.
    """

    def __init__(self, message: dict[str, JsonValue], policy: RetryPolicy) -> None:
        self.opening = json.dumps(message, allow_nan=False)
        """The first message on every new connection."""
        self.ended = False
        self._job_id: str | None = None
        self._policy = policy
        self._retries = 0

    def receive(self, text: str | bytes) -> GenerationEvent:
        """Read one message. Raises the `ApiError` that an error message carries."""
        message = parse_object(text)
        if message is None:
            raise UnexpectedAnswer("A message of the server is not a JSON object")
        kind = message.get("type")
        if kind == "error":
            self.ended = True
            raise api_error(message.get("error"))
        try:
            if kind == "progress":
                return self._progress(message)
            if kind == "result":
                return self._result(message)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise UnexpectedAnswer(f"A {kind} message of the server is incomplete") from None
        raise UnexpectedAnswer(f"The server sent a message of unknown type: {kind!r}")

    def _progress(self, message: dict[str, JsonValue]) -> Progress:
        self._job_id = str(message["job_id"])
        step, total_steps = _integer(message["step"]), _integer(message["total_steps"])
        preview = message.get("preview")
        return Progress(
            job_id=self._job_id,
            step=step,
            total_steps=total_steps,
            progress=step / total_steps,
            preview_jpeg=_decode(preview) if isinstance(preview, str) else None,
        )

    def _result(self, message: dict[str, JsonValue]) -> Result:
        served_model, parameters = message.get("served_model"), message.get("parameters")
        verdicts, tries = message.get("verdicts"), message.get("tries")
        result = Result(
            job_id=str(message["job_id"]),
            image_path=str(message["image_path"]),
            prompt=str(message["prompt"]),
            served_model=None if served_model is None else str(served_model),
            parameters=parameters if isinstance(parameters, dict) else {},
            verdicts=verdicts if isinstance(verdicts, dict) else {},
            tries=_integer(tries) if tries is not None else 1,
        )
        self.ended = True
        return result

    def cancel_message(self) -> str | None:
        """The message that cancels the job. None if no running job is known."""
        if self.ended or self._job_id is None:
            return None
        return json.dumps({"type": "cancel", "job_id": self._job_id})

    def wait_before_retry(self, failure: ClientError) -> float:
        """Seconds until the next connection. Raises `failure` if there is no retry.

        A job that has reported progress is never repeated.
        """
        wait_s = None
        if self._job_id is None:
            wait_s = self._policy.wait_before_retry(failure, False, self._retries)
        if wait_s is None:
            raise failure
        self._retries += 1
        self.ended = False
        return wait_s


def handshake_failure(error: ClientError) -> ClientError:
    """The error of a refused handshake. A status 403 without a body means that the key was refused,
    because some servers cannot send a body there."""
    if isinstance(error, ApiError) and error.status == 403 and error.code == "FORBIDDEN":
        return api_error({"code": "UNAUTHORIZED", "message": "The server refused the API key"})
    return error


def _integer(value: JsonValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(value)
    return value


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise UnexpectedAnswer("A preview of the server is not base64") from None
