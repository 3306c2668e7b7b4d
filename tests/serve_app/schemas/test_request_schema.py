"""What a generation request may hold, and how every fault is told."""

from __future__ import annotations

import math
from typing import Annotated, Any

import pytest
from pydantic import Field, create_model

from engines.errors import InvalidParameters
from serve_app.config import ApiConfig, FieldBounds, ModelDefaults
from serve_app.schemas.base import RequestModel
from serve_app.schemas.bounds.bounded import (
    MORE_PROMPTS,
    batch_model,
    generate_message_model,
    generate_model,
)
from serve_app.schemas.bounds.faults import MAX_FAULTS
from serve_app.schemas.bounds.parser import parse_json, validated
from serve_app.schemas.datasets.export import FileExportBody

BLANK_REASON = "must not be blank, nor contain a NUL character"
STEPS_REASON = "must be between 1 and 150"
GENERATE, BATCH = generate_model(ApiConfig()), batch_model(ApiConfig())


def fault(body: dict[str, Any], model: Any = GENERATE) -> tuple[str, Any, str, str]:
    """The first fault: parameter, value, constraint, reason."""
    with pytest.raises(InvalidParameters) as caught:
        validated(model, body)
    first = caught.value.faults[0]
    return first.parameter, first.value, first.constraint, first.reason


@pytest.mark.parametrize(
    ("kind", "value", "reason", "constraint"),
    [
        (Annotated[str, Field(min_length=1)], "", "must be at least 1 character long", ">= 1"),
        (Annotated[str, Field(min_length=2)], "", "must be at least 2 characters long", ">= 2"),
        (Annotated[str, Field(max_length=1)], "ab", "must be at most 1 character long", "<= 1"),
        (Annotated[list[str], Field(min_length=1)], [], "must be at least 1 item long", ">= 1"),
        (
            Annotated[list[str], Field(min_length=1, max_length=1)],
            [],
            "must be exactly 1 item long",
            "== 1",
        ),
        (
            Annotated[list[str], Field(max_length=1)],
            ["a", "b"],
            "must be at most 1 item long",
            "<= 1",
        ),
    ],
)
def test_one_is_told_in_the_singular(kind: Any, value: Any, reason: str, constraint: str) -> None:
    told = fault({"x": value}, create_model("Body", __base__=RequestModel, x=(kind, ...)))
    assert told[3] == reason
    assert told[2] == f"len(x) {constraint}"


def test_what_is_left_out_is_the_references_default() -> None:
    body = validated(GENERATE, {"prompt": "x"})
    assert body.model_id == "runwayml/stable-diffusion-v1-5"
    assert (body.width, body.height, body.num_inference_steps) == (512, 512, 50)
    assert (body.guidance_scale, body.seed, body.negative_prompt) == (7.5, None, None)


@pytest.mark.parametrize(
    ("field", "good"),
    [
        ("width", [64, 72, 512, 1024]),
        ("height", [64, 1024]),
        ("num_inference_steps", [1, 150]),
        ("guidance_scale", [0, 0.0, 1, 30, 30.0]),
        ("seed", [0, 1, 2**53 - 1, None]),
        ("prompt", ["x", "x" * 2000, "日本の山", " x ", "a\nb"]),
        ("negative_prompt", ["", "x" * 2000, None]),
        ("dataset", ["nature_set", "a", "A.b-c_9", None]),
        ("profile_strength", [0, 1, 0.5]),
    ],
)
def test_bounds_include_their_ends(field: str, good: list[Any]) -> None:
    for value in good:
        body = validated(GENERATE, {"prompt": "x", field: value})
        assert getattr(body, field) == value


