"""The OpenAPI document: what it says is kept, and it changes only on purpose.

After a change on purpose: `python -m tests.contract.write_openapi`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from serve_app.durable.asked import KEY_PATTERN
from serve_app.schemas.openapi.glossary import OWN, PARAMETERS, WORDS
from serve_app.schemas.openapi.more_examples import EXAMPLES
from serve_app.schemas.patterns import PATTERN_WORDS
from tests.contract.test_reference_examples import EACH_CALL, example
from tests.contract.write_openapi import SNAPSHOT, document_text


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(document_text())
    return document


def test_the_document_is_the_snapshot() -> None:
    assert document_text() == SNAPSHOT.read_text(encoding="utf-8"), "see this module's docstring"


def test_it_is_served_without_a_key(client: TestClient, document: dict[str, Any]) -> None:
    answer = client.get("/openapi.json", headers={"X-API-Key": ""})
    assert answer.json() == document


def test_it_has_every_endpoint_of_the_reference(document: dict[str, Any]) -> None:
    for path, method in [
        ("/generate", "post"),
        ("/generate/batch", "post"),
        ("/validate/quality", "post"),
        ("/validate/privacy", "post"),
        ("/profiles", "get"),
        ("/profiles/{profile_name}", "get"),
        ("/export/jsonl", "post"),
        ("/export/s3", "post"),
    ]:
        assert method in document["paths"][f"/api/v1{path}"]


def test_it_shows_the_bounds(document: dict[str, Any]) -> None:
    fields = document["components"]["schemas"]["GenerateRequest"]["properties"]
    assert (fields["width"]["minimum"], fields["width"]["maximum"]) == (64, 1024)
    assert fields["width"]["multipleOf"] == 8
    assert fields["num_inference_steps"]["maximum"] == 150
    assert fields["guidance_scale"]["maximum"] == 30
    assert fields["prompt"]["maxLength"] == 2000
    assert fields["seed"]["anyOf"][0]["maximum"] == 2**53 - 1
    batch = document["components"]["schemas"]["GenerateBatchRequest"]["properties"]
    assert batch["prompts"]["maxItems"] == 64
    assert batch["batch_size"]["maximum"] == 32


def test_it_never_speaks_of_422(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert '"422"' not in text
    assert "HTTPValidationError" not in text


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for chunk in json.dumps(document).split('"#/components/schemas/')[1:]:
        assert chunk.partition('"')[0] in schemas


def test_all_but_health_wants_the_key(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            assert ("security" in operation) == path.startswith(("/api/v1/", "/v1/"))


@EACH_CALL
def test_it_shows_the_references_examples(document: dict[str, Any], path: str, name: str) -> None:
    operation = document["paths"][f"/api/v1{path}"]["post"]
    for part, content in [
        ("request", operation["requestBody"]["content"]),
        ("response", operation["responses"]["200"]["content"]),
    ]:
        schema = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
        assert document["components"]["schemas"][schema]["examples"] == [example(f"{name}.{part}")]


@pytest.mark.parametrize(
    ("path", "name"), [("/profiles", "profiles"), ("/profiles/{profile_name}", "profile")]
)
def test_it_shows_the_examples_of_profiles(document: dict[str, Any], path: str, name: str) -> None:
    content = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]
    schema = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][schema]["examples"] == [example(f"{name}.response")]


def test_it_shows_the_error_example(document: dict[str, Any]) -> None:
    content = document["paths"]["/api/v1/generate"]["post"]["responses"]["400"]["content"]
    assert content["application/json"]["example"] == example("error.response")


def test_limited_calls_document_their_headers_on_every_answer(document: dict[str, Any]) -> None:
    headers = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
    for answer in document["paths"]["/api/v1/generate"]["post"]["responses"].values():
        assert headers <= set(answer["headers"])
    assert "429" not in document["paths"]["/api/v1/images"]["delete"]["responses"]


def test_operations_have_short_names_that_differ(document: dict[str, Any]) -> None:
    names = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    assert "generate_image" in names
    assert len(names) == len(set(names))
    assert all(name.isidentifier() for name in names)


def _bodies(document: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Shapes that a call takes or gives as JSON, each with the examples that are shown for it."""
    schemas = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            for part in (operation.get("requestBody", {}), *operation["responses"].values()):
                content = part.get("content", {}).get("application/json", {})
                if "$ref" in content.get("schema", {}):
                    name = content["schema"]["$ref"].rpartition("/")[2]
                    shown = [content["example"]] if "example" in content else []
                    yield name, [*shown, *schemas[name].get("examples", ())]


