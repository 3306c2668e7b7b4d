"""What a report says of a declared dataset: what was asked for, and what is missing."""

from __future__ import annotations

from engines.datasets.sidecars.declared import close_declared, open_declared
from engines.datasets.spec.model import DatasetSpec
from engines.datasets.spec.result import Shortage
from engines.evidence.report.page import render_report
from tests.engines.evidence.conftest import SET, House

SPEC = {
    "name": "birds",
    "quotas": {"class": {"owl": 12, "tit": 3}},
    "attributes": {"class": ["owl", "tit"], "sky": ["blue"]},
    "prompt": "a {class}, {sky}",
    "labels": ["class", "sky"],
}


def declare(house: House, *short: Shortage) -> None:
    spec = DatasetSpec.model_validate(SPEC).model_dump_json().encode()
    open_declared(house.storage, "birds", "a", spec)
    close_declared(house.storage, "birds", (), short)


def test_what_a_declaration_asks_for_is_told_even_where_nothing_is_there(house: House) -> None:
    house.fill(SET, range(2))
    assert house.service.report("birds").requested is None
    declare(house)
    report = house.service.report("birds")
    assert [(each.label, each.value, each.count, each.wanted) for each in report.labels] == [
        ("class", "owl", 0, 12),
        ("class", "tit", 0, 3),
        ("sky", "blue", 0, 15),
    ]
    assert (report.requested, report.short) == (15, ())
    assert "2 images of 15 requested" in render_report(report)


def test_what_is_missing_is_told_with_its_reason_in_the_data_and_on_the_page(
    house: House,
) -> None:
    house.fill(SET, range(2))
    declare(house)
    house.service.report("birds")  # kept, and not read again when the declaration's run has ended
    declare(house, Shortage("owl", "near-duplicate", 12), Shortage("<b>", "quality", 1))
    report = house.service.report("birds")
    assert [(each.of_class, each.reason, each.count) for each in report.short] == [
        ("owl", "near-duplicate", 12),
        ("<b>", "quality", 1),
    ]
    page = render_report(report)
    assert "short by 12 of class owl: near-duplicate" in page
    assert "short by 1 of class &lt;b&gt;: quality" in page