@pytest.mark.parametrize(
    ("field", "value", "constraint", "reason"),
    [
        ("width", 2048, "64 <= width <= 1024", "must be between 64 and 1024"),
        ("width", 56, "64 <= width <= 1024", "must be between 64 and 1024"),
        ("height", 1032, "64 <= height <= 1024", "must be between 64 and 1024"),
        ("width", 9999, "64 <= width <= 1024", "must be between 64 and 1024"),
        ("height", 513, "height % 8 == 0", "must be a multiple of 8"),
        ("width", "512", "integer", "must be an integer"),
        ("width", True, "integer", "must be an integer"),
        ("width", 512.5, "integer", "must be an integer"),
        ("width", None, "integer", "must be an integer"),
        ("width", [512], "integer", "must be an integer"),
        *(
            ("num_inference_steps", value, "1 <= num_inference_steps <= 150", STEPS_REASON)
            for value in (-1, 0, 151)
        ),
        ("guidance_scale", -0.1, "0 <= guidance_scale <= 30", "must be between 0 and 30"),
        ("guidance_scale", 31, "0 <= guidance_scale <= 30", "must be between 0 and 30"),
        ("guidance_scale", False, "number", "must be a number"),
        ("guidance_scale", "7.5", "number", "must be a number"),
        ("seed", -1, "0 <= seed <= 9007199254740991", "must be between 0 and 9007199254740991"),
        ("seed", 2**53, "0 <= seed <= 9007199254740991", "must be between 0 and 9007199254740991"),
        ("seed", False, "integer", "must be an integer"),
        ("prompt", "", "1 <= len(prompt) <= 2000", "must be between 1 and 2000 characters long"),
        *(
            ("prompt", value, "not blank, no NUL character", BLANK_REASON)
            for value in ("  \n\t", "a\x00b", "\x00")
        ),
        ("prompt", 7, "string", "must be a string"),
        ("prompt", None, "string", "must be a string"),
        ("model_id", None, "string", "must be a string"),
        ("profile_strength", 1.5, "0 <= profile_strength <= 1", "must be between 0 and 1"),
    ],
)
def test_faults_are_told_in_the_contracts_words(
    field: str, value: Any, constraint: str, reason: str
) -> None:
    assert fault({"prompt": "x", field: value}) == (field, value, constraint, reason)


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a b", "ä", "x" * 65, "-x", "a\n"])
def test_names_are_safe_file_names(name: str) -> None:
    parameter, _, _, reason = fault({"prompt": "x", "dataset": name})
    assert parameter == "dataset"
    assert reason.startswith("must be 1 to 64 letters")


@pytest.mark.parametrize(
    ("value", "shown"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]
)
def test_what_is_not_finite_is_refused(value: float, shown: str) -> None:
    assert fault({"prompt": "x", "guidance_scale": value}) == (
        "guidance_scale",
        shown,
        "finite",
        "must be a finite number",
    )
    assert fault({"prompt": "x", "width": value})[:2] == ("width", shown)


def test_a_missing_prompt_is_named() -> None:
    assert fault({}) == ("prompt", None, "required", "is required")


def test_unknown_fields_are_refused_and_the_known_listed() -> None:
    parameter, value, constraint, reason = fault({"prompt": "x", "steps": 5})
    assert (parameter, value, reason) == ("steps", 5, "is not a known parameter")
    assert "num_inference_steps" in constraint
    with pytest.raises(InvalidParameters):
        validated(GENERATE, {"prompt": "x", "previews": True})


def test_a_body_that_is_no_object_is_refused() -> None:
    assert fault([1]) == ("body", [1], "object", "must be an object")  # type: ignore[arg-type]


def test_all_faults_are_told_when_there_are_several() -> None:
    with pytest.raises(InvalidParameters) as caught:
        validated(GENERATE, {"prompt": "x", "width": 7, "height": 2000, "extra": 1})
    details = caught.value.details
    errors = details["errors"]
    assert isinstance(errors, list)
    assert len(errors) == 3
    assert errors[0] == {key: details[key] for key in ("parameter", "value", "constraint")}


def test_one_fault_needs_no_list() -> None:
    with pytest.raises(InvalidParameters) as caught:
        validated(GENERATE, {"prompt": "x", "width": 7})
    assert "errors" not in caught.value.details


def test_the_number_of_faults_told_is_bounded() -> None:
    with pytest.raises(InvalidParameters) as caught:
        validated(GENERATE, {"prompt": "x"} | {f"f{number}": 1 for number in range(10_000)})
    assert len(caught.value.faults) == MAX_FAULTS


