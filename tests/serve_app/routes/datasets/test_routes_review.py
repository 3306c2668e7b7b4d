"""Rating, tagging, accepting and rejecting images on the wire."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from engines.errors import InvalidParameters
from engines.types.datasets.looking import ReviewChange
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.seen_images import IMAGES


class TestReview:
    PATHS = ("/data/generated/nature_set/a.png", "/data/generated/nature_set/b.png")

    @pytest.fixture(autouse=True)
    def stored(self, fakes: FakeServices) -> None:
        fakes.datasets.reviewable = {path.removeprefix("/data/") for path in self.PATHS}

    def test_many_images_are_reviewed_in_one_call(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        body = {
            "paths": [*self.PATHS, self.PATHS[0]],
            "rating": 4,
            "tags": {"add": ["keep"], "remove": ["wet"]},
            "decision": "accepted",
        }
        answer = client.patch("/api/v1/images", json=body)
        assert answer.status_code == 200
        assert [each["image_path"] for each in answer.json()["images"]] == [*self.PATHS]
        review = answer.json()["images"][0]["review"]
        assert (review["rating"], review["tags"], review["decision"]) == (4, ["keep"], "accepted")
        ((change, reviewer),) = fakes.datasets.changes
        assert change == ReviewChange(4, ("keep",), ("wet",), "accepted")
        assert reviewer == review["reviewer"]

    @pytest.mark.parametrize(
        ("body", "decision"),
        [
            ({}, None),
            ({"decision": "rejected"}, "rejected"),
            ({"decision": "undecided"}, "undecided"),
            ({"decision": None}, "undecided"),
        ],
    )
    def test_a_decision_is_taken_back_by_name_or_null_and_stays_where_it_is_left_out(
        self,
        client: TestClient,
        fakes: FakeServices,
        body: dict[str, object],
        decision: str | None,
    ) -> None:
        client.patch("/api/v1/images", json={"path": self.PATHS[0], **body})
        assert fakes.datasets.changes[0][0] == ReviewChange(decision=decision)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("body", "parameter"),
        [
            ({}, "body"),
            ({"path": PATHS[0], "paths": [PATHS[1]]}, "body"),
            ({"paths": []}, "paths"),
            ({"paths": [PATHS[0]] * 1001}, "paths"),
            ({"path": PATHS[0], "rating": 6}, "rating"),
            ({"path": PATHS[0], "rating": True}, "rating"),
            ({"path": PATHS[0], "rating": "4"}, "rating"),
            ({"path": PATHS[0], "tags": ["keep"]}, "tags"),
            ({"path": PATHS[0], "tags": {"add": [""]}}, "tags.add[0]"),
            ({"path": PATHS[0], "tags": {"add": ["x" * 65]}}, "tags.add[0]"),
            ({"path": PATHS[0], "tags": {"set": ["x"]}}, "tags.set"),
            ({"path": PATHS[0], "decision": "maybe"}, "decision"),
            ({"path": PATHS[0], "stars": 3}, "stars"),
            ({"path": "/etc/passwd", "rating": 1}, "path"),
            ({"paths": [PATHS[0], "/data/exports/x.png"]}, "paths"),
        ],
    )
    def test_what_cannot_be_said_is_named(
        self, client: TestClient, fakes: FakeServices, body: dict[str, object], parameter: str
    ) -> None:
        answer = client.patch("/api/v1/images", json=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["details"]["parameter"] == parameter
        assert fakes.datasets.changes == []

    def test_an_image_that_is_not_there_is_named(
        self, client: TestClient, fakes: FakeServices
    ) -> None:
        absent = "/data/generated/nature_set/none.png"
        body = {"paths": [self.PATHS[0], absent], "rating": 2}
        answer = client.patch("/api/v1/images", json=body)
        assert answer.status_code == 404
        assert absent in answer.json()["error"]["message"]
        assert fakes.datasets.changes == []

    def test_a_cursor_of_another_sort_is_400(self, client: TestClient, fakes: FakeServices) -> None:
        async def refuse(query: object) -> None:
            raise InvalidParameters.of("cursor", "x", "a cursor", "must be a cursor")

        fakes.datasets.images = refuse  # type: ignore[method-assign, assignment]
        answer = client.get(f"{IMAGES}?cursor=x")
        assert answer.json()["error"]["details"]["parameter"] == "cursor"
