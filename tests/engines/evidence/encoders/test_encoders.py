"""Encoders: the one that comes along, and those of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from transformers import Dinov2Config, Dinov2Model

from engines.evidence.config import EncoderConfig, EvidenceConfig
from engines.evidence.encoders.efficientnet import EfficientNetLite0, load_weights, packaged_file
from engines.evidence.encoders.encoder import EncoderUnavailable, planes, to_unit_length
from engines.evidence.encoders.files import open_encoder
from engines.evidence.encoders.holder import chosen_encoder
from tests.engines.evidence.pictures import CHANGES, picture


@pytest.fixture(scope="module")
def efficientnet() -> EfficientNetLite0:
    return EfficientNetLite0.from_package()


class Averages(torch.nn.Module):
    """Mean of each channel, three times."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=(2, 3)).repeat(1, 3)


def torchscript(path: Path) -> Path:
    torch.jit.script(Averages()).save(str(path))
    return path


def test_vectors_have_length_one_whatever_the_size_of_the_picture(
    efficientnet: EfficientNetLite0,
) -> None:
    found = efficientnet.encode([picture(1), picture(2)[:50], picture(3)[:, :20]])
    assert found.shape == (3, 1280)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


def test_the_network_knows_a_cat_and_a_cup_of_coffee(efficientnet: EfficientNetLite0) -> None:
    """Its classifier, which we do not use, over our vectors: ImageNet's 281 to 285 are cats."""
    weights = load_weights(packaged_file())
    vectors = efficientnet.encode([data.chelsea(), data.coffee()])
    scores = vectors @ weights["_fc.weight"].numpy().T
    assert int(scores[0].argmax()) in range(281, 286)
    assert int(scores[1].argmax()) in (504, 967, 968)


def test_a_changed_picture_lies_nearer_to_its_source_than_to_others(
    efficientnet: EfficientNetLite0,
) -> None:
    photographs = [data.astronaut(), data.coffee(), data.chelsea()]
    sources = efficientnet.encode(photographs)
    for change in CHANGES.values():
        (made,) = efficientnet.encode([change(photographs[1])])
        assert int((sources @ made).argmax()) == 1


def test_weights_that_are_not_the_known_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(EncoderUnavailable, match="not the known"):
        load_weights(path)
    with pytest.raises(EncoderUnavailable, match="not readable"):
        load_weights(tmp_path / "absent.pth")


def test_a_torchscript_file_is_an_encoder(tmp_path: Path) -> None:
    path = torchscript(tmp_path / "mine.pt")
    encoder = open_encoder(EncoderConfig(path=str(path), near_distance=0.1))
    red = np.zeros((10, 10, 3), np.uint8)
    red[..., 0] = 255
    found = encoder.encode([red, red])
    assert found.shape == (2, 9)
    assert found[0].argmax() == 0
    assert (encoder.dimensions, encoder.distances.near) == (9, 0.1)
    assert encoder.name.startswith("mine.pt@")


def test_a_folder_of_transformers_is_an_encoder(tmp_path: Path) -> None:
    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14
    )
    Dinov2Model(config).save_pretrained(tmp_path / "dino")
    encoder = open_encoder(EncoderConfig(path=str(tmp_path / "dino"), side_px=28))
    assert encoder.encode([picture(1)]).shape == (1, 16)


@pytest.mark.parametrize("name", ["absent.onnx", "broken.onnx", "broken.pt", "mine.h5", "folder"])
def test_what_is_no_encoder_is_said(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif name != "absent.onnx":
        path.write_bytes(b"no model")
    with pytest.raises(EncoderUnavailable):
        open_encoder(EncoderConfig(path=str(path)))


def test_the_config_chooses(tmp_path: Path) -> None:
    own = EncoderConfig(path=str(torchscript(tmp_path / "mine.pt")), side_px=28)
    assert chosen_encoder(EvidenceConfig(encoder=own)).dimensions == 9
    assert chosen_encoder(EvidenceConfig()).name.startswith("efficientnet-lite0@")


def test_nothing_of_a_picture_is_cut_off() -> None:
    pixels = np.zeros((10, 40, 3), np.uint8)
    pixels[:, -4:] = 255
    found = planes(pixels, 20, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    assert found.shape == (3, 20, 20)
    assert (found[:, :, 0].mean(), found[:, :, -1].mean()) == (-1, 1)


def test_a_vector_of_zeros_stays_one() -> None:
    assert to_unit_length(np.zeros((1, 3))).tolist() == [[0, 0, 0]]
