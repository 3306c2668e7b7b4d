"""Groups by name, kept reports, thumbnails, progress, and what completes a report."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import orjson
import pytest

from engines.datasets.sidecars.declared import DeclaredFacts
from engines.datasets.spec.result import Shortage
from engines.errors import Canceled, Conflict, InsufficientStorage, StorageFailed
from engines.evidence.completing import digest_of_images, settings, with_declaration, with_ids
from engines.evidence.config import EncoderConfig, EvidenceConfig
from engines.evidence.gathering import Gathered
from engines.evidence.kept_report import KeptReport, digest_of, version_of_folder
from engines.evidence.near_duplicates import (
    BY_FEATURES,
    BY_HASH,
    SHOWN_CLUSTERS,
    SHOWN_MEMBERS,
    cluster_of_each,
    named_clusters,
    near_duplicates,
)
from engines.evidence.pictures import SHEET_IMAGES, SHEET_PX, Pictures
from engines.evidence.statistics.clusters import Hashes, find_clusters
from engines.evidence.statistics.rows import ArrayRows
from engines.evidence.tally import Tally
from engines.evidence.work import Work
from engines.images import ImageLimits, read_pixels
from engines.protocols import never_stopped
from engines.storage.folder.storage import FolderStorage
from engines.types import ExportProgress, ObjectStat
from engines.types.datasets.reports import FailingImage, ReferenceEvidence, Taken
from tests.engines.evidence.conftest import SmallEncoder, png
from tests.engines.evidence.pictures import picture
from tests.engines.evidence.records import facts, recipe, record
from tests.engines.evidence.report.pages import report

SET = "generated/birds"
ONE, TWO, THREE = 0x0F0F0F0F0F0F0F0F, 0x5555AAAA3333CCCC, 0x00FF12345678FF00


# Groups


def test_groups_are_named_largest_first_with_the_best_to_keep() -> None:
    hashes = [(ONE, 0), (TWO, 0), (TWO, 0), (THREE, 0), (TWO, 0), (ONE, 0)]
    found = near_duplicates(list("abcdef"), [1, 5, 9, 2, 3, 4], hashes)
    groups = [(each.size, each.best, each.images) for each in found.clusters]
    assert groups == [(3, "c", ("b", "c", "e")), (2, "f", ("a", "f"))]
    assert (found.compared, found.images, found.cluster_count) == (6, 5, 2)
    assert found.by == BY_HASH
    assert {(pair.left, pair.right) for pair in found.pairs} >= {("a", "f"), ("b", "c")}


def test_with_features_it_says_so_and_gives_their_distance() -> None:
    found = near_duplicates(["a", "b"], [0, 0], [(ONE, 0)] * 2, ArrayRows(np.ones((2, 3))))
    assert found.by == BY_FEATURES
    assert found.pairs[0].distance == 0


def test_of_equally_good_images_the_first_is_kept() -> None:
    assert near_duplicates(["b", "a"], [1, 1], [(ONE, 0)] * 2).clusters[0].best == "b"


def test_large_and_many_groups_are_cut_but_counted() -> None:
    one = near_duplicates([f"i{n}" for n in range(30)], [0] * 30, [(ONE, 0)] * 30)
    assert (one.clusters[0].size, len(one.clusters[0].images)) == (30, SHOWN_MEMBERS)
    drawn = np.random.default_rng(1).integers(0, 2**64, SHOWN_CLUSTERS + 3, dtype=np.uint64)
    hashes = [(int(each), 0) for each in drawn for _ in range(2)]
    found = near_duplicates([f"i{n}" for n in range(len(hashes))], [0] * len(hashes), hashes)
    assert (found.cluster_count, len(found.clusters)) == (SHOWN_CLUSTERS + 3, SHOWN_CLUSTERS)
    assert found.images == len(hashes)


def test_every_image_knows_its_group() -> None:
    ids = list("abcd")
    found = find_clusters(Hashes.of([(ONE, 0), (TWO, 0), (ONE, 0), (THREE, 0)]))
    assert cluster_of_each(ids, found) == {"a": "a", "b": "b", "c": "a", "d": "d"}
    assert named_clusters(ids, [0, 0, 7, 0], found) == {"c": ["a", "c"]}


# Kept reports


class Refusing(FolderStorage):
    error: Exception = StorageFailed("read-only")

    def replace(self, key: str, content: bytes, if_match: str | None = None) -> ObjectStat:
        raise self.error


def test_a_report_is_read_back_as_it_was(tmp_path: Path) -> None:
    keeper = KeptReport(FolderStorage(tmp_path), f"{SET}/.evidence/r.json", "s1")
    assert keeper.read() is None
    made = report(reasons={"face": 1}, not_looked_at=("x",))
    keeper.write(made)
    assert keeper.read() == made


def test_a_report_of_something_else_is_not_read(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    KeptReport(storage, "generated/r.json", "s1").write(report())
    assert KeptReport(storage, "generated/r.json", "s2").read() is None


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"3", b'{"stamp": "s1"}', b'{"report": "{}"}'),
        *(b'{"stamp": "s1", "report": "{"}', b'{"stamp": "s1", "report": "{}"}'),
        orjson.dumps({"stamp": "s1", "report": 5}),
    ],
)
def test_a_damaged_report_is_none(tmp_path: Path, content: bytes) -> None:
    storage = FolderStorage(tmp_path)
    storage.replace("generated/r.json", content)
    assert KeptReport(storage, "generated/r.json", "s1").read() is None


@pytest.mark.parametrize(
    "error", [Conflict("other"), InsufficientStorage("full"), StorageFailed("away")]
)
def test_a_report_that_cannot_be_kept_is_made_again_next_time(
    tmp_path: Path, error: Exception
) -> None:
    storage = Refusing(tmp_path)
    storage.error = error
    KeptReport(storage, "generated/r.json", "s1").write(report())
    assert KeptReport(storage, "generated/r.json", "s1").read() is None


def test_the_version_of_a_folder_changes_with_whatever_lies_in_it(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    assert version_of_folder(storage, SET, never_stopped) is None
    seen = []
    for name, content in (("a.png", b"1"), ("b/c.png", b"1"), ("a.png", b"2"), ("a.json", b"1")):
        storage.replace(f"{SET}/{name}", content)
        seen.append(version_of_folder(storage, SET, never_stopped))
    storage.delete(f"{SET}/b/c.png")
    seen.append(version_of_folder(storage, SET, never_stopped))
    assert len(set(seen)) == 5


def test_hidden_files_do_not_change_the_version_of_a_folder(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    storage.replace(f"{SET}/.evidence/x.json", b"1")
    assert version_of_folder(storage, SET, never_stopped) is None
    storage.replace(f"{SET}/a.png", b"1")
    version = version_of_folder(storage, SET, never_stopped)
    storage.replace(f"{SET}/b/.thumbnails/x.png", b"1")
    assert version_of_folder(storage, SET, never_stopped) == version


def test_a_digest_is_of_the_values_whatever_the_order_of_keys() -> None:
    assert digest_of({"a": 1, "b": 2}, None) == digest_of({"b": 2, "a": 1}, None)
    assert digest_of("a", "b") != digest_of("ab", "") != digest_of("b", "a")
    assert len(digest_of()) == 64


# Pictures


def shown(tmp_path: Path, count: int, side_px: int = 120) -> tuple[Pictures, Tally, Gathered]:
    storage, tally = FolderStorage(tmp_path), Tally()
    for n in range(count):
        storage.replace(f"{SET}/p{n:03}.png", png(picture(n, side_px)))
        tally.add(record(f"p{n:03}.png", recipe=recipe(prompt=f"fox {n} " + "x" * 300)))
    found = Gathered([facts(f"p{n:03}.png") for n in range(count)], None, [])
    return Pictures(storage, SET, ImageLimits(), read_pixels), tally, found


def size_of(jpeg: str | None) -> tuple[int, int]:
    assert jpeg is not None
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(jpeg), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels.shape[1], pixels.shape[0]


def test_a_contact_sheet_shows_small_pictures_with_short_captions(tmp_path: Path) -> None:
    pictures, tally, found = shown(tmp_path, 3)
    sheet = pictures.sheet(tally, found, never_stopped)
    assert [each.id for each in sheet] == ["p000", "p001", "p002"]
    assert {size_of(each.jpeg) for each in sheet} == {(SHEET_PX, SHEET_PX)}
    assert all(each.caption.startswith("fox ") and len(each.caption) == 200 for each in sheet)


def test_a_picture_that_is_small_already_is_not_blown_up(tmp_path: Path) -> None:
    pictures, tally, found = shown(tmp_path, 1, side_px=20)
    assert size_of(pictures.sheet(tally, found, never_stopped)[0].jpeg) == (20, 20)


def test_a_large_dataset_shows_the_same_random_images_every_time(tmp_path: Path) -> None:
    pictures, tally, found = shown(tmp_path, SHEET_IMAGES + 10, side_px=16)
    first = [each.id for each in pictures.sheet(tally, found, never_stopped)]
    turned = Gathered(found.facts[::-1], None, [])
    assert [each.id for each in pictures.sheet(tally, turned, never_stopped)] == first
    assert len(first) == SHEET_IMAGES
    assert first == sorted(first)


def test_an_image_that_went_is_left_out_of_the_sheet_and_stays_in_the_table(
    tmp_path: Path,
) -> None:
    pictures, tally, found = shown(tmp_path, 2)
    tally.failing = [FailingImage(id=f"p{n:03}", prompt=None, factors=()) for n in range(2)]
    pictures.storage.delete(f"{SET}/p001.png")
    assert [each.id for each in pictures.sheet(tally, found, never_stopped)] == ["p000"]
    first, second = pictures.failing(tally, found, 10, never_stopped)
    assert (first.width, first.height) == (64, 48)
    assert second.thumbnail is None


@pytest.mark.parametrize("most", [0, 1, 2])
def test_the_first_failing_images_have_a_picture(tmp_path: Path, most: int) -> None:
    pictures, tally, found = shown(tmp_path, 2)
    tally.failing = [FailingImage(id=f"p{n:03}", prompt=None, factors=()) for n in range(2)]
    failing = pictures.failing(tally, found, most, never_stopped)
    assert [each.thumbnail is not None for each in failing] == [n < most for n in range(2)]


# Completing


def test_ids_replace_names_of_files() -> None:
    taken = Taken(id="a.png", reference="r.png", agreeing_points=1, mirrored=False, distance=0)
    found = ReferenceEvidence(reference="r", images=1, compared=1, taken=(taken,))
    assert with_ids(found, {"a.png": "a"}).taken[0].id == "a"
    assert found.taken[0].id == "a.png"


def test_a_declaration_adds_what_was_asked_for_and_what_is_short() -> None:
    tally = Tally(labels={("animal", "fox"): 2})
    declared = DeclaredFacts(5, {"animal": {"fox": 5}}, (Shortage("fox", "budget", 3),))
    found = with_declaration(report(), tally, declared)
    assert found.requested == 5
    assert [(each.count, each.wanted) for each in found.labels] == [(2, 5)]
    assert found.short[0].message == "short by 3 of class fox: budget"
    plain = with_declaration(report(), tally, None)
    assert (plain.requested, plain.short, plain.labels[0].wanted) == (None, (), None)


def test_settings_tell_the_encoder_by_its_name_and_never_by_its_path() -> None:
    config = EvidenceConfig(encoder=EncoderConfig(path="/home/rosa/mine.onnx"), threads=2)
    told = settings(config, SmallEncoder())
    assert (told["encoder"], told["near_distance"], told["threads"]) == ("small@1", 0.1, 2)
    assert "rosa" not in str(told) + str(settings(config, None))


def test_the_digest_of_images_is_over_their_names_in_order() -> None:
    images = Gathered([facts("b.png"), facts("a.png")], None, [])
    lines = "".join(f"{'ab' * 32}  {name}.png\n" for name in "ab")
    assert digest_of_images(images) == hashlib.sha256(lines.encode()).hexdigest()


# Progress


def test_work_is_never_told_to_be_beyond_its_end() -> None:
    heard: list[ExportProgress] = []
    work = Work(heard.append)
    work.total = 1
    for _ in range(2):
        work.advance()
    assert [(each.done, each.total) for each in heard] == [(1, 1), (2, 2)]


def test_who_listens_can_stop_the_work() -> None:
    def gone(progress: ExportProgress) -> None:
        raise Canceled("gone")

    with pytest.raises(Canceled):
        Work(gone).stop()


def test_a_new_tally_shares_nothing_with_another() -> None:
    Tally().verdicts["x"] += 1
    assert Tally().verdicts == Counter()
