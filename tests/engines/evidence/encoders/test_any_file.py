"""Encoders of users: what they get, what is asked of them, and how they are named."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydantic import ValidationError

from engines.errors import InferloopError
from engines.evidence.config import EncoderConfig, EvidenceConfig
from engines.evidence.encoders.encoder import EncoderUnavailable, planes, to_unit_length
from engines.evidence.encoders.files import FileEncoder

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGEST = "0123456789abcdef" * 4
GRAY = np.full((6, 9, 3), 128, np.uint8)
CONFIG = EncoderConfig(path="/models/mine.onnx", side_px=16)


@dataclass
class Seen:
    """A network that gives the mean of each channel, and remembers what it was given."""

    batches: list[NDArray[np.float32]] = field(default_factory=list)

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.floating]:
        self.batches.append(batch)
        means: NDArray[np.floating] = batch.mean(axis=(2, 3))
        return means


def test_a_batch_is_given_as_one_array_of_normalized_planes() -> None:
    seen = Seen()
    FileEncoder(CONFIG, seen, DIGEST).encode([GRAY, GRAY[:, :2]])
    tried, batch = seen.batches
    assert tried.shape == (1, 3, 16, 16)
    assert batch.shape == (2, 3, 16, 16)
    assert batch.dtype == np.float32
    expected = (128 / 255 - np.array(CONFIG.mean)) / np.array(CONFIG.deviation)
    np.testing.assert_allclose(batch.mean(axis=(0, 2, 3)), expected, rtol=1e-5)


def test_of_tokens_the_first_is_taken() -> None:
    def tokens(batch: NDArray[np.float32]) -> NDArray[np.floating]:
        found = np.zeros((len(batch), 4, 3), np.float32)
        found[:, 0] = (0, 3, 4)
        return found

    encoder = FileEncoder(CONFIG, tokens, DIGEST)
    assert encoder.dimensions == 3
    assert encoder.encode([GRAY])[0].tolist() == pytest.approx([0, 0.6, 0.8])


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 3, 4, 4), ()])
def test_what_gives_no_vector_for_each_picture_is_no_encoder(shape: tuple[int, ...]) -> None:
    with pytest.raises(EncoderUnavailable, match="no vector for each picture"):
        FileEncoder(CONFIG, lambda batch: np.zeros(shape, np.float32), DIGEST)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_gives_no_numbers_is_no_encoder(value: float) -> None:
    """They would lie near to nothing, and every figure of a report would be lost."""
    with pytest.raises(EncoderUnavailable, match="not finite"):
        FileEncoder(CONFIG, lambda batch: np.full((len(batch), 3), value), DIGEST)


def test_distances_are_those_of_the_config() -> None:
    config = CONFIG.model_copy(update={"near_distance": 0.05, "alike_distance": 1.5})
    found = FileEncoder(config, Seen(), DIGEST).distances
    assert (found.near, found.alike) == (0.05, 1.5)


def test_a_name_is_that_of_the_file_with_its_digest() -> None:
    assert FileEncoder(CONFIG, Seen(), DIGEST).name.startswith("mine.onnx@0123456789ab")


@pytest.mark.parametrize(
    "change", [{"side_px": 32}, {"mean": (0.5, 0.5, 0.5)}, {"deviation": (0.5, 0.5, 0.5)}]
)
def test_the_same_file_that_sees_pictures_otherwise_is_another_encoder(
    change: dict[str, object],
) -> None:
    """Features are kept by the encoder's name: vectors of both must not come into one report."""
    other = FileEncoder(CONFIG.model_copy(update=change), Seen(), DIGEST)
    assert other.name != FileEncoder(CONFIG, Seen(), DIGEST).name


def test_distances_and_folders_do_not_rename_an_encoder() -> None:
    moved = CONFIG.model_copy(update={"path": "/elsewhere/mine.onnx", "near_distance": 1.0})
    assert FileEncoder(moved, Seen(), DIGEST).name == FileEncoder(CONFIG, Seen(), DIGEST).name


@pytest.mark.parametrize(
    "change",
    [
        {"deviation": (0.2, 0.0, 0.2)},
        {"deviation": (-0.2, 0.2, 0.2)},
        {"deviation": (float("nan"), 0.2, 0.2)},
        {"mean": (float("inf"), 0.5, 0.5)},
        {"mean": (0.5, 0.5)},
        {"side_px": 15},
        {"side_px": 1025},
        {"near_distance": 2.1},
        {"alike_distance": -0.1},
        {"sides_px": 224},
    ],
)
def test_an_encoder_that_cannot_be_is_refused_in_the_config(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EncoderConfig.model_validate({"path": "a.onnx", **change})


@pytest.mark.parametrize(
    "change",
    [
        {"threads": 0},
        {"batch_images": 0},
        {"max_compared": 99},
        {"max_images": 0},
        {"max_searched": -1},
        {"max_shown": -1},
        {"encoders": None},
    ],
)
def test_work_that_cannot_be_is_refused_in_the_config(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EvidenceConfig.model_validate(change)


# Planes and vectors


def test_a_plane_is_what_the_formula_says() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0] = (255, 51, 0)
    found = planes(pixels, 2, (0.5, 0.1, 0.0), (0.5, 0.2, 1.0))
    assert found[:, 0, 0].tolist() == pytest.approx([1.0, 0.5, 0.0])
    assert found[:, 1, 1].tolist() == pytest.approx([-1.0, -0.5, 0.0])
    assert found.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (300, 2)])
def test_a_picture_of_any_shape_becomes_a_square(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 200, np.uint8)
    found = planes(pixels, 8, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    assert found.shape == (3, 8, 8)
    np.testing.assert_allclose(found, 200 / 255, rtol=1e-6)


def test_vectors_of_any_length_become_of_length_one() -> None:
    found = to_unit_length(np.array([[3.0, 4.0], [1e-9, 0], [1e30, 1e30]]))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], [0.6, 0.8], rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 1], rtol=1e-5)


@dataclass
class Failing:
    """A network that takes the gray picture of its start, and fails on pictures of people."""

    error: Exception

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.floating]:
        if np.ptp(batch[:, 0]) > 0:
            raise self.error
        found: NDArray[np.floating] = batch.mean(axis=(2, 3))
        return found


@pytest.mark.parametrize(
    "error",
    [RuntimeError("CUDA"), ValueError("shape"), MemoryError()],
    ids=lambda e: type(e).__name__,
)
def test_a_network_that_fails_on_a_picture_is_an_encoder_that_cannot_be_used(
    error: Exception,
) -> None:
    """In the middle of a report: the client is told, in our words and without the network's."""
    encoder = FileEncoder(CONFIG, Failing(error), DIGEST)
    striped = GRAY.copy()
    striped[:3] = 0
    with pytest.raises(EncoderUnavailable, match="fails on pictures") as raised:
        encoder.encode([striped])
    assert isinstance(raised.value, InferloopError)
    assert raised.value.message.startswith("mine.onnx@0123456789ab")
    assert raised.value.__cause__ is error
    assert pickle.loads(pickle.dumps(raised.value)).message == raised.value.message
