"""A dataset begins under a name of its own, also on disks that ignore the case of letters."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engines.datasets.sidecars.declared import open_declared
from engines.datasets.store.beginning import check_beginning
from engines.datasets.store.recorder import ImageRecorder
from engines.datasets.store.store import DatasetStore
from engines.datasets.store.uploading import keep_upload
from engines.errors import Conflict
from engines.images import ImageLimits, verify
from engines.protocols import Storage
from engines.types import GeneratedImage
from engines.types.datasets.datasets import DatasetUpload
from tests.engines.storage.conftest import MakeRequest

MakeImage = Callable[[int], GeneratedImage]


@pytest.fixture
def foxes(store: DatasetStore) -> str:
    store.storage.put_new("generated/Foxes/a.txt", b"a")
    return "Foxes"


def test_an_image_does_not_begin_a_dataset_beside_one_of_another_case(
    store: DatasetStore, foxes: str, make_request: MakeRequest, make_image: MakeImage
) -> None:
    recorder = ImageRecorder(store, {})
    for _ in range(2):
        with pytest.raises(Conflict, match="A dataset of the name Foxes exists"):
            recorder.record(make_request("image_0", dataset="foxes"), make_image(5))
    assert not list(store.storage.list("generated/foxes"))
    recorder.record(make_request("image_0", dataset=foxes), make_image(5))
    recorder.record(make_request("image_0", dataset=None), make_image(5))


def test_an_upload_and_a_declaration_begin_none_either(
    store: DatasetStore,
    foxes: str,
    recorder: ImageRecorder,
    make_request: MakeRequest,
    make_image: MakeImage,
) -> None:
    content = store.storage.read(recorder.record(make_request("a", dataset="b"), make_image(1)).key)
    info = verify(content, ImageLimits())
    with pytest.raises(Conflict, match="only in case"):
        keep_upload(store, content, info, DatasetUpload("FOXES"))
    with pytest.raises(Conflict, match="only in case"):
        open_declared(store.storage, "foxeS", "identity", b"{}")
    assert store.names() == [foxes, "b"]


def test_datasets_that_differ_only_in_case_already_both_go_on(storage: Storage) -> None:
    for name in ("a", "A"):
        storage.put_new(f"generated/{name}/x.txt", b"")
    check_beginning(storage, "generated/a")
    check_beginning(storage, "generated/A")


def test_the_name_is_free_again_after_the_other_was_deleted(
    store: DatasetStore, make_request: MakeRequest, make_image: MakeImage
) -> None:
    recorder = ImageRecorder(store, {})
    recorder.record(make_request("image_0", dataset="foxes"), make_image(1))
    store.delete("foxes")
    recorder.record(make_request("image_0", dataset="Foxes"), make_image(1))
    with pytest.raises(Conflict, match="only in case"):
        recorder.record(make_request("image_0", dataset="foxes"), make_image(1))
