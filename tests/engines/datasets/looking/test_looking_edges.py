"""Looking at what is at the edge: strange cursors, edited files, images made again, odd words."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.datasets.looking.clusters import keep_clusters
from engines.datasets.looking.look import Looker, OpenLooks
from engines.datasets.looking.rows import from_microseconds, to_microseconds
from engines.datasets.sidecars.reviews import review_images
from engines.datasets.store.store import DatasetStore
from engines.datasets.upkeep.removal import delete_image
from engines.errors import InvalidParameters, NotFound
from engines.protocols import Storage
from engines.types import QualityReport
from engines.types.datasets.looking import ImageFilter, ImageQuery, ReviewChange, SortBy
from tests.engines.datasets.labeled import FARM, record_one, request_of
from tests.engines.datasets.looking.conftest import Asides, HandClock, Viewer


def cursor(parts: object) -> str:
    """As a page gives it out, with other contents."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def edited(storage: Storage, key: str, **changes: Any) -> None:
    found = json.loads(storage.read(key))
    storage.replace(key, json.dumps({**found, **changes}).encode())


# Cursors


def test_a_cursor_of_any_number_is_a_page(farm: list[str], viewer: Viewer) -> None:
    for value, descending in product((-(2**70), -(2**63), 2**63 - 1, 1e300), (False, True)):
        made_up = cursor(["seed", descending, value, "x"])
        query = ImageQuery("farm", sort="seed", descending=descending, cursor=made_up)
        page = viewer.looker.page(query)
        assert page.total == 5
        assert len(page.images) == (5 if (value > 0) == descending else 0)


STRANGE_CURSORS = (
    *("", "%", "\u00e4", cursor([]), cursor({}), cursor(7), cursor(None)),
    cursor(["seed", False, "1", "x"]),
    cursor(["seed", False, 1, 2]),
    cursor(["seed", False, None, "x"]),
    cursor(["seed", True, 1, "x"]),
    cursor(["seed", False, 1, "x", 1]),
    cursor(["seed", False, 2**63, "x"]),  # larger than any seed, and than any integer of SQL
    cursor(["seed", False, 2**64 - 1, "x"]),
)


def test_a_cursor_that_is_none_is_refused(farm: list[str], viewer: Viewer) -> None:
    for text in STRANGE_CURSORS:
        with pytest.raises(InvalidParameters, match="next_cursor"):
            viewer.looker.page(ImageQuery("farm", sort="seed", cursor=text))


