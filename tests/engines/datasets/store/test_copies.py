"""An anonymized copy and its lineage: both or none."""

from __future__ import annotations

import json

import pytest

from engines.datasets.store.copies import keep_copy
from engines.errors import Conflict, InsufficientStorage, JsonValue, NotFound, StorageFailed
from tests.engines.storage.doubles import CountingStorage

KEY = "generated/set/a_anonymized_1.png"
BESIDE = "generated/set/a_anonymized_1.json"
LINEAGE: dict[str, JsonValue] = {"source_key": "generated/set/a.png", "regions": [[1, 2, 3, 4]]}


def keep(storage: CountingStorage) -> None:
    keep_copy(storage, KEY, b"png", LINEAGE)


def test_a_copy_tells_where_it_comes_from(counting: CountingStorage) -> None:
    keep(counting)
    assert counting.read(KEY) == b"png"
    assert json.loads(counting.read(BESIDE)) == LINEAGE


@pytest.mark.parametrize("suffix", [".png", ".json"])
def test_without_room_for_one_there_is_neither(counting: CountingStorage, suffix: str) -> None:
    counting.full = {"put_new": suffix}
    with pytest.raises(InsufficientStorage):
        keep(counting)
    assert list(counting.list("")) == []


def test_a_store_that_fails_half_way_leaves_neither(counting: CountingStorage) -> None:
    counting.failing = {"put_new": ".png"}
    with pytest.raises(StorageFailed):
        keep(counting)
    assert list(counting.list("")) == []


def test_a_crash_half_way_leaves_no_image_without_its_lineage(counting: CountingStorage) -> None:
    class Died(BaseException):
        """The process ends here."""

    class Dying(CountingStorage):
        def put_new(self, key: str, content: bytes) -> object:  # type: ignore[override]
            if key == KEY:
                raise Died
            return super().put_new(key, content)

    with pytest.raises(Died):
        keep(Dying(counting))
    with pytest.raises(NotFound):
        counting.read(KEY)


def test_what_is_there_already_stays(counting: CountingStorage) -> None:
    counting.put_new(KEY, b"other")
    with pytest.raises(Conflict):
        keep(counting)
    assert counting.read(KEY) == b"other"
    assert [stat.key for stat in counting.list("")] == [KEY]
