"""Each endpoint: what goes over the wire, what comes back; on both clients."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, get_type_hints

import httpx
import pytest

from inferloop_synthdata import (
    AsyncSyntheticImageClient,
    SyntheticImageClient,
    UnexpectedAnswer,
    operations,
)
from inferloop_synthdata.generation_stream import generate_message
from inferloop_synthdata.operation import Operation
from serve_app.bodies import bodies_of
from serve_app.config import ApiConfig
from tests.sdk.conftest import KEY, Caller

PNG = "/data/generated/image_1.png"
SET = "/data/generated/nature_set"
GENERATED = {"image_path": PNG, "prompt": "p", "parameters": {"seed": 1}}
QUALITY = {"image_path": PNG, "quality_score": 0.85, "metrics": {}, "passed": True}
PRIVACY = {"image_path": PNG, "privacy_score": 95, "issues": [], "passed": True}
PROFILE = {"name": "n", "sample_count": 2, "statistics": {}}
EXPORT = {"status": "success", "exported_count": 1}
UPLOAD = {"status": "success", "uploaded_count": 1, "failed_count": 0}
SUMMARY = {"passed": 1, "failed": 0, "errors": 0, "mean_score": 0.5}
VERDICT = {"dataset_dir": SET, "image_count": 1, "quality": SUMMARY, "privacy": SUMMARY}

# method, arguments, HTTP method, path with query, body, answer
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], str, str, Any, Any]] = [
    (
        "generate_image",
        (),
        {"prompt": "p", "width": 512, "seed": 0, "negative_prompt": None, "dataset": "d"},
        "POST",
        "/generate",
        {"prompt": "p", "width": 512, "seed": 0, "dataset": "d"},
        GENERATED,
    ),
    (
        "generate_batch",
        (),
        {"prompts": ("a", "b"), "batch_size": 2, "guidance_scale": 7.5},
        "POST",
        "/generate/batch",
        {"prompts": ["a", "b"], "batch_size": 2, "guidance_scale": 7.5},
        {"batch_id": "batch_1", "images": [{"image_path": PNG, "prompt": "a"}], "parameters": {}},
    ),
    (
        "validate_quality",
        (PNG,),
        {"metrics": ("sharpness", "noise")},
        "POST",
        "/validate/quality",
        {"image_path": PNG, "metrics": ["sharpness", "noise"]},
        QUALITY,
    ),
    (
        "validate_privacy",
        (PNG,),
        {"check_faces": False},
        "POST",
        "/validate/privacy",
        {"image_path": PNG, "check_faces": False},
        PRIVACY,
    ),
    (
        "validate_dataset",
        (SET,),
        {},
        "POST",
        "/validate/dataset",
        {"dataset_dir": SET},
        VERDICT,
    ),
    (
        "anonymize",
        (PNG,),
        {"method": "pixelate"},
        "POST",
        "/anonymize",
        {"image_path": PNG, "method": "pixelate"},
        {"image_path": PNG, "source_path": PNG, "method": "pixelate", "privacy": PRIVACY},
    ),
    ("list_profiles", (), {}, "GET", "/profiles", None, {"profiles": []}),
    ("get_profile", ("unsplash_nature",), {}, "GET", "/profiles/unsplash_nature", None, PROFILE),
    ("get_profile", ("a/b c?",), {}, "GET", "/profiles/a%2Fb%20c%3F", None, PROFILE),
    (
        "create_profile",
        ("n",),
        {"source_dir": "/data/uploads/n", "update": True},
        "POST",
        "/profiles",
        {"name": "n", "source_dir": "/data/uploads/n", "update": True},
        PROFILE,
    ),
    (
        "create_profile",
        ("n",),
        {"source_url": "s3://photos/n", "keep_hashes": True},
        "POST",
        "/profiles",
        {"name": "n", "source_url": "s3://photos/n", "keep_hashes": True},
        PROFILE,
    ),
    ("delete_profile", ("n",), {}, "DELETE", "/profiles/n", None, {"status": "success"}),
    (
        "compare_profile",
        ("n",),
        {"dataset": SET},
        "GET",
        "/profiles/n/compare?dataset=%2Fdata%2Fgenerated%2Fnature_set",
        None,
        {"conformance": 90.0, "distances": {}, "left": "n", "right": SET},
    ),
    (
        "compare_profile",
        ("n",),
        {"profile": "m"},
        "GET",
        "/profiles/n/compare?profile=m",
        None,
        {"conformance": 90.0, "distances": {}, "left": "n", "right": "m"},
    ),
    (
        "export_jsonl",
        (),
        {"dataset_dir": SET, "output_file": "/data/exports/a.jsonl", "include_metadata": True},
        "POST",
        "/export/jsonl",
        {"dataset_dir": SET, "output_file": "/data/exports/a.jsonl", "include_metadata": True},
        EXPORT,
    ),
    (
        "export_parquet",
        (),
        {
            "dataset_dir": SET,
            "output_file": "/data/exports/a.parquet",
            "splits": {"train": 0.9, "test": 0.1},
        },
        "POST",
        "/export/parquet",
        {
            "dataset_dir": SET,
            "output_file": "/data/exports/a.parquet",
            "splits": {"train": 0.9, "test": 0.1},
        },
        EXPORT,
    ),
    (
        "export_webdataset",
        (),
        {"dataset_dir": SET, "output_dir": "/data/exports/a", "filter": {"quality_passed": True}},
        "POST",
        "/export/webdataset",
        {"dataset_dir": SET, "output_dir": "/data/exports/a", "filter": {"quality_passed": True}},
        EXPORT,
    ),
    (
        "export_s3",
        (),
        {"dataset_dir": SET, "bucket_name": "my-data", "s3_prefix": "a/v1", "public_read": False},
        "POST",
        "/export/s3",
        {"dataset_dir": SET, "bucket_name": "my-data", "s3_prefix": "a/v1", "public_read": False},
        UPLOAD,
    ),
    ("list_datasets", (), {}, "GET", "/datasets", None, {"datasets": []}),
    ("get_dataset", ("d",), {}, "GET", "/datasets/d", None, {"name": "d", "image_count": 3}),
    ("delete_dataset", ("d",), {}, "DELETE", "/datasets/d", None, {"status": "success"}),
]


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
    models = bodies_of(ApiConfig()).models()
    checked = set()
    for _, _, _, verb, target, body, _ in CALLS:
        if verb == "POST":
            models[target].model_validate_json(json.dumps(body))
            checked.add(target)
    assert checked == set(models)


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
    own |= {"bucket_name", "s3_prefix"}
    fields = set(bodies_of(ApiConfig()).models()[path].model_fields)
    assert set(get_type_hints(options)) == fields - own


def test_a_stream_asks_for_what_the_service_takes() -> None:
    message = generate_message(prompt="p", previews=True, width=64)
    assert message.pop("type") == "generate"
    bodies_of(ApiConfig()).generate_message.model.model_validate_json(json.dumps(message))


def test_the_two_clients_have_the_same_methods() -> None:
    def endpoints(client: type) -> set[str]:
        return {name for name in vars(client) if not name.startswith("_")} - {"close", "aclose"}

    of_operations = {
        name
        for name, value in vars(operations).items()
        if inspect.isfunction(value)
        and not name.startswith("_")
        and get_type_hints(value).get("return", "") is not inspect.Signature.empty
        and "Operation" in str(value.__annotations__.get("return"))
    }
    assert endpoints(SyntheticImageClient) == endpoints(AsyncSyntheticImageClient)
    assert endpoints(SyntheticImageClient) == of_operations | {"generate_stream", "run", "stream"}


def test_a_method_shows_the_arguments_and_words_of_its_endpoint() -> None:
    method = SyntheticImageClient.get_profile
    assert list(inspect.signature(method).parameters) == ["self", "name"]
    assert method.__doc__ == operations.get_profile.__doc__


@pytest.mark.parametrize(
    "base_url",
    [
        "http://service.test",
        "http://service.test/",
        "http://service.test/api/v1",
        "http://service.test/api/v1/",
        " http://service.test ",
    ],
)
def test_the_base_url_may_have_the_prefix(caller: Caller, base_url: str) -> None:
    caller.base_url = base_url

    def handler(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://service.test/api/v1/datasets"
        return httpx.Response(200, json={"datasets": []})

    assert caller.call(handler, "list_datasets") == {"datasets": []}


@pytest.mark.parametrize(
    "base_url",
    ["", "service.test:8000", "ftp://service.test", "http://", "http://u:p@h", "http://h?a"],
)
def test_a_base_url_that_cannot_work_is_refused_at_once(base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        SyntheticImageClient(api_key=KEY, base_url=base_url)


@pytest.mark.parametrize("api_key", ["", "kéy", "a\nb"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(api_key: str) -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        SyntheticImageClient(api_key=api_key)
    assert not api_key or api_key not in str(caught.value)


def test_the_served_model_comes_with_the_image(caller: Caller) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=GENERATED, headers={"X-Served-Model": "inferloop-mini"})

    assert caller.call(handler, "generate_image", prompt="p")["served_model"] == "inferloop-mini"


def test_an_upload_is_a_form_with_the_file(caller: Caller, tmp_path: Path) -> None:
    picture = tmp_path / "cat.jpg"
    picture.write_bytes(b"\xff\xd8picture")
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"image_path": "/data/uploads/x.jpg", "size_bytes": 9})

    answer = caller.call(handler, "upload_image", picture, folder="cats")
    caller.call(handler, "upload_image", b"\x89PNG", file_name="dog.png")

    assert answer["image_path"] == "/data/uploads/x.jpg"
    assert seen[0].url.query == b"folder=cats"
    assert seen[0].headers["content-type"].startswith("multipart/form-data")
    assert b'name="file"; filename="cat.jpg"\r\nContent-Type: image/jpeg' in seen[0].content
    assert b"\xff\xd8picture" in seen[0].content
    assert b'filename="dog.png"\r\nContent-Type: image/png' in seen[1].content
    assert seen[1].url.query == b""


def test_a_missing_upload_is_an_os_error_and_sends_nothing(caller: Caller, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        caller.call(lambda request: pytest.fail("sent"), "upload_image", tmp_path / "no.png")


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


@pytest.mark.parametrize("content", [b"<html>hello</html>", b"[]", b"", b"null", b'{"x": 1}'])
def test_an_answer_of_another_shape_is_named_as_such(caller: Caller, content: bytes) -> None:
    with pytest.raises(UnexpectedAnswer):
        caller.call(lambda request: httpx.Response(200, content=content), "list_profiles")


def test_operations_are_values() -> None:
    assert isinstance(operations.list_profiles(), Operation)
    assert operations.generate_image(prompt="p").repeatable is False
    assert operations.create_profile("n", source_dir="/data/uploads/n").repeatable is False
    assert operations.export_jsonl(dataset_dir=SET, output_file="o").repeatable is True
