"""Two pictures with one name, told apart by their suffixes, each have their own sidecars."""

from __future__ import annotations

from engines.datasets.store.store import DatasetStore
from engines.datasets.upkeep.removal import delete_image
from engines.storage.folder.storage import FolderStorage
from engines.types import PrivacyReport, QualityReport
from tests.strangers.conftest import FOLDER, image

JPG, PNG = f"{FOLDER}/a.jpg", f"{FOLDER}/a.png"


def quality(key: str, passed: bool) -> QualityReport:
    return QualityReport(key, 0.9 if passed else 0.1, {}, passed, "test/1")


def pair(storage: FolderStorage) -> None:
    storage.put_new(JPG, image("JPEG"))
    storage.put_new(PNG, image("PNG"))


def test_both_can_be_judged_and_both_verdicts_stay(
    storage: FolderStorage, store: DatasetStore
) -> None:
    pair(storage)
    store.record_verdict(JPG, quality(JPG, True))
    store.record_verdict(PNG, quality(PNG, False))
    store.record_verdict(PNG, PrivacyReport(PNG, 100, 0, False, False, (), True, "test/1"))
    for reader in (store, DatasetStore(storage)):
        jpg, png = reader.iter_records(FOLDER)
        assert jpg.quality is not None
        assert png.quality is not None
        assert (jpg.name, jpg.quality.passed, jpg.privacy) == ("a.jpg", True, None)
        assert (png.name, png.quality.passed, png.privacy is not None) == ("a.png", False, True)
    names = sorted(stat.key for stat in storage.list(FOLDER) if stat.key.endswith("quality.json"))
    assert names == [f"{JPG}.quality.json", f"{PNG}.quality.json"]


def test_a_verdict_under_its_old_name_is_still_read(
    storage: FolderStorage, store: DatasetStore
) -> None:
    storage.put_new(PNG, image())
    store.record_verdict(PNG, quality(PNG, True))
    old = storage.read(f"{PNG}.quality.json")
    storage.delete(f"{PNG}.quality.json")
    storage.put_new(f"{FOLDER}/a.quality.json", old)
    (record,) = DatasetStore(storage).iter_records(FOLDER)
    assert record.quality is not None
    store.record_verdict(PNG, quality(PNG, False))
    (record,) = DatasetStore(storage).iter_records(FOLDER)
    assert record.quality is not None
    assert not record.quality.passed  # the newer one, under the whole name


def test_metadata_and_annotations_belong_to_the_file_they_name(
    storage: FolderStorage, store: DatasetStore
) -> None:
    pair(storage)
    storage.put_new(f"{JPG}.json", b'{"label": "jpg"}')
    storage.put_new(f"{FOLDER}/a.json", b'{"label": "both"}')
    storage.put_new(f"{PNG}.txt", b"0 .5 .5 1 1\n")
    jpg, png = store.iter_records(FOLDER)
    assert (jpg.metadata, png.metadata) == ({"label": "jpg"}, {"label": "both"})
    assert ("yolo" in jpg.sidecars, "yolo" in png.sidecars) == (False, True)


def test_a_picture_called_photo_jpg_webp_keeps_what_was_beside_it(
    storage: FolderStorage, store: DatasetStore
) -> None:
    storage.put_new(f"{FOLDER}/photo.jpg.webp", image("WEBP"))
    storage.put_new(f"{FOLDER}/photo.jpg.json", b'{"label": "web"}')
    (record,) = store.iter_records(FOLDER)
    assert (record.image_id, record.metadata) == ("photo.jpg", {"label": "web"})
    storage.put_new(f"{FOLDER}/photo.jpg", image("JPEG"))
    found = {record.name: record.metadata for record in store.iter_records(FOLDER)}
    assert found == {"photo.jpg": {"label": "web"}, "photo.jpg.webp": None}


def test_a_picture_without_suffix_has_sidecars_too(
    storage: FolderStorage, store: DatasetStore
) -> None:
    key = f"{FOLDER}/photo"
    storage.put_new(key, image("JPEG"))
    storage.put_new(f"{key}.json", b'{"label": "bare"}')
    store.record_verdict(key, quality(key, True))
    (record,) = DatasetStore(storage).iter_records(FOLDER)
    assert (record.name, record.metadata) == ("photo", {"label": "bare"})
    assert record.quality is not None


def test_deleting_one_leaves_what_belongs_to_the_other(
    storage: FolderStorage, store: DatasetStore
) -> None:
    pair(storage)
    for key in (JPG, PNG):
        store.record_verdict(key, quality(key, True))
    storage.put_new(f"{FOLDER}/a.txt", b"0 .5 .5 1 1\n")
    assert set(delete_image(store, JPG)) == {JPG, f"{JPG}.quality.json"}
    (png,) = store.iter_records(FOLDER)
    assert png.quality is not None
    assert "yolo" in png.sidecars
    assert f"{FOLDER}/a.txt" in delete_image(store, PNG)