@pytest.mark.parametrize(
    ("prompts", "parameter", "reason"),
    [
        ([], "prompts", "must be between 1 and 64 items long"),
        (["x"] * 65, "prompts", f"must be between 1 and 64 items long. {MORE_PROMPTS}"),
        (["x", ""], "prompts[1]", "must be between 1 and 2000 characters long"),
        (["x", 7], "prompts[1]", "must be a string"),
        ("x", "prompts", "must be a list"),
    ],
)
def test_prompts_of_a_batch(prompts: Any, parameter: str, reason: str) -> None:
    found = fault({"prompts": prompts}, BATCH)
    assert (found[0], found[3]) == (parameter, reason)


def test_batch_sizes() -> None:
    assert validated(BATCH, {"prompts": ["x"] * 64, "batch_size": 32}).batch_size == 32
    for size in (0, 33):
        assert fault({"prompts": ["x"], "batch_size": size}, BATCH)[2] == "1 <= batch_size <= 32"


@pytest.mark.parametrize(
    ("share", "constraint", "reason"),
    [
        (0, "0 < splits.val <= 1", "must be more than 0 and at most 1"),
        (-1, "0 < splits.val <= 1", "must be more than 0 and at most 1"),
        (1.5, "0 < splits.val <= 1", "must be more than 0 and at most 1"),
        ("1", "number", "must be a number"),
        (None, "number", "must be a number"),
    ],
)
def test_shares_of_splits_have_bounds(share: Any, constraint: str, reason: str) -> None:
    body = {"dataset_dir": "/d", "output_file": "/o", "splits": {"train": 1, "val": share}}
    assert fault(body, FileExportBody) == ("splits.val", share, constraint, reason)


class TestModelDefaults:
    """A model's entry may name defaults of its own; what a request says stands above them."""

    CONFIG = ApiConfig(
        default_model_id="base",
        model_defaults={
            "xl": ModelDefaults(width=1024, height=768, guidance_scale=5.0),
            "base": ModelDefaults(num_inference_steps=20),
        },
    )

    def test_what_is_left_out_is_the_named_models(self) -> None:
        body = validated(generate_model(self.CONFIG), {"prompt": "a fox", "model_id": "xl"})
        assert (body.width, body.height, body.guidance_scale) == (1024, 768, 5.0)
        assert body.num_inference_steps == FieldBounds().default_inference_steps

    def test_what_is_said_stands(self) -> None:
        fields = {"prompt": "a fox", "model_id": "xl", "width": 512, "guidance_scale": 0}
        body = validated(generate_model(self.CONFIG), fields)
        assert (body.width, body.height, body.guidance_scale) == (512, 768, 0)

    def test_the_default_model_has_defaults_too(self) -> None:
        body = validated(generate_message_model(self.CONFIG), {"prompt": "a fox"})
        assert body.num_inference_steps == 20
        assert body.width == FieldBounds().default_side_px

    def test_batches_as_well(self) -> None:
        body = validated(batch_model(self.CONFIG), {"prompts": ["a fox"], "model_id": "xl"})
        assert body.width == 1024

    @pytest.mark.parametrize("model_id", [3, None, [], {"xl": 1}])
    def test_a_model_id_that_is_none_is_refused_as_ever(self, model_id: Any) -> None:
        with pytest.raises(InvalidParameters, match="model_id"):
            validated(generate_model(self.CONFIG), {"prompt": "a fox", "model_id": model_id})


def test_the_limits_are_config() -> None:
    bounds = FieldBounds(max_side_px=256, default_side_px=256, max_inference_steps=4)
    model = generate_model(ApiConfig(bounds=bounds, default_model_id="m/x"))
    assert fault({"prompt": "x", "width": 512}, model)[2] == "64 <= width <= 256"
    body = validated(GENERATE, {"prompt": "x", "width": 512})
    assert body.width == 512
    schema = model.model_json_schema()["properties"]
    assert schema["width"]["maximum"] == 256
    assert schema["num_inference_steps"]["maximum"] == 4
    assert schema["model_id"]["default"] == "m/x"


@pytest.mark.parametrize(
    "content", ["", "{", "\x00", "nul", "[" * 200_000, '{"a": ' + "9" * 5000 + "}"]
)
def test_what_is_no_json_is_refused_about_the_body(content: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        parse_json(content)
    assert caught.value.message == "Invalid parameter: body must be valid JSON"
    assert caught.value.__cause__ is None
