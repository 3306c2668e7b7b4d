"""Ratings, tags and decisions: kept beside the image, never lost, never half."""

from __future__ import annotations

import json
import threading

import pytest

from engines.datasets.sidecars.reviews import review_images
from engines.datasets.store.store import DatasetStore
from engines.datasets.upkeep.removal import delete_image
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import InvalidParameters, NotFound, StorageFailed
from engines.protocols import Storage
from engines.types import ExportFilter, ObjectStat
from engines.types.datasets.looking import MAX_TAGS, Review, ReviewChange
from tests.engines.datasets.conftest import encoded
from tests.engines.datasets.labeled import FARM, MakeRequest, exported
from tests.engines.datasets.looking.conftest import Viewer
from tests.engines.storage.doubles import CountingStorage
from tests.waiting import PATIENCE_S


def review_of(store: DatasetStore, key: str) -> Review:
    with store.snapshot(FARM) as snapshot:
        (found,) = (r.review for r in snapshot.records() if r.stat.key == key)
    return found or Review()


def test_a_review_lies_beside_its_image_and_says_who_and_when(
    farm: list[str], store: DatasetStore
) -> None:
    change = ReviewChange(4, ("wet", "keep"), decision="accepted")
    ((key, review),) = review_images(store, [farm[0]], change, "ada")
    assert key == farm[0]
    assert (review.rating, review.tags, review.decision) == (4, ("keep", "wet"), "accepted")
    assert (review.reviewer, review.reviewed_at is not None) == ("ada", True)
    beside = json.loads(store.storage.read(f"{farm[0]}.review.json"))
    assert (beside["file_name"], beside["rating"]) == ("image_0.png", 4)
    assert review_of(store, farm[0]) == review


def test_what_is_left_out_stays_and_what_is_taken_back_goes(
    farm: list[str], store: DatasetStore
) -> None:
    review_images(store, farm[:1], ReviewChange(4, ("keep", "wet"), decision="rejected"), "ada")
    review_images(store, farm[:1], ReviewChange(rating=0, remove_tags=("wet",)), "bob")
    found = review_of(store, farm[0])
    assert (found.rating, found.tags, found.decision) == (0, ("keep",), "rejected")
    assert found.reviewer == "bob"
    review_images(store, farm[:1], ReviewChange(decision="undecided"), "bob")
    assert review_of(store, farm[0]).decision is None


def test_the_same_change_again_writes_nothing(farm: list[str], store: DatasetStore) -> None:
    change = ReviewChange(4, ("keep",))
    first = review_images(store, farm, change, "ada")
    shards = [(s.key, s.size_bytes) for s in store.storage.list(f"{FARM}/.index")]
    assert review_images(store, farm, change, "bob") == first
    assert [(s.key, s.size_bytes) for s in store.storage.list(f"{FARM}/.index")] == shards


def test_nothing_is_changed_where_one_image_is_absent(farm: list[str], store: DatasetStore) -> None:
    with pytest.raises(NotFound):
        review_images(store, [farm[0], f"{FARM}/none.png"], ReviewChange(1), "ada")
    assert review_of(store, farm[0]) == Review()


@pytest.mark.parametrize("name", ["image_0.json", "image_0.png.quality.json", "notes.txt"])
def test_what_is_no_image_has_no_review(
    farm: list[str], store: DatasetStore, storage: Storage, name: str
) -> None:
    storage.replace(f"{FARM}/{name}", b"{}")
    with pytest.raises(InvalidParameters, match="image"):
        review_images(store, [f"{FARM}/{name}"], ReviewChange(1), "ada")


def test_tags_are_bounded_over_all_calls(farm: list[str], store: DatasetStore) -> None:
    tags = tuple(f"t{number}" for number in range(MAX_TAGS))
    review_images(store, farm[:1], ReviewChange(add_tags=tags), "ada")
    with pytest.raises(InvalidParameters, match="tags"):
        review_images(store, farm[:1], ReviewChange(add_tags=("one more",)), "ada")
    swap = ReviewChange(add_tags=("one more",), remove_tags=tags[:1])
    assert len(review_images(store, farm[:1], swap, "ada")[0][1].tags) == MAX_TAGS


def test_images_of_several_folders_are_reviewed_in_one_call(
    farm: list[str], store: DatasetStore, storage: Storage
) -> None:
    storage.put_new("uploads/pets/a.jpg", encoded("JPEG"))
    keys = [farm[1], "uploads/pets/a.jpg", farm[0], farm[1]]
    found = review_images(store, keys, ReviewChange(2), "ada")
    assert [key for key, _ in found] == keys[:3]
    assert storage.stat("uploads/pets/a.jpg.review.json").size_bytes > 0


