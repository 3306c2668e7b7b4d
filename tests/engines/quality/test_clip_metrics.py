"""The metrics that need a model, with a real CLIP of a few thousand weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig

from engines.errors import GenerationFailed, InvalidParameters
from engines.images import encode_jpeg
from engines.quality import QualityConfig, QualityValidator
from engines.quality.clip import clip_input

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from engines.types import Pixels


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("clip")
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{c}</w>" for c in letters)]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    text = CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=12,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=32,
        patch_size=16,
    )
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=8
    )
    CLIPModel(config).save_pretrained(folder)
    save_file(
        {"weight": torch.ones(1, 8), "bias": torch.tensor([5.0])}, folder / "head.safetensors"
    )
    return folder


@pytest.fixture(scope="module")
def validator(clip_folder: Path) -> QualityValidator:
    config = QualityConfig(
        clip_model_path=str(clip_folder), aesthetic_head_path=str(clip_folder / "head.safetensors")
    )
    return QualityValidator(config)


def test_alignment_depends_on_image_and_prompt(
    validator: QualityValidator, photos: Mapping[str, Pixels]
) -> None:
    def alignment(photo: str, prompt: str) -> float:
        report = validator.validate(encode_jpeg(photos[photo]), "k", ["prompt_alignment"], prompt)
        return report.metrics["prompt_alignment"]

    seen = {
        (photo, prompt): alignment(photo, prompt)
        for photo in ("coffee", "rocket")
        for prompt in ("a cup", "sky")
    }
    assert all(0 <= value <= 2.5 for value in seen.values())
    assert len(set(seen.values())) > 1
    assert alignment("coffee", "a cup") == seen["coffee", "a cup"]


def test_a_long_prompt_is_cut(validator: QualityValidator, photos: Mapping[str, Pixels]) -> None:
    content = encode_jpeg(photos["coffee"])
    validator.validate(content, "k", ["prompt_alignment"], "cup " * 500)


def test_alignment_without_a_prompt_is_a_clear_refusal(
    validator: QualityValidator, photos: Mapping[str, Pixels]
) -> None:
    with pytest.raises(InvalidParameters, match="prompt must be given"):
        validator.validate(encode_jpeg(photos["coffee"]), "k", ["prompt_alignment"])


def test_the_recorded_prompt_stands_in_for_one_of_the_request(
    validator: QualityValidator, clip_folder: Path, photos: Mapping[str, Pixels]
) -> None:
    asked: list[str] = []

    def recorded(key: str) -> str | None:
        asked.append(key)
        return "a cup" if key == "generated/cup.png" else None

    knowing = QualityValidator(
        QualityConfig(clip_model_path=str(clip_folder)), recorded_prompt=recorded
    )
    content = encode_jpeg(photos["coffee"])
    metrics = ["prompt_alignment"]
    found = knowing.validate(content, "generated/cup.png", metrics).metrics
    assert found == validator.validate(content, "k", metrics, "a cup").metrics
    given = knowing.validate(content, "generated/cup.png", metrics, "sky").metrics
    assert given == validator.validate(content, "k", metrics, "sky").metrics
    knowing.validate(content, "generated/cup.png", ["sharpness"])
    assert asked == ["generated/cup.png"], "asked only where nobody gave the prompt"
    with pytest.raises(InvalidParameters, match="no recipe that holds one"):
        knowing.validate(content, "uploads/other.png", metrics)


def test_the_aesthetic_head_is_applied(
    validator: QualityValidator, photos: Mapping[str, Pixels]
) -> None:
    found = validator.validate(encode_jpeg(photos["coffee"]), "k", ["aesthetic"]).metrics
    bound = np.sqrt(8)
    assert 5 - bound <= found["aesthetic"] <= 5 + bound


def test_a_folder_without_a_model_fails_at_construction(tmp_path: Path, clip_folder: Path) -> None:
    with pytest.raises(GenerationFailed, match="CLIP model does not load"):
        QualityValidator(QualityConfig(clip_model_path=str(tmp_path)))
    missing = QualityConfig(
        clip_model_path=str(clip_folder), aesthetic_head_path=str(tmp_path / "none")
    )
    with pytest.raises(GenerationFailed, match="head does not load"):
        QualityValidator(missing)


@pytest.mark.parametrize("shape", [(20, 90, 3), (300, 200, 3), (32, 32, 3), (1, 5, 3)])
def test_preprocessing_gives_the_models_square(shape: tuple[int, int, int]) -> None:
    gray = np.full(shape, 128, np.uint8)
    planes = clip_input(gray, 32)
    assert planes.shape == (3, 32, 32)
    assert planes.dtype == np.float32
    assert np.ptp(planes[0]) < 1e-5
