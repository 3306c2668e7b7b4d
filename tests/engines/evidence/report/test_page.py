"""The page of a report, read as a browser reads it."""

from __future__ import annotations

import pytest

from engines.evidence.report.page import render_report
from engines.evidence.report.words import duration
from engines.types.datasets.histograms import Histogram
from engines.types.datasets.reports import (
    Cluster,
    JobFacts,
    LabelCount,
    MissingImages,
    NearDuplicates,
    NearPair,
    Thumbnail,
)
from tests.engines.evidence.report.pages import NOW, Page, page, report


def job(**changes: float) -> JobFacts:
    plain = JobFacts(
        planned_at=NOW,
        shards=4,
        rows=1000,
        written=900,
        rejected=80,
        failed=20,
        attempts=1100,
        elapsed_s=100.0,
        rows_now=250,
    )
    return plain.model_copy(update=changes)


def alike(size: int, best: str, shown: int) -> NearDuplicates:
    cluster = Cluster(size=size, best=best, images=tuple(f"i{n}" for n in range(shown)))
    return NearDuplicates(
        compared=5000, images=size, by="hash", cluster_count=1, clusters=(cluster,), pairs=()
    )


def test_a_report_of_nothing_but_images_says_when_and_how_many() -> None:
    found = page()
    assert "Report of 2026-01-02 03:04 UTC, 1,234 images." in found.text
    assert "1,234images" in found.text.replace(" ", "")
    assert "3.0MiB" in found.text.replace(" ", "")
    assert "No judged image failed." in found.text


@pytest.mark.parametrize(
    "heading",
    [
        *("Labels", "Declaration", "Contact sheet", "Rejected", "Near-duplicates"),
        *("Distributions", "Against real images", "Compared with", "Images that failed"),
        *("How it was made", "Not looked at"),
    ],
)
def test_what_is_not_known_has_no_heading(heading: str) -> None:
    assert heading not in page().text


def test_verdicts_are_tiles_by_their_names() -> None:
    text = page(verdicts={"quality_passed": 1200, "privacy_not_judged": 34}).text
    assert "1,200quality passed" in text
    assert "34privacy not judged" in text


def test_labels_say_how_many_are_missing() -> None:
    labels = (
        LabelCount(label="animal", value="cat", count=7, wanted=10),
        LabelCount(label="animal", value="fox", count=12, wanted=10),
        LabelCount(label="animal", value="owl", count=1, wanted=None),
    )
    rows = page(labels=labels).rows
    assert ["label", "value", "images", "wanted", "short by"] in rows
    assert ["animal", "cat", "7", "10", "3"] in rows
    assert ["animal", "fox", "12", "10", ""] in rows
    assert ["animal", "owl", "1", "", ""] in rows


def test_labels_that_nobody_asked_for_are_counted_alone() -> None:
    rows = page(labels=(LabelCount(label="animal", value="cat", count=7),)).rows
    assert ["label", "value", "images"] in rows
    assert ["animal", "cat", "7"] in rows


def test_a_declaration_says_what_was_asked_and_what_could_not_be_made() -> None:
    short = MissingImages(of_class="fox", reason="quality", count=3, message="short by 3 of fox")
    text = page(requested=2000, short=(short,)).text
    assert "1,234 images of 2,000 requested." in text
    assert "short by 3 of fox" in text
    assert "could not make" not in page(requested=1234).text


def test_every_distribution_has_its_numbers_and_an_empty_one_says_so() -> None:
    histograms = {
        "contrast": Histogram.empty("contrast").added([0.25, 0.75]),
        "noise_level": Histogram.empty("noise_level"),
    }
    text = page(histograms=histograms).text
    assert "Over every judged image (2)" in text
    assert "mean 0.5, 0.25 to 0.75" in text
    assert "no value" in text


def test_reasons_are_listed_most_frequent_first() -> None:
    rows = page(reasons={"blurred": 2, "face": 3000}).rows
    found = [row[:2] for row in rows if row and row[0] in ("blurred", "face")]
    assert found == [["face", "3,000"], ["blurred", "2"]]


@pytest.mark.parametrize(
    ("size", "best", "shown", "more"),
    [
        (3, "i1", 3, 0),
        (20, "i19", 20, 0),
        (21, "i0", 20, 1),
        (21, "last", 20, 0),
        (50, "i7", 20, 30),
        (50, "last", 20, 29),
    ],
)
def test_a_group_of_near_duplicates_adds_up_to_its_size(
    size: int, best: str, shown: int, more: int
) -> None:
    """The one to keep, those that are named and those that are not."""
    (row,) = (row for row in page(near_duplicates=alike(size, best, shown)).rows if best in row)
    others = row[2].partition(" and ")[0].split(", ")
    assert row[:2] == [str(size), best]
    assert best not in others
    assert row[2].endswith(f" and {more} more" if more else others[-1])
    assert 1 + len(others) + more == size


