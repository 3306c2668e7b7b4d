"""Object authorization (OWASP API1): whatever a tenant names, it is its own or it is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from tests.security.spaces.attempts import API, ATTEMPTS, BODY, NAMES_NOTHING, Belongings
from tests.security.spaces.tenants import SharedService, entry, key_of, picture


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> SharedService:
    return SharedService(
        tmp_path_factory.mktemp("data"),
        entry("acme", space="acme"),
        entry("acme-too", space="acme"),
        entry("other", space="other"),
        entry("spaceless"),
        entry("admin", scopes=["admin", "read", "generate", "delete"]),
        entry("acme-admin", space="acme", scopes=["admin", "read"]),
    )


@pytest.fixture(scope="module")
def belongings(shared: SharedService) -> Iterator[Belongings]:
    with shared.client("acme") as acme:
        image = acme.post(f"{API}/generate", json={**BODY, "dataset": "secret"}).json()
        upload = acme.post(f"{API}/images", params={"folder": "real"}, content=picture(1)).json()
        made = acme.post(
            f"{API}/profiles", json={"name": "mine", "source_dir": "/data/uploads/real"}
        )
        export = acme.post(
            f"{API}/export/jsonl",
            json={
                "dataset_dir": "/data/generated/secret",
                "output_file": "/data/exports/secret.jsonl",
            },
        ).json()
        assert made.status_code == 200, made.text
        asynchronous = {"Prefer": "respond-async"}
        body = {**BODY, "dataset": "secret"}
        job = acme.post(f"{API}/generate", json=body, headers=asynchronous)
        assert job.status_code == 202, job.text
        paths = image["image_path"], upload["image_path"], export["output_file"]
        yield Belongings(*paths, job.headers["Location"].rpartition("/")[2])


@pytest.fixture(scope="module", params=["other", "spaceless"])
def stranger(shared: SharedService, request: pytest.FixtureRequest) -> Iterator[TestClient]:
    """Somebody of another space, or of none, with a profile and pictures of its own."""
    with shared.client(request.param) as client:
        client.post(f"{API}/images", params={"folder": "own"}, content=picture(2))
        body = {"name": "own", "source_dir": "/data/uploads/own"}
        assert client.post(f"{API}/profiles", json=body).status_code == 200
        yield client


def routes(shared: SharedService) -> set[tuple[str, str]]:
    return {
        (method, str(context.path).removeprefix(API))
        for context in iter_route_contexts(shared.app.routes)
        if isinstance(context.original_route, APIRoute) and str(context.path).startswith(API)
        for method in context.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }


def test_no_route_is_left_out(shared: SharedService) -> None:
    assert routes(shared) == ATTEMPTS.keys() | NAMES_NOTHING.keys()


@pytest.mark.parametrize("route", ATTEMPTS, ids=" ".join)
def test_what_another_tenant_has_is_not_there(
    stranger: TestClient, belongings: Belongings, route: tuple[str, str]
) -> None:
    for attempt in ATTEMPTS[route]:
        answer = attempt(stranger, belongings)
        assert answer.status_code == 404, (answer.request.url, answer.text)
        assert "spaces" not in answer.text
        assert "acme" not in answer.text


def test_what_is_not_there_answers_as_what_is_anothers(
    stranger: TestClient, belongings: Belongings
) -> None:
    for path in ("datasets/secret", "profiles/mine"):
        there = stranger.get(f"{API}/{path}").json()
        absent = stranger.get(f"{API}/{path}-not").json()
        assert str(there) == str(absent).replace("-not", "")


def test_the_owner_and_its_colleague_find_everything(
    shared: SharedService, belongings: Belongings
) -> None:
    for name in ("acme", "acme-too"):
        with shared.client(name) as client:
            for path in (belongings.image, belongings.upload):
                assert client.get(f"{API}/images", params={"path": path}).status_code == 200
            lines = client.get(f"{API}/exports", params={"path": belongings.export})
            assert belongings.image.rpartition("/")[2] in lines.text
            assert "spaces" not in lines.text
            assert client.get(f"{API}/datasets/secret").json()["image_count"] >= 1
            assert client.get(f"{API}/profiles/mine").status_code == 200


def test_paths_look_as_the_contract_says(shared: SharedService, belongings: Belongings) -> None:
    assert belongings.image.startswith(f"{shared.root}/generated/secret/image_")
    assert belongings.upload.startswith(f"{shared.root}/uploads/real/")
    assert belongings.export == f"{shared.root}/exports/secret.jsonl"
    assert (shared.root / "spaces/acme/exports/secret.jsonl").is_file()


def test_lists_show_a_space_alone(
    shared: SharedService, stranger: TestClient, belongings: Belongings
) -> None:
    datasets = [d["name"] for d in stranger.get(f"{API}/datasets").json()["datasets"]]
    profiles = [p["name"] for p in stranger.get(f"{API}/profiles").json()["profiles"]]
    assert "secret" not in datasets
    assert "mine" not in profiles
    assert stranger.get(f"{API}/jobs").json()["jobs"] == []
    with shared.client("acme") as acme:
        assert "secret" in [d["name"] for d in acme.get(f"{API}/datasets").json()["datasets"]]
        assert "own" not in [p["name"] for p in acme.get(f"{API}/profiles").json()["profiles"]]


def test_a_profile_of_another_tenant_colors_no_image(
    stranger: TestClient, belongings: Belongings
) -> None:
    answer = stranger.post(f"{API}/generate", json={**BODY, "profile": "mine"})
    assert answer.status_code == 404
    batch = {key: value for key, value in BODY.items() if key != "prompt"}
    body = {**batch, "prompts": ["a fox"], "profile": "mine"}
    assert stranger.post(f"{API}/generate/batch", json=body).status_code == 404


def test_a_dataset_of_the_same_name_is_another(
    shared: SharedService, belongings: Belongings
) -> None:
    with shared.client("other") as other, shared.client("acme") as acme:
        before = acme.get(f"{API}/datasets/secret").json()
        made = other.post(f"{API}/generate", json={**BODY, "dataset": "secret"})
        assert made.status_code == 200
        assert acme.get(f"{API}/datasets/secret").json() == before
        assert (
            acme.get(f"{API}/images", params={"path": made.json()["image_path"]}).status_code == 404
        )
        assert other.delete(f"{API}/datasets/secret").status_code == 200
        assert acme.get(f"{API}/datasets/secret").json() == before


@pytest.mark.parametrize(
    "path",
    [
        "/data/spaces/acme/generated/secret/x.png",
        "/data/generated/../spaces/acme/generated/secret/x.png",
        "/data/generated/secret/../../spaces/acme/x.png",
        "spaces/acme/generated/x.png",
    ],
)
def test_no_path_leads_into_a_space(stranger: TestClient, path: str) -> None:
    answers = [
        stranger.get(f"{API}/images", params={"path": path}),
        stranger.post(f"{API}/validate/quality", json={"image_path": path}),
        stranger.post(f"{API}/profiles", json={"name": "x", "source_dir": path}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]


def test_an_admin_acts_in_the_space_it_names(shared: SharedService, belongings: Belongings) -> None:
    with shared.client("admin") as outside, shared.client("admin", "acme") as inside:
        assert outside.get(f"{API}/datasets/secret").status_code == 404
        assert inside.get(f"{API}/datasets/secret").status_code == 200
        seen = inside.get(f"{API}/images", params={"path": belongings.image})
        assert seen.status_code == 200
        assert inside.get(f"{API}/datasets/none").status_code == 404


@pytest.mark.parametrize("space", ["../acme", "", "A", "a/b", ".", "x" * 64])
def test_an_admin_names_spaces_only(shared: SharedService, space: str) -> None:
    answer = shared.client("admin", space).get(f"{API}/datasets")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "INVALID_PARAMETERS")


@pytest.mark.parametrize("name", ["other", "spaceless", "acme-admin"])
@pytest.mark.parametrize("space", ["acme", "nobody", "../x"])
def test_nobody_else_names_a_space_whether_it_exists_or_not(
    shared: SharedService, belongings: Belongings, name: str, space: str
) -> None:
    answer = shared.client(name, space).get(f"{API}/datasets")
    if (name, space) == ("acme-admin", "acme"):
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert space not in answer.text


def test_a_socket_works_in_the_space_of_its_key(shared: SharedService) -> None:
    with shared.client("acme") as acme, shared.client("other") as other:
        with acme.websocket_connect(f"{API}/ws/generation") as socket:
            socket.send_json({"type": "generate", **BODY, "dataset": "by-socket"})
            message = socket.receive_json()
            while message["type"] == "progress":
                message = socket.receive_json()
        assert message["type"] == "result", message
        assert acme.get(f"{API}/datasets/by-socket").json()["image_count"] == 1
        assert other.get(f"{API}/datasets/by-socket").status_code == 404


def test_a_job_of_another_socket_is_unknown(shared: SharedService) -> None:
    with shared.client("other").websocket_connect(f"{API}/ws/generation") as socket:
        socket.send_json({"type": "cancel", "job_id": "job_1"})
        assert socket.receive_json()["error"]["code"] == "NOT_FOUND"


def test_a_socket_of_another_space_is_denied(shared: SharedService) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        shared.client("other").websocket_connect(f"{API}/ws/generation?space=acme"),
    ):
        pass


def test_without_spaces_all_keys_share_everything(tmp_path: Path) -> None:
    shared = SharedService(tmp_path, entry("one"), entry("two"))
    with shared.client("one") as one, shared.client("two") as two:
        made = one.post(f"{API}/generate", json={**BODY, "dataset": "shared"}).json()
        assert two.get(f"{API}/images", params={"path": made["image_path"]}).status_code == 200
        assert two.get(f"{API}/datasets/shared").status_code == 200
    assert not (shared.root / "spaces").exists()
    assert key_of("one") != key_of("two")


def test_whoever_sends_two_keys_or_two_spaces_gets_neither(tmp_path: Path) -> None:
    """A proxy may have looked at the other one."""
    rights = ["admin", "read", "generate"]
    shared = SharedService(tmp_path, entry("ada", space="acme"), entry("root", scopes=rights))
    keys = [("X-API-Key", key_of("ada")), ("X-API-Key", key_of("root"))]
    for both in (keys, keys[::-1]):
        answer = TestClient(shared.app).get(f"{API}/datasets", headers=both)
        assert answer.status_code == 401
    again = TestClient(shared.app).get(f"{API}/datasets", headers=[keys[0], keys[0]])
    assert again.status_code == 200
    with shared.client("root") as root, shared.client("ada") as ada:
        two = [("X-Space", "acme"), ("X-Space", "bolt")]
        assert root.get(f"{API}/datasets", headers=two).status_code == 400
        assert ada.get(f"{API}/datasets", headers=two).status_code == 403
        socket = f"{API}/ws/generation?space=acme&space=bolt"
        with pytest.raises(WebSocketDenialResponse), root.websocket_connect(socket):
            pass


def test_a_link_out_of_a_space_is_answered_alike_everywhere(tmp_path: Path) -> None:
    shared = SharedService(tmp_path, entry("ada", space="acme"), entry("bob", space="bolt"))
    with shared.client("ada") as ada, shared.client("bob") as bob:
        ada.post(f"{API}/images", params={"folder": "real"}, content=picture(1))
        bob.post(f"{API}/images", content=picture(2))
        spaces = shared.root / "spaces"
        (spaces / "bolt/uploads/link").symlink_to(spaces / "acme/uploads/real")
        linked, outside = "/data/uploads/link", "/data/spaces/acme/uploads/real"
        for route, field, rest in (
            ("/validate/dataset", "dataset_dir", {}),
            ("/profiles", "source_dir", {"name": "stolen"}),
            ("/export/jsonl", "dataset_dir", {"output_file": "/data/exports/a.jsonl"}),
        ):
            told = [
                bob.post(f"{API}{route}", json={field: path, **rest}) for path in (linked, outside)
            ]
            assert [answer.status_code for answer in told] == [400, 400]
            first, second = (answer.json()["error"]["message"] for answer in told)
            assert first == second, route
