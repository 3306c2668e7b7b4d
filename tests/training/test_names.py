"""The training of the name likeness tells names from words."""

from __future__ import annotations

import numpy as np
import pytest

from training.names.fit import Example, features, fit


@pytest.mark.slow
def test_what_is_learned_from_a_few_words() -> None:
    given = [Example(word, True, False, 1.0) for word in ("anna", "hanna", "johanna", "marianna")]
    other = [Example(word, False, False, 1.0) for word in ("table", "stable", "cable", "fable")]
    arrays = fit([*given, *other])
    odds = features(["susanna", "gable"])[:2] @ np.asarray(arrays["weights"], dtype=np.float64)
    assert odds[0, 0] > odds[1, 0]
    assert arrays["weights"].dtype == "int8"
