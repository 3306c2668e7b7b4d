"""The cache of features beside a dataset: what it keeps, and what it must not believe."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.evidence.feature_file import (
    FeatureRows,
    ImageFacts,
    KeptFeatures,
    cache_keys,
    keep_features,
    to_halves,
)
from engines.storage.folder.storage import FolderStorage
from tests.engines.evidence.records import facts
from tests.engines.evidence.vectors import normal, unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDER, ENCODER, DIMENSIONS = "generated/birds", "small@1", 16
FACTS = [facts(f"p{n}.png", own=2**64 - 1 - n) for n in range(4)]
VECTORS = unit(normal(4, 1))
VECTORS_KEY, LINES_KEY = cache_keys(FOLDER, ENCODER)


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    found = FolderStorage(tmp_path)
    keep(found)
    return found


def keep(
    storage: FolderStorage,
    kept: list[ImageFacts] | None = None,
    vectors: NDArray[np.float32] = VECTORS,
) -> None:
    rows = io.BytesIO(to_halves(vectors))
    keep_features(storage, FOLDER, ENCODER, FACTS if kept is None else kept, rows)


def opened(storage: FolderStorage, dimensions: int = DIMENSIONS) -> KeptFeatures:
    return KeptFeatures(storage, FOLDER, ENCODER, dimensions)


def has_any(storage: FolderStorage, dimensions: int = DIMENSIONS) -> bool:
    kept = opened(storage, dimensions)
    try:
        return any(kept.has(each.name, each.etag) for each in FACTS)
    finally:
        kept.close()


def test_features_come_back_with_what_was_read_of_each_image(storage: FolderStorage) -> None:
    kept = opened(storage)
    for place, expected in enumerate(FACTS):
        found = kept.get(expected.name, expected.etag)
        assert found is not None
        assert found[0] == expected
        assert found[1].shape == (1, DIMENSIONS)
        np.testing.assert_allclose(found[1][0], VECTORS[place], atol=1e-3)
    kept.close()


def test_an_image_that_changed_or_is_new_is_not_kept(storage: FolderStorage) -> None:
    kept = opened(storage)
    assert not kept.has("p0.png", "e2")
    assert kept.get("p0.png", "e2") is None
    assert kept.get("p9.png", "e1") is None
    kept.close()


def test_a_folder_without_a_cache_has_nothing(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    assert not has_any(storage)
    kept = opened(storage)
    assert kept.holds_just([])
    kept.close()


@pytest.mark.parametrize("gone", [VECTORS_KEY, LINES_KEY])
def test_half_a_cache_is_none(storage: FolderStorage, gone: str) -> None:
    storage.delete(gone)
    assert not has_any(storage)


@pytest.mark.parametrize("change", [-2, -1, 2, DIMENSIONS * 2])
def test_vectors_that_do_not_fit_the_lines_are_not_believed(
    storage: FolderStorage, change: int
) -> None:
    content = storage.read(VECTORS_KEY)
    storage.replace(VECTORS_KEY, content[:change] if change < 0 else content + b"\0" * change)
    assert not has_any(storage)


def test_vectors_of_an_encoder_with_other_dimensions_are_not_believed(
    storage: FolderStorage,
) -> None:
    assert not has_any(storage, DIMENSIONS * 2)
    assert not has_any(storage, DIMENSIONS // 2)


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"{}", b'{"name": "p"}', b"null", b"\xff", b'{"another": 1}', b""],
)
def test_a_line_that_is_none_spoils_the_cache_and_not_the_report(
    storage: FolderStorage, line: bytes
) -> None:
    lines = storage.read(LINES_KEY).splitlines()
    storage.replace(LINES_KEY, b"\n".join([lines[0], line, *lines[2:]]))
    assert not has_any(storage)


def test_the_cache_holds_these_rows_and_no_other(storage: FolderStorage) -> None:
    kept = opened(storage)
    assert kept.holds_just(FACTS)
    assert not kept.holds_just(FACTS[:-1])
    assert not kept.holds_just(FACTS[::-1])
    assert not kept.holds_just([*FACTS[:-1], replace(FACTS[-1], etag="e2")])
    kept.close()


def test_a_new_cache_replaces_the_old_one_whole(storage: FolderStorage) -> None:
    keep(storage, FACTS[2:], VECTORS[2:])
    kept = opened(storage)
    assert kept.holds_just(FACTS[2:])
    assert not kept.has("p0.png", "e1")
    kept.close()


def test_a_cache_of_no_images_is_kept_too(storage: FolderStorage) -> None:
    keep(storage, [], VECTORS[:0])
    assert storage.read(LINES_KEY) == b""
    assert not has_any(storage)


def test_names_in_any_script_and_the_largest_hash_survive(storage: FolderStorage) -> None:
    odd = [facts("鳥 \u2028 🦊.png", own=2**64 - 1, mirror=0)]
    keep(storage, odd, VECTORS[:1])
    kept = opened(storage)
    assert kept.holds_just(odd)
    kept.close()


def test_every_encoder_has_files_of_its_own_that_are_hidden() -> None:
    first, second = cache_keys(FOLDER, "a@1"), cache_keys(FOLDER, "a@2")
    assert len({*first, *second}) == 4
    assert all(key.startswith(f"{FOLDER}/.evidence/") for key in (*first, *second))


@pytest.mark.parametrize("name", ["../../etc/passwd@1", "a/b\\c@1", "mine model.onnx@1", "模型@1"])
def test_no_name_of_an_encoder_leads_out_of_the_folder(name: str) -> None:
    for key in cache_keys(FOLDER, name):
        assert key.removeprefix(f"{FOLDER}/.evidence/").count("/") == 0
        assert "\\" not in key


# Rows over a file


def test_rows_of_a_file_are_read_in_any_order() -> None:
    rows = FeatureRows(io.BytesIO(to_halves(VECTORS)), 4, DIMENSIONS)
    assert len(rows) == 4
    for start, stop in ((2, 4), (0, 1), (0, 4), (3, 9)):
        np.testing.assert_allclose(rows.part(start, stop), VECTORS[start:stop], atol=1e-3)
        assert rows.part(start, stop).dtype == np.float32


@pytest.mark.parametrize(("start", "stop"), [(4, 4), (4, 8), (9, 12), (2, 2)])
def test_a_part_without_rows_is_empty_and_has_its_dimensions(start: int, stop: int) -> None:
    rows = FeatureRows(io.BytesIO(to_halves(VECTORS)), 4, DIMENSIONS)
    assert rows.part(start, stop).shape == (0, DIMENSIONS)


def test_half_floats_are_little_endian_whatever_the_machine() -> None:
    assert to_halves(np.array([[1.0, -2.0]], np.float32)) == b"\x00\x3c\x00\xc0"


def test_half_floats_move_a_distance_by_less_than_a_thousandth() -> None:
    vectors = unit(normal(60, 5))
    halves = np.frombuffer(to_halves(vectors), "<f2").reshape(60, -1).astype(np.float32)
    exact = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    kept = np.linalg.norm(halves[:, None] - halves[None], axis=2)
    assert np.abs(exact - kept).max() < 1e-3