def test_every_field_is_described(document: dict[str, Any]) -> None:
    bare = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, about in schema.get("properties", {}).items()
        if not about.get("description")
    ]
    assert bare == []


def test_every_request_and_answer_has_an_example_that_fits(document: dict[str, Any]) -> None:
    bodies = list(_bodies(document))
    assert len({name for name, _ in bodies}) > 40
    assert {name for name, shown in bodies if not shown} == set()
    for name, shown in bodies:
        checker = Draft202012Validator({"$ref": f"#/components/schemas/{name}", **document})
        for each in shown:
            assert [error.message for error in checker.iter_errors(each)] == [], name


def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    bare = [
        f"{path} {parameter['name']}"
        for path, item in document["paths"].items()
        for operation in item.values()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]
    assert bare == []


def test_the_glossary_says_nothing_of_fields_that_are_gone(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    fields = {field for schema in schemas.values() for field in schema.get("properties", ())}
    named = {
        parameter["name"]
        for item in document["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", ())
    }
    assert set(PARAMETERS) <= named
    shapes = {re.sub(r"-(Input|Output)$", "", name) for name in schemas}
    assert set(WORDS) <= fields
    assert set(EXAMPLES) <= shapes
    for place in OWN:
        shape, _, field = place.partition(".")
        assert shape in shapes
        assert field in fields


def test_objects_that_clients_name_the_fields_of_say_that_no_other_names_are_taken(
    document: dict[str, Any],
) -> None:
    """As bodies do: else a generated client believes that any label name will do."""
    by_pattern = [node for node in _objects(document) if "patternProperties" in node]
    assert len(by_pattern) >= 10
    assert all(node.get("additionalProperties") is False for node in by_pattern)


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "a", "labels": {"1st": "fox"}},
        {"prompt": "a", "labels": {"": "fox"}},
        {"prompt": "a", "labels": {"an imal": "fox"}},
        {"prompt": "a", "labels": {"a" * 65: "fox"}},
    ],
)
def test_a_label_whose_name_does_not_match_is_refused_as_the_document_says(
    client: TestClient, body: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/generate", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"].startswith("labels")


def test_every_pattern_has_words_for_people(document: dict[str, Any]) -> None:
    """A client whose text does not match reads what is wanted, not an expression."""
    found = {node["pattern"] for node in _objects(document) if isinstance(node.get("pattern"), str)}
    found |= {name for node in _objects(document) for name in node.get("patternProperties", {})}
    assert found - {KEY_PATTERN} <= set(PATTERN_WORDS)
    assert all(
        words.startswith("must ") and "^" not in words for words, _ in PATTERN_WORDS.values()
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("jobs?cursor=x", "cursor must be a number of 1 to 18 digits"),
        ("jobs?kind=A", "kind must be 1 to 40 lower-case letters"),
        ("jobs/a-b", "job_id must be 1 to 64 letters, digits or underscores"),
        (
            "datasets/nature_set/images?label=fox",
            "must be a label and its value, such as animal:fox",
        ),
    ],
)
def test_what_does_not_match_is_told_in_words(client: TestClient, path: str, said: str) -> None:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 400
    assert said in answer.json()["error"]["message"]


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from _objects(inner)
