"""Looking through a dataset: what is shown, in which order, on which page."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from typing import Any, cast

import pytest

from engines.datasets.looking.clusters import keep_clusters
from engines.datasets.sidecars.reviews import review_images
from engines.datasets.store.store import DatasetStore
from engines.datasets.upkeep.removal import delete_image
from engines.errors import InvalidParameters, NotFound
from engines.protocols import Storage
from engines.types import PrivacyIssue, PrivacyReport, QualityReport, Weakness
from engines.types.datasets.looking import ImageFilter, ImageQuery, ReviewChange, SeenImage, SortBy
from tests.engines.datasets.conftest import encoded
from tests.engines.datasets.labeled import FARM, record_one, request_of
from tests.engines.datasets.looking.conftest import Viewer


def judge(store: DatasetStore, keys: list[str]) -> None:
    """The first two pass, the third is blurred, the fourth shows a face; the fifth nobody saw."""
    weakest = Weakness("sharpness", 0.2, 0.5, "The image is blurred.")
    for key, score, passed in zip(keys, (0.9, 0.7, 0.2, 0.8), (1, 1, 0, 1), strict=False):
        report = QualityReport(key, score, {}, bool(passed), "q/1", None if passed else weakest)
        store.record_verdict(key, report)
    face = PrivacyIssue("face", "high", "1 face found", "yunet", (1, 2, 3, 4), 0.9)
    for key, issues in zip(keys, ((), (), (), (face,)), strict=False):
        seen = PrivacyReport(key, 50, 1, False, True, issues, not issues, "p/1")
        store.record_verdict(key, seen)


def only(viewer: Viewer, **wanted: object) -> SeenImage:
    (image,) = viewer.looker.page(ImageQuery("farm", ImageFilter(**wanted))).images  # type: ignore[arg-type]
    return image


def test_an_image_is_shown_with_all_that_is_known_of_it(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    judge(store, farm)
    image = only(viewer, seed=2)
    assert (image.key, image.image_id) == (farm[2], "image_2")
    assert (image.prompt, image.served_model) == ("animal 2", "inferloop/mini")
    assert (image.width, image.height) == (24, 16)
    assert image.labels == {"animal": "dog/wolf", "season": "summer"}
    assert image.size_bytes == store.storage.stat(farm[2]).size_bytes
    assert image.quality is not None
    assert (image.quality.passed, image.quality.score) == (False, 0.2)
    (factor,) = image.quality.factors
    assert (factor.code, factor.value, factor.message) == (
        "sharpness",
        0.2,
        "The image is blurred.",
    )
    shown = only(viewer, seed=3).privacy
    assert shown is not None
    assert [(f.code, f.box) for f in shown.factors] == [("face", (1, 2, 3, 4))]
    assert only(viewer, seed=4).quality is None


WANTED: list[tuple[dict[str, object], str]] = [
    ({}, "01234"),
    ({"labels": {"animal": ("fox",)}}, "03"),
    ({"labels": {"animal": ("fox", "cat"), "season": ("winter",)}}, "13"),
    ({"labels": {"animal": ("unicorn",)}}, ""),
    ({"quality": "passed"}, "013"),
    ({"quality": "failed"}, "2"),
    ({"quality": "unchecked"}, "4"),
    ({"privacy": "failed", "quality": "passed"}, "3"),
    ({"prompt": "ANIMAL 3"}, "3"),
    ({"prompt": "100%"}, ""),
    ({"seed": 4}, "4"),
    ({"min_score": 0.7, "max_score": 0.8}, "13"),
    ({"max_score": 1.0}, "0123"),
    ({"min_rating": 4}, "1"),
    ({"max_rating": 0}, "0234"),
    ({"tags": ("keep",)}, "12"),
    ({"tags": ("keep", "wet")}, "2"),
    ({"decision": "accepted"}, "1"),
    ({"decision": "rejected"}, "2"),
    ({"decision": "undecided"}, "034"),
    ({"cluster": "image_0"}, "03"),
    ({"cluster": "image_3"}, "03"),
    ({"cluster": "image_1"}, "1"),
    ({"cluster": "image_9"}, ""),
]


@pytest.mark.parametrize("when", ["before", "after"])
def test_only_what_was_asked_for_is_shown(
    farm: list[str], store: DatasetStore, viewer: Viewer, when: str
) -> None:
    """Whether it was known at the first look, or came later."""
    if when == "after":
        assert len(viewer.ids()) == 5
    judge(store, farm)
    review_images(store, [farm[1]], ReviewChange(4, ("keep",), decision="accepted"), "ada")
    review_images(store, [farm[2]], ReviewChange(None, ("keep", "wet"), (), "rejected"), "ada")
    keep_clusters(store.storage, FARM, {"image_3": ["image_0", "image_3"]})
    shown = [(wanted, "".join(viewer.ids(**cast(Any, wanted)))) for wanted, _ in WANTED]
    assert shown == WANTED


SORTED: dict[SortBy, tuple[str, str]] = {
    "created": ("01234", "43210"),
    "score": ("21304", "03124"),
    "rating": ("01243", "34210"),
    "seed": ("01234", "43210"),
}
"""Upwards and downwards; the last image has no score."""


def test_images_are_sorted_and_what_has_no_score_comes_last(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    judge(store, farm)
    review_images(store, [farm[3]], ReviewChange(3), "ada")
    for sort, (upwards, downwards) in SORTED.items():
        assert "".join(viewer.ids(sort)) == upwards
        assert "".join(viewer.ids(sort, descending=True)) == downwards


def test_pages_show_every_image_once(farm: list[str], store: DatasetStore, viewer: Viewer) -> None:
    judge(store, farm)
    for sort, descending, limit in product(SORTED, (False, True), (1, 2, 3, 5)):
        found: list[str] = []
        query: ImageQuery | None = ImageQuery("farm", ImageFilter(), sort, descending, limit)
        while query is not None:
            page = viewer.looker.page(query)
            assert page.total == 5
            assert 0 < len(page.images) <= limit
            found += [image.image_id.removeprefix("image_") for image in page.images]
            more = page.next_cursor
            query = replace(query, cursor=more) if more is not None else None
        assert found == viewer.ids(sort, descending)
        assert len(set(found)) == 5


def test_an_image_that_comes_meanwhile_moves_no_page(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    first = viewer.looker.page(ImageQuery("farm", limit=2))
    delete_image(store, farm[0])
    record_one(store, request_of(0, image_id="image_5", seed=5))
    second = viewer.looker.page(ImageQuery("farm", limit=9, cursor=first.next_cursor))
    assert [image.image_id[-1] for image in second.images] == ["2", "3", "4", "5"]


def test_a_cursor_of_somebody_elses_making_is_refused(farm: list[str], viewer: Viewer) -> None:
    for cursor in ("x", "", "W10", "bnVsbA", "é", "eyJhIjogMX0", "A" * 2001):
        with pytest.raises(InvalidParameters, match="cursor"):
            viewer.looker.page(ImageQuery("farm", cursor=cursor))


def test_a_cursor_of_another_sort_is_refused(farm: list[str], viewer: Viewer) -> None:
    cursor = viewer.looker.page(ImageQuery("farm", limit=2)).next_cursor
    with pytest.raises(InvalidParameters, match="cursor"):
        viewer.looker.page(ImageQuery("farm", sort="seed", cursor=cursor))


def test_the_summary_counts_what_there_is(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    judge(store, farm)
    review_images(store, farm[:2], ReviewChange(4, ("keep",), decision="accepted"), "ada")
    found = viewer.looker.summary("farm", ImageFilter())
    assert found.total == 5
    assert found.quality == {"passed": 3, "failed": 1, "unchecked": 1}
    assert found.privacy == {"passed": 3, "failed": 1, "unchecked": 1}
    assert found.decisions == {"accepted": 2, "rejected": 0, "undecided": 3}
    assert found.ratings == {0: 3, 1: 0, 2: 0, 3: 0, 4: 2, 5: 0}
    assert found.labels == {
        "animal": {"cat": 1, "dog/wolf": 1, "fox": 2},
        "season": {"summer": 3, "winter": 2},
    }
    assert found.tags == {"keep": 2}
    assert found.near_duplicates is None
    keep_clusters(store.storage, FARM, {"image_0": ["image_0", "image_3"]})
    foxes = viewer.looker.summary("farm", ImageFilter(labels={"animal": ("fox",)}))
    assert (foxes.total, foxes.near_duplicates) == (2, 2)
    assert foxes.labels["season"] == {"summer": 1, "winter": 1}


class TestFollowing:
    """The second look reads what is new, and no more."""

    def test_a_new_image_and_a_deleted_one_are_seen_at_once(
        self, farm: list[str], store: DatasetStore, viewer: Viewer
    ) -> None:
        assert len(viewer.ids()) == 5
        record_one(store, request_of(1, image_id="image_7", seed=7))
        delete_image(store, farm[1])
        assert "".join(viewer.ids()) == "02347"

    def test_what_another_process_wrote_is_seen_too(
        self, farm: list[str], storage: Storage, viewer: Viewer
    ) -> None:
        assert viewer.ids(decision="accepted") == []
        other = DatasetStore(storage)
        review_images(other, [farm[0]], ReviewChange(decision="accepted"), "bob")
        assert viewer.ids(decision="accepted") == ["0"]

    def test_a_file_that_somebody_copied_in_is_seen(
        self, farm: list[str], storage: Storage, viewer: Viewer
    ) -> None:
        assert len(viewer.ids()) == 5
        viewer.clock.now += 1
        storage.put_new(f"{FARM}/photo.jpg", encoded("JPEG"))
        assert set(viewer.ids()) == {*"01234", "photo"}
        assert only_photo(viewer).prompt is None

    def test_an_old_database_is_built_anew_beside_the_one_that_answers(
        self, farm: list[str], storage: Storage, viewer: Viewer
    ) -> None:
        assert len(viewer.ids()) == 5
        storage.put_new(f"{FARM}/deep/photo.jpg", encoded("JPEG"))  # the folder tells nothing
        version = storage.folder_version(FARM)
        viewer.ids()
        viewer.clock.now += 61
        before = viewer.ids()
        assert version == storage.folder_version(FARM)
        assert len(viewer.asides.waiting) <= 1
        viewer.asides.do()
        assert set(viewer.ids()) == {*before, "deep/photo"}

    def test_a_dataset_that_was_deleted_is_not_there_any_more(
        self, farm: list[str], store: DatasetStore, viewer: Viewer
    ) -> None:
        assert len(viewer.ids()) == 5
        viewer.clock.now += 1
        store.delete("farm")
        with pytest.raises(NotFound, match="farm"):
            viewer.ids()
        record_one(store, request_of(0))
        assert viewer.ids() == ["0"]

    def test_without_its_last_image_there_is_no_dataset(
        self, farm: list[str], store: DatasetStore, viewer: Viewer
    ) -> None:
        assert len(viewer.ids()) == 5
        for key in farm:
            delete_image(store, key)
        with pytest.raises(NotFound):
            viewer.ids()

    def test_a_damaged_line_of_the_index_hides_nothing_else(
        self, farm: list[str], store: DatasetStore, viewer: Viewer
    ) -> None:
        assert len(viewer.ids()) == 5
        line = b'["image_0.png","review","2030","e",{"schema":"inferloop.review/1","rating":9}]\n'
        store.storage.append(f"{FARM}/.index/9.jsonl", b"not json\n" + line)
        review_images(store, [farm[2]], ReviewChange(5), "ada")
        assert viewer.ids(min_rating=1) == ["2"]

    def test_damaged_clusters_are_none(
        self, farm: list[str], storage: Storage, viewer: Viewer
    ) -> None:
        storage.put_new(f"{FARM}/.evidence/clusters.json", b'["x", {')
        assert [image.cluster for image in viewer.looker.page(ImageQuery("farm")).images] == (
            [None] * 5
        )

    def test_two_images_of_one_stem_are_both_shown(
        self, farm: list[str], storage: Storage, viewer: Viewer
    ) -> None:
        storage.put_new(f"{FARM}/image_0.jpg", encoded("JPEG"))
        shown = viewer.looker.page(ImageQuery("farm")).images
        assert len({image.image_id for image in shown}) == len(shown) == 6
        assert all(a.created_at <= b.created_at for a, b in pairwise(shown))


def only_photo(viewer: Viewer) -> SeenImage:
    shown = viewer.looker.page(ImageQuery("farm")).images
    return next(image for image in shown if image.image_id == "photo")


def test_a_dataset_that_is_not_there_is_named(viewer: Viewer) -> None:
    with pytest.raises(NotFound, match="farm"):
        viewer.ids()
    with pytest.raises(NotFound, match="farm"):
        viewer.looker.summary("farm", ImageFilter())
