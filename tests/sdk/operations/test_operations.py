"""Each endpoint: what goes over the wire, what comes back; on both clients."""

from __future__ import annotations

import inspect
import json
from typing import Any, cast, get_type_hints

import httpx
import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from inferloop_synthdata import AsyncSyntheticImageClient, SyntheticImageClient
from inferloop_synthdata.operations import endpoints as operations
from inferloop_synthdata.operations.operation import Operation
from inferloop_synthdata.transport.generation_stream import generate_message
from serve_app.config import ApiConfig
from serve_app.openai.router import OpenAIRoute
from serve_app.schemas.bounds.bounded import generate_message_model
from tests.sdk.conftest import KEY, Caller
from tests.sdk.operations.answers import SET
from tests.sdk.operations.endpoint_calls import CALLS
from tests.serve_app.api import build_api
from tests.serve_app.fake_services import FakeServices

OF_OPENAI = {"/images/generations"}
"""Spoken by the `openai` package, not by ours."""


def body_models() -> dict[str, type[BaseModel]]:
    """The JSON body of every endpoint that takes one, by path below the API's prefix. What lies
    elsewhere has a client of its own: OpenAI's."""
    app = build_api(FakeServices(), ApiConfig()).app
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    return {
        route.path: cast("type[BaseModel]", route.body_field.field_info.annotation)
        for route in routes
        if isinstance(route, APIRoute)
        and route.body_field is not None
        and not isinstance(route, OpenAIRoute)
    }


@pytest.mark.parametrize(
    ("method", "args", "kwargs", "verb", "target", "body", "answer"),
    CALLS,
    ids=[f"{call[0]}-{call[4]}" for call in CALLS],
)
def test_a_method_is_its_endpoint(
    caller: Caller,
    method: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    verb: str,
    target: str,
    body: Any,
    answer: Any,
) -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=answer)

    returned = caller.call(handler, method, *args, **kwargs)

    [request] = seen
    assert request.method == verb
    assert request.url.raw_path.decode() == f"/api/v1{target}"
    assert request.headers["X-API-Key"] == KEY
    assert (json.loads(request.content) if request.content else None) == body
    assert returned == (None if verb == "DELETE" else answer)


def test_the_bodies_are_what_the_service_takes() -> None:
    models = body_models()
    checked = set()
    for _, _, _, verb, target, body, _ in CALLS:
        if verb in ("POST", "PATCH"):
            path = target.replace("/datasets/d/", "/datasets/{name}/")
            models[path].model_validate_json(json.dumps(body))
            checked.add(path)
    assert checked == set(models) - OF_OPENAI


@pytest.mark.parametrize(
    ("options", "path"),
    [
        (operations.GenerationOptions, "/generate"),
        (operations.GenerationOptions, "/generate/batch"),
        (operations.ExportOptions, "/export/jsonl"),
        (operations.ExportOptions, "/export/parquet"),
        (operations.ExportOptions, "/export/webdataset"),
        (operations.S3ExportOptions, "/export/s3"),
    ],
)
def test_every_option_is_a_field_of_the_service_and_none_is_missing(
    options: type, path: str
) -> None:
    own = {"prompt", "prompts", "batch_size", "dataset_dir", "output_file", "output_dir"}
    own |= {"bucket_name", "s3_prefix", "webhook"}  # a webhook goes with `jobs.submit`
    own |= {"labels_by_prompt", "metadata_by_prompt"}
    fields = set(body_models()[path].model_fields)
    assert set(get_type_hints(options)) == fields - own


def test_a_stream_asks_for_what_the_service_takes() -> None:
    message = generate_message(prompt="p", previews=True, width=64)
    assert message.pop("type") == "generate"
    generate_message_model(ApiConfig()).model_validate_json(json.dumps(message))


def test_the_two_clients_have_the_same_methods() -> None:
    def endpoints(client: type) -> set[str]:
        return {name for name in vars(client) if not name.startswith("_")} - {
            "close",
            "aclose",
            "job_events",
            "generate_many",
        }

    of_operations = {
        name
        for name, value in vars(operations).items()
        if inspect.isfunction(value)
        and not name.startswith("_")
        and get_type_hints(value).get("return", "") is not inspect.Signature.empty
        and "Operation" in str(value.__annotations__.get("return"))
    }
    assert endpoints(SyntheticImageClient) == endpoints(AsyncSyntheticImageClient)
    of_jobs = {"list_jobs", "get_job", "cancel_job", "submit"}  # under `client.jobs`
    own = {"generate_stream", "run", "send", "stream", "jobs", "datasets"}
    assert endpoints(SyntheticImageClient) == of_operations - of_jobs | own


def test_a_method_shows_the_arguments_and_words_of_its_endpoint() -> None:
    method = SyntheticImageClient.get_profile
    assert list(inspect.signature(method).parameters) == ["self", "name"]
    assert method.__doc__ == operations.get_profile.__doc__


@pytest.mark.parametrize("client", [SyntheticImageClient, AsyncSyntheticImageClient])
@pytest.mark.parametrize("name", ["generate_image", "generate_batch", "generate_stream"])
def test_every_option_of_a_generation_stands_in_its_signature_and_words(
    client: type, name: str
) -> None:
    method = getattr(client, name)
    parameters = inspect.signature(method).parameters
    for option in get_type_hints(operations.GenerationOptions):
        assert parameters[option].kind is inspect.Parameter.KEYWORD_ONLY
        assert parameters[option].default is None
        assert f"    {option}: " in method.__doc__
    assert all(each.kind is not inspect.Parameter.VAR_KEYWORD for each in parameters.values())


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_be_another_route_is_refused(name: str) -> None:
    for build in (operations.get_profile, operations.delete_dataset, operations.delete_profile):
        with pytest.raises(ValueError, match="not a name"):
            build(name)


@pytest.mark.parametrize("others", [{}, {"dataset": "d", "profile": "p"}])
def test_a_comparison_takes_exactly_one_other(others: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either"):
        operations.compare_profile("n", **others)
    with pytest.raises(ValueError, match="either"):
        operations.plot_comparison("n", to="x.svg", **others)


def test_operations_are_values() -> None:
    assert isinstance(operations.list_profiles(), Operation)
    assert operations.generate_image(prompt="p").repeatable is True  # under its key
    assert operations.create_profile("n", source_dir="/data/uploads/n").repeatable is False
    assert operations.export_jsonl(dataset_dir=SET, output_file="o").repeatable is True
