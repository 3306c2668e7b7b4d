"""A declaration that is refused says which field is wrong, before any image is made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serve_app.datasets.test_declared_datasets import SPEC, client_of, services


@pytest.mark.parametrize(
    ("changes", "parameter", "reason"),
    [
        ({"attributes": {"animal": {"values": {"fox": -1}}}}, "attributes.animal[0].values.fox",
         "must be more than 0 and at most 1000000000"),
        ({"attributes": {"animal": {"values": {"fox": 0}}}}, "attributes.animal[0].values.fox",
         "must be more than 0 and at most 1000000000"),
        ({"budgets": {"seconds": 0}}, "budgets.seconds", "must be more than 0"),
        ({"labels": "animal"}, "labels", "must be a list"),
        ({"labels": ["color"]}, "labels",
         "must name attributes of the declaration: color is not one"),
        ({"prompt": "a {dog}"}, "prompt",
         "must name attributes of the declaration: dog is not one"),
        ({"prompt": "a fox", "negative_prompt": "{dog}"}, "negative_prompt",
         "must name attributes of the declaration: dog is not one"),
        ({"generation": {"width": {"min": 256, "max": 128}}}, "generation.width",
         "must have a min that is at most its max: 256 > 128"),
        ({"generation": {"width": 2048}}, "generation.width",
         "must be less than or equal to 1024"),
        ({"quotas": {"animal": {"dog": 1}}}, "quotas",
         "must be for values of animal: dog is not one"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", ["/datasets", "/datasets/plan"])
def test_a_refused_declaration_names_the_field_and_what_it_must_be(
    call: str, changes: dict[str, Any], parameter: str, reason: str
) -> None:
    with client_of(services()) as client:
        answer = client.post(f"/api/v1{call}", json={**SPEC, **changes})
    assert answer.status_code == 400
    told = answer.json()["error"]
    assert told["details"]["parameter"] == parameter
    assert not str(told["details"]["value"]).startswith("a ") or parameter == "prompt"
    assert told["message"] == f"Invalid parameter: {parameter} {reason}"


@pytest.mark.parametrize(
    "changes",
    [
        {"require": {"profile": {"name": "nope", "min_conformance": 50}}},
        {"generation": {**SPEC["generation"], "profile": ["unsplash_nature", "nope"]}},
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Prefer": "respond-async"}])
@pytest.mark.parametrize("call", ["/datasets", "/datasets/plan", "/datasets/preview"])
def test_a_profile_that_does_not_exist_is_told_before_any_image_is_made(
    call: str, headers: dict[str, str], changes: dict[str, Any]
) -> None:
    fakes, spec = services(), {**SPEC, **changes}
    body = {"spec": spec} if call == "/datasets/preview" else spec
    with client_of(fakes) as client:
        answer = client.post(f"/api/v1{call}", json=body, headers=headers)
    assert answer.status_code == 404
    assert "nope" in answer.json()["error"]["message"]
    assert not fakes.generation.started
