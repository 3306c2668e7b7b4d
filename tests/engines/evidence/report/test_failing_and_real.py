"""The sections on failing images, on real images and on a profile."""

from __future__ import annotations

import pytest

from engines.evidence.report.failing import LISTED, failing_section
from engines.evidence.report.real import SHOWN
from engines.types.datasets.reports import (
    BY_HASH_ONLY,
    CopyingOut,
    Factor,
    FailingImage,
    IntervalOut,
    ProfileComparison,
    ReferenceEvidence,
    Taken,
)
from tests.engines.evidence.report.pages import Page, page, report

FACE = Factor(check="privacy", code="face", message="a face", value=0.934, box=(10, 12, 20, 24))
BLUR = Factor(check="quality", code="blurred", message="sharpen", value=0.1, threshold=0.5)


def failed(name: str = "p1", *factors: Factor, thumbnail: str | None = None) -> FailingImage:
    return FailingImage(
        id=name, prompt=None, factors=factors, width=64, height=48, thumbnail=thumbnail
    )


def evidence(**changes: object) -> ReferenceEvidence:
    plain = ReferenceEvidence(reference="uploads/real", images=4000, compared=1000)
    return plain.model_copy(update=changes)


def shift(**changes: float) -> CopyingOut:
    plain = CopyingOut(
        effect=0.51,
        p_value=0.4,
        tail_share=0.012,
        tail_expected=0.01,
        tail_p_value=0.3,
        median_made=0.5,
        median_control=0.51,
    )
    return plain.model_copy(update=changes)


def taken(count: int) -> tuple[Taken, ...]:
    return tuple(
        Taken(id=f"t{n}", reference="r", agreeing_points=20, mirrored=n == 0, distance=0.25)
        for n in range(count)
    )


# Failing images


def test_every_factor_of_a_failing_image_is_a_row() -> None:
    rows = page(failing=(failed("p1", FACE, BLUR),), failing_count=1).rows
    assert ["p1", "privacy", "face", "0.934", "", "a face"] in rows
    assert ["p1", "quality", "blurred", "0.1", "0.5", "sharpen"] in rows


def test_a_picture_shows_a_box_for_every_finding_that_has_one() -> None:
    second = FACE.model_copy(update={"box": (1, 2, 3, 4)})
    found = page(failing=(failed("p1", FACE, second, BLUR, thumbnail="AAAA"),), failing_count=1)
    assert found.tags.count("rect") == 2
    assert ("viewbox", "0 0 64 48") in found.attributes
    assert ("aria-label", "face; blurred") in found.attributes
    assert ("href", "data:image/jpeg;base64,AAAA") in found.attributes


def test_an_image_without_a_picture_is_in_the_table_only() -> None:
    found = page(failing=(failed("p1", BLUR),), failing_count=1)
    assert "figure" not in found.tags
    assert "p1" in found.text


def test_a_picture_of_unknown_size_is_drawn_all_the_same() -> None:
    image = FailingImage(id="p", prompt=None, factors=(FACE,), thumbnail="AA")
    assert ("viewbox", "0 0 1 1") in page(failing=(image,), failing_count=1).attributes


@pytest.mark.parametrize(("count", "more"), [(LISTED, 0), (LISTED + 1, 1)])
def test_the_table_is_cut_and_says_by_how_much(count: int, more: int) -> None:
    images = tuple(failed(f"p{n}", BLUR) for n in range(count))
    found = Page("".join(failing_section(report(failing=images, failing_count=count))))
    assert len(found.rows) == 1 + LISTED
    assert ("more; the JSON has them all" in found.text) == (more > 0)


def test_what_a_detector_says_is_no_markup() -> None:
    words = '"><script>x</script>'
    factor = Factor(check=words, code=words, message=words)
    found = page(failing=(failed(words, factor, thumbnail=words),), failing_count=1)
    assert "script" not in found.tags


# Real images


def test_figures_that_were_not_computed_are_not_shown() -> None:
    found = page(reference=evidence())
    assert "4,000 real images." in found.text
    for word in ("density", "recall", "KID", "nearest real image"):
        assert word not in found.text


def test_each_figure_has_its_number_and_what_it_means() -> None:
    changes = {"clipped_density": 0.91234, "clipped_coverage": 0.5, "recall": 0.0}
    rows = page(reference=evidence(**changes)).rows
    assert ["clipped density", "0.912", "share of images that look like real ones"] in rows
    assert ["clipped coverage", "0.500", "share of real images that are represented"] in rows
    assert ["recall", "0.000", "share of real images that are near generated ones"] in rows


def test_kid_comes_with_its_interval() -> None:
    kid = IntervalOut(value=0.01234, low=-0.001, high=0.02)
    assert "95 % between -0.0010 and 0.0200" in page(reference=evidence(kid=kid)).text


@pytest.mark.parametrize(
    ("p_value", "tail_p_value", "sign"),
    [(0.4, 0.3, False), (0.009, 0.5, True), (0.5, 0.009, True), (0.01, 0.01, False)],
)
def test_copying_is_called_a_sign_only_where_chance_makes_it_rarely(
    p_value: float, tail_p_value: float, sign: bool
) -> None:
    found = shift(p_value=p_value, tail_p_value=tail_p_value)
    text = page(reference=evidence(copying=found)).text
    assert ("a sign of copying" in text) == sign
    assert ("No sign of copying." in text) == (not sign)


def test_images_that_were_taken_from_real_ones_are_named() -> None:
    found = page(reference=evidence(searched=1000, taken_count=2, taken=taken(2)))
    assert "2 of 1,000 searched images" in found.text
    assert ["t0", "r", "20", "0.250", "mirrored"] in found.rows
    assert ["t1", "r", "20", "0.250", ""] in found.rows


def test_the_surest_are_shown_and_the_rest_only_counted() -> None:
    rows = page(reference=evidence(searched=99, taken_count=99, taken=taken(99))).rows
    assert sum(row[:1] != [] and row[0].startswith("t") for row in rows) == SHOWN


def test_a_search_by_hash_says_what_it_cannot_find() -> None:
    text = page(reference=evidence(searched_by=BY_HASH_ONLY)).text
    assert "Cropped and rotated copies are not found" in text
    assert "copied, cropped, rotated" not in text


# A profile


def test_the_largest_distances_from_a_profile_come_first() -> None:
    distances = {"hue": 0.1, "contrast": -0.9, "texture": 0.5}
    found = page(
        comparison=ProfileComparison(profile="office", conformance=87.65, distances=distances)
    )
    assert "Conformance 87.7 of 100." in found.text
    names = [row[0] for row in found.rows if row and row[0] in distances]
    assert names == ["contrast", "texture", "hue"]


def test_evidence_from_a_profile_has_a_section_of_its_own() -> None:
    plain = ProfileComparison(profile="office", conformance=50, distances={})
    assert "Against the images of the profile" not in page(comparison=plain).text
    found = page(comparison=plain.model_copy(update={"evidence": evidence(recall=0.25)}))
    assert "Against the images of the profile office" in found.text
    assert ["recall", "0.250", "share of real images that are near generated ones"] in found.rows


def test_names_of_profiles_and_folders_are_no_markup() -> None:
    words = "<script>x</script>"
    bad = Taken(id=words, reference=words, agreeing_points=1, mirrored=False, distance=0)
    found = page(
        reference=evidence(reference=words, taken=(bad,)),
        comparison=ProfileComparison(profile=words, conformance=1, distances={words: 1}),
    )
    assert "script" not in found.tags
