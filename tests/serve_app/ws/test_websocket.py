"""The socket: progress of every step, one ending a job, and no job outlives its client."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from engines.errors import GenerationFailed, ReplicaLost
from tests.serve_app.asgi import connected
from tests.serve_app.socket_play import GENERATE, playing, steps
from tests.waiting import until


async def test_every_step_is_reported_then_the_result() -> None:
    async with playing() as (_, socket):
        socket.say(GENERATE)
        messages = await socket.hear_end()
        assert steps(messages) == list(range(1, 51))
        assert [m["progress"] for m in messages[:-1]] == [step / 50 for step in range(1, 51)]
        assert {m["total_steps"] for m in messages[:-1]} == {50}
        assert {m["job_id"] for m in messages} == {messages[0]["job_id"]}
        assert set(messages[0]) == {"type", "job_id", "step", "total_steps", "progress"}


async def test_the_result_has_the_references_keys_and_says_what_served_it() -> None:
    async with playing() as (api, socket):
        socket.say({**GENERATE, "num_inference_steps": 2, "dataset": "nature_set"})
        result = (await socket.hear_end())[-1]
        image_id = api.fakes.generation.started[0].image_id
        assert result == {
            "type": "result",
            "job_id": result["job_id"],
            "image_path": f"/data/generated/nature_set/{image_id}.png",
            "prompt": GENERATE["prompt"],
            "served_model": "fake/inferloop-mini",
            "parameters": {
                "negative_prompt": None,
                "model_id": "runwayml/stable-diffusion-v1-5",
                "width": 512,
                "height": 512,
                "num_inference_steps": 2,
                "guidance_scale": 7.5,
                "seed": 4242,
                "dataset": "nature_set",
            },
        }


async def test_previews_come_only_when_asked_for() -> None:
    async with playing() as (_, socket):
        socket.say({**GENERATE, "num_inference_steps": 1, "previews": True})
        progress, _ = await socket.hear_end()
        assert base64.b64decode(progress["preview"]) == b"\xff\xd8jpeg"
        socket.say({**GENERATE, "num_inference_steps": 1})
        progress, _ = await socket.hear_end()
        assert "preview" not in progress


async def test_several_jobs_run_on_one_socket() -> None:
    async with playing() as (api, socket):
        api.fakes.generation.held = True
        for prompt in ("a", "b", "c"):
            socket.say({**GENERATE, "prompt": prompt, "num_inference_steps": 4})
        await until(lambda: api.fakes.generation.running >= 3)
        api.fakes.generation.release(12)
        heard: dict[str, list[dict[str, Any]]] = {}
        while sum(messages[-1]["type"] == "result" for messages in heard.values()) < 3:
            message = await socket.hear()
            heard.setdefault(message["job_id"], []).append(message)
        for messages in heard.values():
            assert steps(messages) == [1, 2, 3, 4]
        assert {messages[-1]["prompt"] for messages in heard.values()} == {"a", "b", "c"}


async def test_a_canceled_job_ends_with_canceled_and_the_others_go_on() -> None:
    async with playing() as (api, socket):
        api.fakes.generation.held = True
        socket.say({**GENERATE, "prompt": "first", "num_inference_steps": 3})
        api.fakes.generation.release(1)
        first = (await socket.hear())["job_id"]
        socket.say({"type": "cancel", "job_id": first})
        ended = await socket.hear()
        assert (ended["type"], ended["job_id"]) == ("error", first)
        assert ended["error"]["code"] == "CANCELED"
        api.fakes.generation.release(3)
        socket.say({**GENERATE, "prompt": "second", "num_inference_steps": 3})
        assert (await socket.hear_end())[-1]["prompt"] == "second"
    assert api.fakes.generation.stopped == [api.fakes.generation.started[0].image_id]


async def test_cancelling_what_has_ended_is_fine_and_what_never_was_is_not_found() -> None:
    async with playing() as (_, socket):
        socket.say({**GENERATE, "num_inference_steps": 1})
        job_id = (await socket.hear_end())[-1]["job_id"]
        socket.say({"type": "cancel", "job_id": job_id})
        socket.say({"type": "cancel", "job_id": "job_of_another"})
        answer = await socket.hear()
        assert answer["error"]["code"] == "NOT_FOUND"
        assert answer["error"]["details"]["name"] == "job_of_another"


async def test_jobs_of_another_socket_cannot_be_canceled() -> None:
    async with playing() as (api, socket):
        api.fakes.generation.held = True
        socket.say({**GENERATE, "num_inference_steps": 2})
        api.fakes.generation.release(1)
        job_id = (await socket.hear())["job_id"]
        async with connected(api.app) as other:
            other.say({"type": "cancel", "job_id": job_id})
            assert (await other.hear())["error"]["code"] == "NOT_FOUND"
        api.fakes.generation.release(1)
        assert (await socket.hear_end())[-1]["type"] == "result"


BAD_MESSAGES: list[tuple[dict[str, Any], str, str]] = [
    ({"text": "not json"}, "INVALID_PARAMETERS", "body"),
    ({"text": "[1]"}, "INVALID_PARAMETERS", "message"),
    ({"text": '"generate"'}, "INVALID_PARAMETERS", "message"),
    ({"text": "{}"}, "INVALID_PARAMETERS", "type"),
    ({"text": '{"type": "dance"}'}, "INVALID_PARAMETERS", "type"),
    ({"text": '{"type": ["generate"]}'}, "INVALID_PARAMETERS", "type"),
    ({"text": '{"type": "cancel"}'}, "INVALID_PARAMETERS", "job_id"),
    ({"text": '{"type": "cancel", "job_id": 7}'}, "INVALID_PARAMETERS", "job_id"),
    ({"text": '{"type": "cancel", "job_id": "j", "x": 1}'}, "INVALID_PARAMETERS", "x"),
    ({"text": '{"type": "generate"}'}, "INVALID_PARAMETERS", "prompt"),
    ({"text": '{"type": "generate", "prompt": "x", "a": 1}'}, "INVALID_PARAMETERS", "a"),
    ({"text": '{"type": "generate", "prompt": " "}'}, "INVALID_PARAMETERS", "prompt"),
    (
        {"text": '{"type": "generate", "prompt": "x", "model_id": "none"}'},
        "INVALID_PARAMETERS",
        "model_id",
    ),
    (
        {"text": '{"type": "generate", "prompt": "x", "guidance_scale": NaN}'},
        "INVALID_PARAMETERS",
        "guidance_scale",
    ),
    ({"text": "[" * 50_000}, "INVALID_PARAMETERS", "body"),
    ({"text": "x" * 70_000}, "PAYLOAD_TOO_LARGE", ""),
    ({"bytes": b"\x00\x01"}, "INVALID_PARAMETERS", "message"),
]


@pytest.mark.parametrize(("message", "code", "parameter"), BAD_MESSAGES)
async def test_a_bad_message_is_an_error_and_the_socket_lives_on(
    message: dict[str, Any], code: str, parameter: str
) -> None:
    async with playing() as (_, socket):
        socket.inbox.put_nowait({"type": "websocket.receive", **message})
        answer = await socket.hear()
        assert answer["type"] == "error"
        assert answer["job_id"] is None
        assert answer["error"]["code"] == code
        assert answer["error"]["details"].get("parameter", "") == parameter
        socket.say({**GENERATE, "num_inference_steps": 1})
        assert (await socket.hear_end())[-1]["type"] == "result"


async def test_bounds_are_those_of_rest() -> None:
    async with playing() as (_, socket):
        socket.say({**GENERATE, "width": 2048})
        assert (await socket.hear())["error"] == {
            "code": "INVALID_PARAMETERS",
            "message": "Invalid parameter: width must be between 64 and 1024",
            "details": {"parameter": "width", "value": 2048, "constraint": "64 <= width <= 1024"},
        }


async def test_a_failed_job_ends_with_its_error() -> None:
    async with playing() as (api, socket):
        api.fakes.generation.fail_prompts["bad"] = GenerationFailed("NaN latents")
        socket.say({**GENERATE, "prompt": "bad"})
        messages = await socket.hear_end()
        assert steps(messages) == [1, 2]
        assert messages[-1] == {
            "type": "error",
            "job_id": messages[0]["job_id"],
            "error": {"code": "INTERNAL_ERROR", "message": "NaN latents", "details": {}},
        }


async def test_a_repeated_run_goes_on_where_the_reports_stopped() -> None:
    async with playing() as (api, socket):
        api.fakes.generation.failures = [ReplicaLost("gone"), None]
        socket.say({**GENERATE, "num_inference_steps": 6})
        messages = await socket.hear_end()
        assert steps(messages) == [1, 2, 3, 4, 5, 6]
        assert messages[-1]["type"] == "result"