def test_people_who_tag_one_image_at_once_lose_nothing(
    farm: list[str], storage: Storage, store: DatasetStore
) -> None:
    def tag(number: int) -> None:
        change = ReviewChange(add_tags=(f"by-{number}",))
        review_images(DatasetStore(storage), farm[:1], change, f"key-{number}")

    threads = [threading.Thread(target=tag, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert review_of(store, farm[0]).tags == tuple(f"by-{number}" for number in range(8))


def test_a_review_goes_with_its_image(farm: list[str], store: DatasetStore) -> None:
    review_images(store, farm, ReviewChange(3), "ada")
    assert f"{farm[0]}.review.json" in delete_image(store, farm[0])
    left = [stat.key for stat in store.storage.list(FARM) if "image_0" in stat.key]
    assert left == []
    store.delete("farm")
    assert list(store.storage.list("generated")) == []


def test_a_review_without_a_line_in_the_index_is_read_and_repaired(
    farm: list[str], store: DatasetStore, storage: Storage, viewer: Viewer
) -> None:
    review_images(store, farm[:1], ReviewChange(3), "ada")
    for stat in list(storage.list(f"{FARM}/.index")):
        storage.delete(stat.key)
    assert viewer.ids(min_rating=1) == ["0"]
    fresh = DatasetStore(storage)
    assert fresh.repair_index(FARM) == 5
    assert fresh.repair_index(FARM) == 0


def test_a_damaged_review_is_none_and_can_be_given_again(
    farm: list[str], store: DatasetStore, storage: Storage
) -> None:
    for content in (b"", b"[]", b'{"schema": "inferloop.review/1", "rating": true}'):
        storage.replace(f"{farm[0]}.review.json", content)
        assert review_of(store, farm[0]) == Review()
        review_images(store, farm[:1], ReviewChange(2), "ada")
        assert review_of(store, farm[0]).rating == 2


def test_a_review_of_another_file_of_the_stem_is_not_taken(
    farm: list[str], store: DatasetStore, storage: Storage
) -> None:
    review_images(store, farm[:1], ReviewChange(5), "ada")
    copied = storage.read(f"{farm[0]}.review.json")
    storage.put_new(f"{farm[1]}.review.json", copied)
    assert review_of(store, farm[1]) == Review()


@pytest.mark.parametrize(
    ("decision", "min_rating", "taken", "filtered"),
    [
        ("accepted", None, ["image_0"], {"decision": 4}),
        ("not_rejected", None, ["image_0", "image_2", "image_3", "image_4"], {"decision": 1}),
        (None, 3, ["image_1"], {"min_rating": 4}),
        ("accepted", 3, [], {"decision": 4, "min_rating": 1}),
    ],
)
def test_an_export_takes_what_was_accepted(
    farm: list[str],
    store: DatasetStore,
    exporter: DatasetExporter,
    make_request: MakeRequest,
    storage: Storage,
    decision: str | None,
    min_rating: int | None,
    taken: list[str],
    filtered: dict[str, int],
) -> None:
    review_images(store, farm[:1], ReviewChange(decision="accepted"), "ada")
    review_images(store, farm[1:2], ReviewChange(5, decision="rejected"), "ada")
    wanted = ExportFilter(decision=decision, min_rating=min_rating)  # type: ignore[arg-type]
    lines = exported(exporter, make_request, storage, filter=wanted).splitlines()
    assert [json.loads(line)["id"] for line in lines] == taken
    request = make_request("exports/again.jsonl", dataset_key=FARM, filter=wanted)
    assert exporter.export(request).filtered == filtered


class TogetherStorage(CountingStorage):
    """Writes a review only when those of all images are being written."""

    def __init__(self, inner: Storage, images: int) -> None:
        super().__init__(inner)
        self._all = threading.Barrier(images, timeout=PATIENCE_S)

    def put_new(self, key: str, content: bytes) -> ObjectStat:
        self._all.wait()
        return super().put_new(key, content)


def test_images_of_one_call_are_written_at_the_same_time(farm: list[str], storage: Storage) -> None:
    """One after the other, a thousand images need longer than a request may take."""
    store = DatasetStore(TogetherStorage(storage, len(farm)))
    found = review_images(store, farm, ReviewChange(decision="accepted"), "ada")
    assert [key for key, _ in found] == farm


def test_what_was_written_before_an_error_is_in_the_index(
    farm: list[str], storage: Storage
) -> None:
    failing = CountingStorage(storage)
    failing.failing["put_new"] = "image_1.png.review.json"
    with pytest.raises(StorageFailed):
        review_images(DatasetStore(failing), farm, ReviewChange(rating=3), "ada")
    written = [key for key in farm if _is_there(storage, f"{key}.review.json")]
    assert farm[1] not in written
    lines = b"".join(storage.read(stat.key) for stat in storage.list(f"{FARM}/.index"))
    assert lines.count(b'"rating":3') == len(written)


def _is_there(storage: Storage, key: str) -> bool:
    try:
        storage.stat(key)
    except NotFound:
        return False
    return True
