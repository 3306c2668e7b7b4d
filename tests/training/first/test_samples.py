"""Sheets of samples: drawn from any denoiser, restored without a decoder."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.training.first.conftest import PutTokenizer
from training.evaluation.sheet import labelled, write, write_blind
from training.first.latents import CHANNELS, PATCH_PX, Basis
from training.first.networks import Denoiser
from training.first.samples import PROMPTS, sample_sheet


@pytest.fixture
def basis() -> Basis:
    rows = np.random.default_rng(0).random((200, PATCH_PX * PATCH_PX * 3), np.float32) * 255
    return Basis.fit(rows)


def test_a_sheet_has_one_labelled_tile_a_prompt(
    tmp_path: Path, basis: Basis, put_tokenizer: PutTokenizer
) -> None:
    torch.manual_seed(0)
    denoiser = Denoiser(put_tokenizer(tmp_path / "tokenizer")).eval()
    sheet = sample_sheet(denoiser, basis, ("a fox", "a red apple"), steps=2)
    assert sheet.shape == (128 + 14, 2 * 128, 3)
    assert basis.project.shape[0] == CHANNELS
    write(tmp_path / "sheet.png", sheet)
    read = cv2.imread(str(tmp_path / "sheet.png"))
    assert read is not None
    np.testing.assert_array_equal(read[..., ::-1], sheet)


def test_missing_tiles_of_the_last_row_are_white() -> None:
    pictures = np.zeros((3, 64, 64, 3), np.uint8)
    sheet = labelled(pictures, ["a", "b", "c"], columns=2, tile_px=32)
    assert sheet.shape == (2 * 46, 64, 3)
    assert sheet[46 + 14 :, 32:].min() == 255
    assert sheet[46 + 14 :, :32].max() == 0


def test_the_must_pass_prompts_are_among_the_samples() -> None:
    assert len(set(PROMPTS)) == len(PROMPTS) >= 10


def test_blind_sheets_hide_the_prompts_and_the_key_tells_them(tmp_path: Path) -> None:
    pictures = np.zeros((30, 32, 32, 3), np.uint8)
    pictures[:, :, :, 0] = np.arange(30)[:, None, None] * 8
    prompts = [f"prompt {n}" for n in range(30)]
    write_blind(tmp_path, pictures, prompts, seed=1)
    key = json.loads((tmp_path / "key.json").read_text("utf-8"))
    assert sorted(key.values()) == sorted(prompts)
    assert list(key.values()) != prompts
    sheets = [cv2.imread(str(tmp_path / f"blind_{n}.png")) for n in range(2)]
    assert sheets[0] is not None
    assert sheets[1] is not None
    shown = sheets[0][14 + 112, 112, 2]  # the first picture, red
    assert f"prompt {shown // 8}" == key["0"]
    assert not (tmp_path / "blind_2.png").exists()
