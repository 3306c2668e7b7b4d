"""Look, in a browser: a large gallery, reviews by keyboard, one image large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.studio.conftest import Studio
from tests.studio.many import make_many
from tests.studio.steps import api, enter, go

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = pytest.mark.slow

MANY = 10_000


@pytest.fixture(scope="module")
def pets(studio: Studio) -> str:
    """Ten images, made once."""
    make_many(studio.root, "pets", 10)
    return "pets"


def reviews(page: Page, studio: Studio, name: str) -> dict[str, tuple[int, str | None]]:
    found = api(page, "GET", f"{studio.url}/api/v1/datasets/{name}/images?limit=100")["images"]
    return {each["id"]: (each["review"]["rating"], each["review"]["decision"]) for each in found}


def test_ten_thousand_images_scroll_and_are_found(page: Page, studio: Studio) -> None:
    make_many(studio.root, "many", MANY)
    enter(page, studio, "look/many?sort=seed&order=asc")
    page.locator(".cell img").first.wait_for()
    page.get_by_text("10,000 images", exact=True).wait_for()
    page.get_by_role("button", name="00000").focus()
    page.keyboard.press("End")
    page.get_by_role("button", name="09999").wait_for()
    assert page.locator(".cell").count() < 150
    page.get_by_role("searchbox", name="Seed").fill("4321")
    page.get_by_text("1 image", exact=True).wait_for()
    page.get_by_role("button", name="04321").wait_for()
    go(page, "look/many?label=animal:owl")
    page.get_by_text("2,000 images", exact=True).wait_for()


def test_images_are_rated_and_decided_by_keyboard(page: Page, studio: Studio, pets: str) -> None:
    enter(page, studio, f"look/{pets}?sort=seed&order=asc")
    page.get_by_role("button", name="00000").focus()
    for key in ("4", "a", "ArrowRight", "r", "ArrowRight"):
        page.keyboard.press(key)
    page.get_by_role("button", name="00002").and_(page.locator(":focus")).wait_for()
    page.get_by_label("Choose 00009").check()
    page.get_by_role("button", name="00002").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="00002")
    dialog.get_by_text("3 of 10").wait_for()
    with page.expect_response("**/api/v1/images"):
        page.keyboard.press("5")
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    found = reviews(page, studio, pets)
    assert (found["00000"], found["00001"]) == ((4, "accepted"), (0, "rejected"))
    assert (found["00002"], found["00009"]) == ((5, None), (0, None))


def test_chosen_images_are_decided_at_once_and_stand_side_by_side(
    page: Page, studio: Studio, pets: str
) -> None:
    enter(page, studio, f"look/{pets}?sort=seed&order=asc")
    for name in ("00005", "00006", "00007"):
        page.get_by_label(f"Choose {name}").check()
    with page.expect_response("**/api/v1/images"):
        page.get_by_role("button", name="Accept", exact=True).click()
    page.get_by_role("link", name="Side by side").click()
    page.get_by_role("heading", name="3 side by side").wait_for()
    assert page.get_by_role("article").count() == 3
    page.get_by_role("link", name="All images").click()
    page.get_by_role("button", name="00000").wait_for()
    found = reviews(page, studio, pets)
    assert [found[f"0000{n}"][1] for n in (5, 6, 7)] == ["accepted"] * 3
    page.get_by_label("Decision").select_option("accepted")
    page.get_by_role("button", name="00000").or_(
        page.get_by_role("button", name="00005")
    ).first.wait_for()


def test_a_tag_is_given_found_and_taken_away(page: Page, studio: Studio, pets: str) -> None:
    enter(page, studio, f"look/{pets}?image=00003")
    dialog = page.get_by_role("dialog", name="00003")
    dialog.get_by_label("New tag").fill("cropped")
    dialog.get_by_label("New tag").press("Enter")
    dialog.get_by_role("button", name="Remove the tag cropped").wait_for()
    page.keyboard.press("Escape")
    go(page, f"look/{pets}?sort=seed&order=asc")
    page.get_by_label("Tag").select_option("cropped")
    page.get_by_text("1 image", exact=True).wait_for()
    page.get_by_role("button", name="00003").click()
    dialog.get_by_role("button", name="Remove the tag cropped").click()
    dialog.get_by_role("button", name="Remove the tag cropped").wait_for(state="detached")
    found = api(page, "GET", f"{studio.url}/api/v1/datasets/{pets}/images?tag=cropped")
    assert found["images"] == []


def test_a_failed_image_shows_why_and_where_and_is_made_again(
    page: Page, studio: Studio, pets: str
) -> None:
    enter(page, studio, f"look/{pets}?sort=seed&order=asc&image=00008")
    dialog = page.get_by_role("dialog", name="00008")
    dialog.get_by_role("button", name="Check").click()
    dialog.get_by_text("sharpness is 0.2, and must be 0.5").wait_for()
    dialog.get_by_text("1 face found").wait_for()
    assert dialog.locator(".boxes rect").count() == 1
    dialog.get_by_role("button", name="Anonymize").click()
    dialog.get_by_text("The copy passes the privacy check").wait_for()
    assert dialog.locator("figure").count() == 2
    dialog.get_by_role("button", name="Verify the mark").click()
    dialog.get_by_text("absent mark").wait_for()
    dialog.get_by_role("button", name="Use these settings").click()
    page.get_by_role("heading", name="Make").wait_for()
    assert page.get_by_label("Seed").input_value() == "8"
    assert page.get_by_label("Prompt", exact=True).input_value() == "a hare in the snow"


def choose_all_of_many(page: Page, studio: Studio, dataset: str, count: int) -> None:
    """Make a dataset of `count` images, open it, and choose all of them."""
    make_many(studio.root, dataset, count)
    enter(page, studio, f"look/{dataset}?sort=seed&order=asc")
    page.get_by_text(f"{count:,} images", exact=True).wait_for()
    page.get_by_label("Choose 00000").check()
    page.get_by_role("button", name=f"Choose all {count:,}").click()
    page.get_by_text(f"{count:,} images chosen").wait_for()


def test_many_images_are_deleted_at_once_though_one_is_gone_already(
    page: Page, studio: Studio
) -> None:
    choose_all_of_many(page, studio, "heap", 240)
    page.get_by_label("Choose 00000").uncheck()
    page.get_by_text("239 images chosen").wait_for()
    path = f"{studio.root}/generated/heap/00002.png"
    api(page, "DELETE", f"{studio.url}/api/v1/images?path={path}")
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("1 image", exact=True).wait_for()
    left = api(page, "GET", f"{studio.url}/api/v1/datasets/heap/images")["images"]
    assert [each["id"] for each in left] == ["00000"]


def test_of_many_decisions_those_that_were_stored_stay_though_the_rest_is_refused(
    page: Page, studio: Studio
) -> None:
    choose_all_of_many(page, studio, "long", 1100)
    asked: list[int] = []

    def refuse_the_second(route: Route) -> None:
        asked.append(1)
        route.continue_() if len(asked) == 1 else route.abort()

    page.route("**/api/v1/images", refuse_the_second)
    page.get_by_role("button", name="Accept", exact=True).click()
    page.get_by_text("The service cannot be reached").wait_for()
    assert "accepted" in page.locator(".cell").first.inner_text()  # one of the first thousand
    found = reviews(page, studio, "long")
    assert found["00000"] == (0, "accepted")
