"""What the files of a model say before anything of it is loaded. No torch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engines.diffusion.config import FolderSource, HubSource, TinySource
from engines.diffusion.models.sources import (
    folder_of,
    grid_px,
    revision_of,
    size_rules,
    weight_bytes,
)
from engines.errors import NotFound
from tests.engines.diffusion.rig import engine_config, tiny_entry

FOLDER = FolderSource(path="fox")
HUB = HubSource(repository="o/n", revision="a" * 40)


def weights(file: Path, *shapes: list[int], data: bytes = b"") -> None:
    """A safetensors file of tensors of these shapes, as far as its header goes."""
    header = {"__metadata__": {"format": "pt"}} | {
        f"layer {number}": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}
        for number, shape in enumerate(shapes)
    }
    text = json.dumps(header).encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(len(text).to_bytes(8, "little") + text + data)


class TestGrid:
    @pytest.mark.parametrize(("blocks", "grid"), [(1, 1), (3, 4), (4, 8), (6, 32)])
    def test_each_block_of_the_decoder_but_the_first_doubles_the_side(
        self, tmp_path: Path, blocks: int, grid: int
    ) -> None:
        (tmp_path / "fox/vae").mkdir(parents=True)
        config = {"block_out_channels": [64] * blocks}
        (tmp_path / "fox/vae/config.json").write_text(json.dumps(config))
        assert grid_px(FOLDER, tmp_path) == grid

    @pytest.mark.parametrize("config", [None, {}, {"block_out_channels": []}])
    def test_without_a_word_of_it_the_usual_one_is_assumed(
        self, tmp_path: Path, config: object
    ) -> None:
        (tmp_path / "fox/vae").mkdir(parents=True)
        if config is not None:
            (tmp_path / "fox/vae/config.json").write_text(json.dumps(config))
        assert grid_px(FOLDER, tmp_path) == grid_px(HUB, tmp_path) == 8

    def test_every_model_has_its_own_rule(self, tmp_path: Path) -> None:
        config = engine_config(
            tiny_entry(), tiny_entry(id="wide", source=HUB, drawn_sides_px=(512, 768))
        )
        rules = size_rules(config, tmp_path)
        assert rules["tiny"].drawn(100, 100) == (104, 104)
        assert rules["wide"].drawn(100, 100) == (512, 512)


class TestWeights:
    def test_every_number_of_every_file_counts_once(self, tmp_path: Path) -> None:
        weights(tmp_path / "fox/unet/a.safetensors", [3, 4], [5])
        weights(tmp_path / "fox/vae/deep/b.safetensors", [])  # a single number
        (tmp_path / "fox/unet/old.bin").write_bytes(b"x" * 99)
        assert weight_bytes(tiny_entry(source=FOLDER), tmp_path, "cpu") == 4 * (12 + 5 + 1)

    @pytest.mark.parametrize(
        ("dtype", "device", "width"),
        [
            ("float32", "cpu", 4),
            ("auto", "cpu", 4),
            ("auto", "auto", 4),
            ("auto", "cuda:1", 2),
            ("bfloat16", "cpu", 2),
            ("float16", "auto", 2),
        ],
    )
    def test_a_number_takes_what_its_type_takes(
        self, tmp_path: Path, dtype: str, device: str, width: int
    ) -> None:
        weights(tmp_path / "fox/unet/a.safetensors", [10])
        entry = tiny_entry(source=FOLDER, dtype=dtype)
        assert weight_bytes(entry, tmp_path, device) == 10 * width

    def test_a_checker_counts_only_where_it_is_loaded(self, tmp_path: Path) -> None:
        weights(tmp_path / "fox/unet/a.safetensors", [10])
        weights(tmp_path / "fox/safety_checker/b.safetensors", [7])
        off = tiny_entry(source=FOLDER)
        on = tiny_entry(source=FOLDER, safety_checker="flag")
        assert weight_bytes(off, tmp_path, "cpu") == 40
        assert weight_bytes(on, tmp_path, "cpu") == 68

    def test_a_models_own_folder_may_be_called_like_a_checker(self, tmp_path: Path) -> None:
        weights(tmp_path / "safety_checker/fox/unet/a.safetensors", [10])
        entry = tiny_entry(source=FolderSource(path="safety_checker/fox"))
        assert weight_bytes(entry, tmp_path, "cpu") == 40

    def test_before_a_download_nobody_knows(self, tmp_path: Path) -> None:
        assert weight_bytes(tiny_entry(source=HUB), tmp_path, "cpu") == 0
        assert weight_bytes(tiny_entry(source=TinySource()), tmp_path, "cpu") > 0

    @pytest.mark.parametrize("path", ["fox", "fox/model_index.json"])
    def test_a_folder_that_is_none_is_named(self, tmp_path: Path, path: str) -> None:
        (tmp_path / "fox").write_text("a file")
        with pytest.raises(NotFound, match=path):
            folder_of(FolderSource(path=path), tmp_path)


class TestRevision:
    def test_a_hub_model_is_of_the_commit_that_names_its_folder(self, tmp_path: Path) -> None:
        assert revision_of(tiny_entry(source=HUB), tmp_path / ("b" * 40)) == "b" * 40

    def test_the_same_weights_elsewhere_are_of_the_same_revision(self, tmp_path: Path) -> None:
        for folder in ("one", "two"):
            weights(tmp_path / folder / "unet/a.safetensors", [3], data=b"abc")
            weights(tmp_path / folder / "vae/b.safetensors", [4])
        (tmp_path / "two/README.md").write_text("no weights")
        entry = tiny_entry(source=FOLDER)
        assert revision_of(entry, tmp_path / "one") == revision_of(entry, tmp_path / "two")

    @pytest.mark.parametrize("change", ["another number", "another name", "one file more"])
    def test_other_weights_are_of_another(self, tmp_path: Path, change: str) -> None:
        entry, file = tiny_entry(source=FOLDER), tmp_path / "unet/a.safetensors"
        weights(file, [3], data=b"abc")
        before = revision_of(entry, tmp_path)
        if change == "another number":
            weights(file, [3], data=b"abd")
        elif change == "another name":
            file.rename(file.with_name("b.safetensors"))
        else:
            weights(tmp_path / "vae/c.safetensors", [1])
        assert revision_of(entry, tmp_path) != before
