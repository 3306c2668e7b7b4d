"""Looking through a dataset, thumbnails and reviews, as a client sees them."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from engines.types.datasets.looking import ImageFilter, Review, SeenVerdict
from engines.types.datasets.reports import Factor
from serve_app.schemas.datasets.looking import ImageList, ReviewBody, ReviewedList
from serve_app.schemas.openapi import examples
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.fakes import EPOCH, PNG
from tests.serve_app.seen_images import IMAGES, seen

BLURRED = Factor(check="quality", code="sharpness", message="blurred", value=0.2, threshold=0.5)


class TestImages:
    def test_an_image_is_shown_with_all_that_is_known(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        fakes.datasets.seen = [
            seen(
                1,
                width=512,
                height=256,
                prompt="a fox",
                seed=7,
                labels={"animal": "fox"},
                quality=SeenVerdict(False, 0.2, (BLURRED,)),
                review=Review(4, ("keep",), "accepted", "ada", EPOCH),
                cluster="image_9",
            )
        ]
        answer = client.get(IMAGES).json()
        assert answer["total"] == 1
        assert "next_cursor" not in answer
        (image,) = answer["images"]
        assert image["image_path"] == "/data/generated/nature_set/image_1.png"
        assert (image["id"], image["width"], image["seed"]) == ("image_1", 512, 7)
        assert image["labels"] == {"animal": "fox"}
        assert image["quality"]["factors"][0]["message"] == "blurred"
        assert image["privacy"] is None
        assert image["review"] == {
            "rating": 4,
            "tags": ["keep"],
            "decision": "accepted",
            "reviewer": "ada",
            "reviewed_at": image["created_at"],
        }
        assert image["cluster"] == "image_9"

    def test_an_image_that_nobody_reviewed_has_an_empty_review(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        fakes.datasets.seen = [seen(1)]
        (image,) = client.get(IMAGES).json()["images"]
        assert image["review"] == {
            "rating": 0,
            "tags": [],
            "decision": None,
            "reviewer": None,
            "reviewed_at": None,
        }
        assert image["prompt"] is None

    def test_where_there_are_more_the_next_page_is_named(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        fakes.datasets.seen = [seen(number) for number in range(3)]
        answer = client.get(f"{IMAGES}?limit=2").json()
        assert [image["id"] for image in answer["images"]] == ["image_0", "image_1"]
        assert (answer["total"], answer["next_cursor"]) == (3, "image_1")

    def test_every_criterion_reaches_the_engine(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        text = (
            "label=animal:fox&label=animal:cat&label=ratio:16:9&quality=failed&privacy=unchecked"
            "&prompt=Lake&seed=7&min_score=0.2&max_score=0.5&min_rating=0&max_rating=3&tag=a&tag=b"
            "&decision=undecided&cluster=x/image_1&sort=score&order=desc&limit=7&cursor=abc"
        )
        assert client.get(f"{IMAGES}?{text}").status_code == 200
        (query,) = fakes.datasets.queries
        assert query.filter == ImageFilter(
            labels={"animal": ("fox", "cat"), "ratio": ("16:9",)},
            quality="failed",
            privacy="unchecked",
            prompt="Lake",
            seed=7,
            min_score=0.2,
            max_score=0.5,
            min_rating=0,
            max_rating=3,
            tags=("a", "b"),
            decision="undecided",
            cluster="x/image_1",
        )
        assert (query.dataset, query.sort, query.descending) == ("nature_set", "score", True)
        assert (query.limit, query.cursor) == (7, "abc")
        client.get(IMAGES)
        assert fakes.datasets.queries[1].filter == ImageFilter()
        assert fakes.datasets.queries[1].limit == 100

    @pytest.mark.parametrize(
        ("text", "parameter"),
        [
            ("label=animal", "label[0]"),
            ("label=animal:", "label[0]"),
            ("label=1x:fox", "label[0]"),
            ("label=animal:" + "x" * 101, "label[0]"),
            ("quality=good", "quality"),
            ("prompt=", "prompt"),
            ("prompt=%00", "prompt"),
            ("seed=-1", "seed"),
            ("seed=9007199254740992", "seed"),
            ("min_score=nan", "min_score"),
            ("max_score=1.1", "max_score"),
            ("min_rating=6", "min_rating"),
            ("tag=", "tag[0]"),
            ("tag=%0a", "tag[0]"),
            ("decision=maybe", "decision"),
            ("sort=name", "sort"),
            ("order=up", "order"),
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("cluster=", "cluster"),
            ("page=2", "page"),
        ],
    )
    def test_what_cannot_be_asked_for_is_named(
        self, client: TestClient, fakes: FakeServices, text: str, parameter: str
    ) -> None:
        answer = client.get(f"{IMAGES}?{text}")
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] == parameter
        assert fakes.datasets.queries == []

    def test_a_dataset_that_is_not_there_is_404(self, client: TestClient) -> None:
        assert client.get("/api/v1/datasets/none/images").status_code == 404
        assert client.get("/api/v1/datasets/none/images/summary").status_code == 404

    def test_the_summary_takes_the_same_filter(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        answer = client.get(f"{IMAGES}/summary?label=animal:fox&quality=passed").json()
        assert answer == {
            "total": 120,
            "quality": {"passed": 100, "failed": 0, "unchecked": 20},
            "privacy": {"passed": 100, "failed": 0, "unchecked": 20},
            "decisions": {"accepted": 1, "rejected": 2, "undecided": 117},
            "ratings": {"0": 119, "4": 1},
            "labels": {"animal": {"fox": 60, "cat": 60}},
            "tags": {"keep": 3},
            "near_duplicates": None,
        }
        (wanted,) = fakes.datasets.filters
        assert (wanted.labels, wanted.quality) == ({"animal": ("fox",)}, "passed")
        assert client.get(f"{IMAGES}/summary?limit=3").status_code == 400


class TestThumbnails:
    PATH = "/data/uploads/x.png"

    @pytest.fixture(autouse=True)
    def stored(self, fakes: FakeServices) -> None:
        fakes.files.contents |= {"uploads/x.png": PNG, "uploads/x.json": b"{}"}

    def test_a_small_copy_is_webp_with_a_version_of_its_own(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        answer = client.get("/api/v1/images", params={"path": self.PATH, "side": "128"})
        assert answer.content == b"RIFF small WEBP of 128"
        assert answer.headers["Content-Type"] == "image/webp"
        assert answer.headers["ETag"] == '"etag-1-128"'
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert fakes.files.thumbnails == 1

    def test_who_has_it_already_gets_304_and_nothing_is_decoded(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        asked = {"path": self.PATH, "side": "256"}
        known = {"If-None-Match": '"etag-1-256"'}
        answer = client.get("/api/v1/images", params=asked, headers=known)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == '"etag-1-256"'
        assert fakes.files.thumbnails == 0
        other = {"If-None-Match": '"etag-1-128", "etag-1"'}
        assert client.get("/api/v1/images", params=asked, headers=other).status_code == 200

    @pytest.mark.parametrize("side", ["0", "63", "100", "1024", "-64", "64.5", "x", ""])
    def test_only_some_sizes_are_made(
        self, client: TestClient, fakes: FakeServices, side: str
    ) -> None:
        answer = client.get("/api/v1/images", params={"path": self.PATH, "side": side})
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] == "side"
        assert fakes.files.thumbnails == 0

    def test_what_is_no_image_has_none(self, client: TestClient) -> None:
        asked = {"path": "/data/uploads/x.json", "side": "64"}
        answer = client.get("/api/v1/images", params=asked)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["parameter"] == "path"

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/data/uploads/none.png", 404), ("/etc/passwd", 400), ("/data/exports/x.png", 400)],
    )
    def test_a_small_copy_is_guarded_as_its_image(
        self, client: TestClient, path: str, status: int
    ) -> None:
        answer = client.get("/api/v1/images", params={"path": path, "side": "64"})
        assert answer.status_code == status


def test_the_examples_of_the_document_are_what_the_service_takes_and_gives() -> None:
    ImageList.model_validate(examples.IMAGES)
    ReviewedList.model_validate(examples.REVIEWED)
    assert ReviewBody.model_validate(examples.REVIEW).change().decision == "accepted"