def test_pairs_say_their_bits_their_distance_and_mirroring() -> None:
    pairs = (
        NearPair(left="a", right="b", bits=3, mirrored=True, distance=0.12345),
        NearPair(left="a", right="c", bits=0, mirrored=False),
    )
    found = alike(2, "i0", 2).model_copy(update={"pairs": pairs})
    rows = page(near_duplicates=found).rows
    assert ["a", "b", "3", "0.123", "mirrored"] in rows
    assert ["a", "c", "0", "", ""] in rows


def test_the_twenty_closest_pairs_are_shown_and_no_more() -> None:
    pairs = tuple(NearPair(left=f"l{n}", right="r", bits=1, mirrored=False) for n in range(30))
    rows = page(near_duplicates=alike(2, "i0", 2).model_copy(update={"pairs": pairs})).rows
    assert sum(row[:1] != [] and row[0].startswith("l") for row in rows) == 20


def test_written_and_rejected_images_have_sheets_of_their_own() -> None:
    sheet = (
        Thumbnail(id="a", group="written", caption="a fox", jpeg="AAAA"),
        Thumbnail(id="b", group="rejected", caption="a blur", jpeg="BBBB"),
    )
    found = page(sheet=sheet)
    assert found.text.index("Contact sheet") < found.text.index("a fox")
    assert found.text.index("Rejected") < found.text.index("a blur")
    assert ("src", "data:image/jpeg;base64,BBBB") in found.attributes


def test_a_batch_job_tells_its_rows_and_its_rate() -> None:
    text = page(job=job()).text
    assert "Planned 2026-01-02 03:04 UTC, 4 shards." in text
    assert "1,000 rows in = 900 written + 80 rejected + 20 failed." in text
    assert "2.50rows/s" in text
    assert "1 min 40 sthis submission" in text
    assert "Every row was written." in text


@pytest.mark.parametrize("changes", [{"elapsed_s": 0.0}, {"rows_now": 0}])
def test_a_job_that_did_nothing_has_no_rate(changes: dict[str, float]) -> None:
    assert "-rows/s" in page(job=job(**changes)).text


def test_who_made_and_judged_the_images_is_told() -> None:
    changes = {
        "made_by": {"model": {"mini abc": 2000}},
        "settings": {"threads": 2, "encoder": "lite@1"},
        "digest": "d1",
        "version": "v1",
        "not_looked_at": ("features: no encoder",),
    }
    found = page(**changes)
    assert ["model", "mini abc", "2,000 images"] in found.rows
    assert ["threads", "2"] in found.rows
    assert ["digest of the images", "d1"] in found.rows
    assert found.text.endswith("Not looked at: features: no encoder")


def test_the_page_loads_and_runs_nothing() -> None:
    found = page(sheet=(Thumbnail(id="a", group="written", caption="c", jpeg="AA"),))
    assert not {"script", "link", "iframe", "object", "form"} & set(found.tags)
    assert all(not name.startswith("on") for name, _ in found.attributes)
    linked = [value for name, value in found.attributes if name in ("src", "href")]
    assert all(value.startswith("data:image/jpeg;base64,") for value in linked)


HOSTILE = "\"><script>alert(1)</script><b id='x'>"


def hostile() -> Page:
    """Their words in every place where words of users come."""
    changes: dict[str, object] = {
        "name": HOSTILE,
        "labels": (LabelCount(label=HOSTILE, value=HOSTILE, count=1),),
        "requested": 1,
        "short": (MissingImages(of_class=None, reason="r", count=1, message=HOSTILE),),
        "histograms": {HOSTILE: Histogram.empty("contrast")},
        "reasons": {HOSTILE: 1},
        "near_duplicates": alike(2, HOSTILE, 2).model_copy(
            update={"pairs": (NearPair(left=HOSTILE, right=HOSTILE, bits=1, mirrored=False),)}
        ),
        "sheet": (Thumbnail(id="a", group="written", caption=HOSTILE, jpeg=HOSTILE),),
        "verdicts": {HOSTILE: 1},
        "made_by": {HOSTILE: {HOSTILE: 1}},
        "settings": {HOSTILE: HOSTILE},
        "digest": HOSTILE,
        "version": HOSTILE,
        "not_looked_at": (HOSTILE,),
    }
    return page(**changes)


def test_no_word_of_a_user_becomes_markup() -> None:
    found = hostile()
    assert "script" not in found.tags
    assert ("id", "x") not in found.attributes
    assert found.text.count("alert(1)") >= 12


def test_names_in_any_script_are_kept() -> None:
    assert "鳥 🦊 Vögel" in render_report(report(name="鳥 🦊 Vögel"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.4, "59 min 59 s"),
        (3599.9, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (100 * 3600, "100 h 00 min"),
    ],
)
def test_a_duration_is_told_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_text_that_turns_the_direction_of_writing_turns_its_own_alone() -> None:
    """Unicode's isolation, as a style of whatever holds texts of users."""
    assert "b,code,figcaption,li,td,th{unicode-bidi:isolate}" in render_report(report())
