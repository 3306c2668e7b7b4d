"""Whatever a generation request holds, it is taken within the bounds or refused in words."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engines.errors import InvalidParameters
from serve_app.config import ApiConfig
from serve_app.schemas.bounds.bounded import batch_model, generate_model
from serve_app.schemas.bounds.parser import parse_json, validated

GENERATE, BATCH = generate_model(ApiConfig()), batch_model(ApiConfig())


def check_words(error: InvalidParameters) -> None:
    """Whatever was sent, the refusal is short, plain JSON."""
    assert error.message.startswith("Invalid parameter: ")
    text = json.dumps(error.details, allow_nan=False, ensure_ascii=False)
    assert len(text) < 20_000
    text.encode("utf-8")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELDS = sorted(BATCH.model_fields | GENERATE.model_fields)


@given(st.dictionaries(st.sampled_from([*FIELDS, "extra"]), JSON, max_size=6))
def test_whatever_comes_is_taken_within_bounds_or_refused_in_words(body: dict[str, Any]) -> None:
    try:
        taken = validated(GENERATE, body)
    except InvalidParameters as error:
        check_words(error)
        return
    assert 64 <= taken.width <= 1024
    assert taken.width % 8 == 0
    assert taken.prompt.strip(" \t\n\r")
    assert taken.seed is None or 0 <= taken.seed < 2**53
    assert math.isfinite(taken.guidance_scale)


@given(
    prompt=st.text(min_size=1, max_size=50).filter(
        lambda text: text.strip() and "\x00" not in text
    ),
    width=st.integers(8, 128).map(lambda eighth: eighth * 8),
    height=st.integers(8, 128).map(lambda eighth: eighth * 8),
    steps=st.integers(1, 150),
    guidance=st.floats(0, 30),
    seed=st.none() | st.integers(0, 2**53 - 1),
)
def test_everything_within_bounds_is_taken_unchanged(
    prompt: str, width: int, height: int, steps: int, guidance: float, seed: int | None
) -> None:
    body = {
        "prompt": prompt,
        "width": width,
        "height": height,
        "num_inference_steps": steps,
        "guidance_scale": guidance,
        "seed": seed,
    }
    taken = validated(GENERATE, parse_json(json.dumps(body)))
    assert {name: getattr(taken, name) for name in body} == body