@pytest.mark.parametrize("sort", ["created", "score", "rating", "seed"])
def test_the_last_page_has_no_cursor_and_all_pages_have_all_images(
    farm: list[str], store: DatasetStore, viewer: Viewer, sort: SortBy
) -> None:
    for key, score in zip(farm[:3], (0.5, 0.5, 0.1), strict=True):
        store.record_verdict(key, QualityReport(key, score, {}, True, "q/1"))
    review_images(store, farm[1:2], ReviewChange(rating=3), "ada")
    for limit, descending in product((1, 2, 5, 6), (False, True)):
        query = ImageQuery("farm", sort=sort, descending=descending, limit=limit)
        pages = [viewer.looker.page(query)]
        while pages[-1].next_cursor is not None:
            pages.append(viewer.looker.page(replace(query, cursor=pages[-1].next_cursor)))
        seen = [image.image_id.removeprefix("image_") for page in pages for image in page.images]
        assert seen == viewer.ids(sort, descending)
        assert (len(set(seen)), len(pages)) == (5, -(-5 // limit))


# Moments

EXTREMES = (
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(5000, 1, 1, 0, 0, 0, 123_457, tzinfo=UTC),
)


@pytest.mark.parametrize("moment", EXTREMES, ids=str)
def test_every_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment


@given(st.datetimes(timezones=st.just(UTC)))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_moments_keep_their_order(moment: datetime) -> None:
    assert from_microseconds(to_microseconds(moment)) == moment
    if moment < EXTREMES[1]:
        assert to_microseconds(moment) < to_microseconds(moment + timedelta(microseconds=1))


@pytest.mark.parametrize("year", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00"])
def test_an_image_of_the_first_or_the_last_moment_is_listed(
    farm: list[str], storage: Storage, viewer: Viewer, year: str
) -> None:
    edited(storage, farm[0].replace(".png", ".json"), created_at=year)
    for stat in list(storage.list(f"{FARM}/.index")):
        storage.delete(stat.key)  # so that the edited file is read
    (image,) = viewer.looker.page(ImageQuery("farm", ImageFilter(seed=0))).images
    assert image.created_at == datetime.fromisoformat(year)


# Edited files


def test_a_tag_that_somebody_wrote_twice_is_one_tag(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    review_images(store, farm[:1], ReviewChange(add_tags=("wet",)), "ada")
    edited(store.storage, f"{farm[0]}.review.json", tags=["wet", "wet", "cold"])
    assert viewer.ids(tags=("wet", "cold")) == ["0"]
    assert viewer.looker.summary("farm", ImageFilter()).tags == {"cold": 1, "wet": 1}


def test_a_tag_taken_away_is_found_no_more(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    review_images(store, farm[:2], ReviewChange(add_tags=("wet", "cold")), "ada")
    assert viewer.ids(tags=("wet",)) == ["0", "1"]
    review_images(store, farm[:1], ReviewChange(remove_tags=("wet",)), "ada")
    assert viewer.ids(tags=("wet",)) == ["1"]
    assert viewer.ids(tags=("cold",)) == ["0", "1"]


# Images that are made again


def test_an_image_made_again_has_nothing_of_the_one_before(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    """As a declared dataset does with an image that did not pass."""
    store.record_verdict(farm[0], QualityReport(farm[0], 0.1, {}, False, "q/1"))
    review_images(store, farm[:1], ReviewChange(2, ("blurred",), decision="rejected"), "ada")
    assert viewer.ids(quality="failed") == ["0"]
    delete_image(store, farm[0])
    record_one(store, request_of(0, seed=9, labels={"animal": "owl"}))
    assert viewer.ids(seed=9) == ["0"]
    assert viewer.ids(quality="unchecked") == viewer.ids(sort="created")
    assert (viewer.ids(tags=("blurred",)), viewer.ids(decision="rejected")) == ([], [])
    assert viewer.ids(labels={"animal": ("owl",)}) == ["0"]
    assert viewer.ids(labels={"animal": ("fox",)}) == ["3"]


def test_an_image_deleted_made_and_deleted_is_gone(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    assert len(viewer.ids()) == 5
    delete_image(store, farm[0])
    record_one(store, request_of(0))
    delete_image(store, farm[0])
    assert viewer.ids() == ["1", "2", "3", "4"]
    record_one(store, request_of(0))
    assert sorted(viewer.ids()) == ["0", "1", "2", "3", "4"]


# Filters


SOUGHT = {
    "STRASSE": "01",  # as "straße" and "strasse" are in other letters
    "straße": "01",
    "Ölbaum": "2",
    "100 %": "0",  # no pattern of SQL
    "_": "",
    "'; DROP TABLE images; --": "",
    "": "012",
}


def test_words_are_found_as_they_stand_in_large_and_small_letters(
    store: DatasetStore, viewer: Viewer
) -> None:
    for number, text in enumerate(("Straße, 100 %", "eine strasse", "ÖLBAUM")):
        record_one(store, request_of(number, prompt=text))
    for prompt, found in SOUGHT.items():
        assert "".join(viewer.ids(prompt=prompt)) == found


BOUNDS: list[tuple[dict[str, Any], str]] = [
    ({"min_score": 0.5}, "12"),
    ({"max_score": 0.5}, "01"),
    ({"min_score": 0.5, "max_score": 0.5}, "1"),
    ({"min_score": 0.6, "max_score": 0.5}, ""),
    ({"min_score": 0.0}, "012"),  # what was not judged has no score
]


def test_bounds_of_the_score_take_what_lies_on_them(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    for key, score in zip(farm[:3], (0.25, 0.5, 1.0), strict=True):
        store.record_verdict(key, QualityReport(key, score, {}, True, "q/1"))
    for bounds, found in BOUNDS:
        assert "".join(viewer.ids(**bounds)) == found


def test_a_label_without_values_takes_nothing(farm: list[str], viewer: Viewer) -> None:
    assert viewer.ids(labels={"animal": ()}) == []
    assert viewer.ids(labels={"animal": ("fox",), "season": ("winter",)}) == ["3"]
    assert viewer.ids(labels={"no such label": ("fox",)}) == []


def test_an_image_of_no_cluster_is_its_own(
    farm: list[str], storage: Storage, viewer: Viewer
) -> None:
    keep_clusters(storage, FARM, {"image_0": ["image_0", "image_2"]})
    assert viewer.ids(cluster="image_2") == ["0", "2"]
    assert viewer.ids(cluster="image_1") == ["1"]
    assert viewer.ids(cluster="image_99") == []
    assert viewer.looker.summary("farm", ImageFilter(cluster="image_0")).near_duplicates == 2


# Databases that are open


def test_the_database_asked_for_least_recently_is_closed_and_built_again(
    store: DatasetStore,
) -> None:
    for name in ("a", "b", "c"):
        record_one(store, request_of(0, dataset=name))
    looks = OpenLooks(2, HandClock(), Asides())
    looker = Looker(store, looks)
    first = looks.get(store, "generated/a")
    for name in ("a", "b", "a", "c"):
        assert looker.page(ImageQuery(name)).total == 1
    assert looks.get(store, "generated/a") is first  # b was closed
    assert looker.page(ImageQuery("b")).total == 1


def test_who_asks_while_another_is_answered_may_leave(farm: list[str], store: DatasetStore) -> None:
    class Left(Exception):
        pass

    def leave() -> None:
        raise Left

    look = OpenLooks(2, HandClock(), Asides()).get(store, FARM)
    with look.current(lambda: None), pytest.raises(Left), look.current(leave):
        pass
    with look.current(lambda: None) as found:
        assert found.database.execute("SELECT COUNT(*) FROM images").fetchone() == (5,)


def test_an_old_database_stands_where_building_another_fails(
    farm: list[str], store: DatasetStore, viewer: Viewer
) -> None:
    """The dataset goes while it is built aside: the next look says so, and nothing else breaks."""
    viewer.ids()
    viewer.clock.now += 61
    viewer.ids()
    store.delete("farm")
    viewer.asides.do()
    with pytest.raises(NotFound):
        viewer.ids()
    record_one(store, request_of(3))
    assert viewer.ids() == ["3"]
