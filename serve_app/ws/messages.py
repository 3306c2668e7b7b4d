"""The messages of the WebSocket, received and sent."""

from __future__ import annotations

import base64
from typing import Literal

from pydantic import Field

from engines.errors import Details, InvalidParameters, PayloadTooLarge
from engines.types import StepProgress, StoredImage
from serve_app.errors import to_wire
from serve_app.generation.requests import generate_parameters
from serve_app.generation.required import verdicts_out
from serve_app.paths import PathCodec
from serve_app.schemas.base import RequestModel
from serve_app.schemas.bounds.parser import parse_json, validated
from serve_app.schemas.generation import GenerateBody, GenerateMessageBody, Required

MESSAGE_TYPES = ("generate", "cancel", "subscribe")
MAX_SEQ = 2**53 - 1


class CancelMessage(RequestModel):
    """Stop a job of this socket; it ends with an `error`, code CANCELED."""

    type: Literal["cancel"]
    job_id: str = Field(min_length=1, max_length=100)


class SubscribeMessage(RequestModel):
    """Watch a job that outlives its connection: its events after number `after_seq`."""

    type: Literal["subscribe"]
    job_id: str = Field(min_length=1, max_length=100)
    after_seq: int = Field(default=0, ge=0, le=MAX_SEQ)


Message = CancelMessage | SubscribeMessage


class RawGenerate:
    """A `generate` message whose fields are not validated yet, because the rate limit is checked
    first, as in REST."""

    def __init__(self, fields: dict[str, object]) -> None:
        self._fields = fields

    def body(self, model: type[GenerateMessageBody]) -> GenerateMessageBody:
        """The validated fields. Raises `InvalidParameters` as `POST /generate` does."""
        return validated(model, self._fields)


def read_message(text: str | bytes, max_bytes: int) -> RawGenerate | Message:
    """Parse a message of the client. Raises `InvalidParameters` or `PayloadTooLarge`, after which
    the socket stays open."""
    size = len(text.encode("utf-8", "replace")) if isinstance(text, str) else len(text)
    if size > max_bytes:
        raise PayloadTooLarge(max_bytes)
    if isinstance(text, bytes):
        raise InvalidParameters.of("message", None, "text JSON", "must be a text message")
    value = parse_json(text)
    if not isinstance(value, dict):
        raise InvalidParameters.of("message", None, "object", "must be a JSON object")
    kind = value.get("type")
    if kind == "generate":
        return RawGenerate({name: field for name, field in value.items() if name != "type"})
    if kind == "cancel":
        return validated(CancelMessage, value)
    if kind == "subscribe":
        return validated(SubscribeMessage, value)
    known = ", ".join(MESSAGE_TYPES)
    shown = kind[:100] if isinstance(kind, str) else None
    raise InvalidParameters.of("type", shown, f"one of: {known}", f"must be one of: {known}")


def progress_message(job_id: str, event: StepProgress) -> Details:
    """A `progress` message, with `preview` (a JPEG in base64) if previews were requested and there
    is one."""
    message: Details = {
        "type": "progress",
        "job_id": job_id,
        "step": event.step,
        "total_steps": event.total_steps,
        "progress": event.step / event.total_steps,
    }
    if event.preview_jpeg is not None:
        message["preview"] = base64.b64encode(event.preview_jpeg).decode("ascii")
    return message


def result_message(
    job_id: str, body: GenerateBody, image: StoredImage, paths: PathCodec
) -> Details:
    """A `result` message: the fields of the REST answer, and the served model."""
    parameters = generate_parameters(body, image.seed)
    required = Required(**verdicts_out(image, paths)).model_dump(mode="json", exclude_unset=True)
    return {
        "type": "result",
        "job_id": job_id,
        "image_path": paths.to_wire(image.key),
        "prompt": body.prompt,
        "parameters": parameters.model_dump(mode="json", exclude_unset=True),
        "served_model": image.served_model,
        **required,
    }


def error_message(error: BaseException, job_id: str | None) -> Details:
    """An `error` message. `job_id` is null if no job was started."""
    return {"type": "error", "job_id": job_id, "error": to_wire(error).as_object()}
