"""The studio's files: anybody may load them, they come from this service alone, and the key stays
out of every address. What they do in a browser: `tests/studio`."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from engines.datasets.spec.model import DatasetSpec
from serve_app import studio
from serve_app.config import ApiConfig, ModelDefaults
from serve_app.middleware.key import PUBLIC_PATHS
from tests.serve_app.api import HEADERS, Api, build_api
from tests.serve_app.fake_services import FakeServices

FOLDER = Path(studio.__file__).parent
OURS = sorted(
    path
    for kind in ("html", "css", "js")
    for path in FOLDER.rglob(f"*.{kind}")
    if "vendor" not in path.parts
)
SCRIPTS = [path for path in OURS if path.suffix == ".js"]
KINDS = {".css": "text/css", ".js": "text/javascript", ".png": "image/png", ".txt": "text/plain"}
IMPORT = re.compile(r'(?:from|import\()\s*"([^"]+)"')
VENDORED = {
    "htm-preact.js": "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7",
    "js-yaml.js": "614a5ddee5efcd3ecab4ffbc4517e3a9381aa0f50b874febd9762ea65b73f27b",
}


EXAMPLE = re.compile(r"EXAMPLE = `([^`]+)`")


def test_the_declaration_that_a_newcomer_begins_with_asks_for_what_the_embedded_model_can_do() -> (
    None
):
    """It draws few different pictures of one prompt, and none that passes at 64 px."""
    (text,) = EXAMPLE.findall((FOLDER / "core" / "declaring.js").read_text(encoding="utf-8"))
    spec = DatasetSpec.model_validate(yaml.safe_load(text))
    assert spec.require.quality is not None
    assert spec.require.near_duplicates is None
    generation = spec.generation
    assert generation.width is not None
    assert generation.height is not None
    assert generation.width.choices == generation.height.choices == (256,)


@pytest.fixture
def stranger(api: Api) -> TestClient:
    return TestClient(api.app)


def name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def test_anybody_may_open_it(stranger: TestClient) -> None:
    page = stranger.get("/studio")
    assert (page.status_code, page.content) == (200, (FOLDER / "studio.html").read_bytes())
    for path in sorted(FOLDER.rglob("*.*")):
        if path.suffix in KINDS:
            answer = stranger.get(f"/studio/{name(path)}")
            assert (answer.status_code, answer.content) == (200, path.read_bytes())
            assert answer.headers["Content-Type"].startswith(KINDS[path.suffix])


@pytest.mark.parametrize(
    "path", ["__init__.py", "core", "nowhere.js", "..%2fapp.py", "core/../x.js"]
)
def test_nothing_else_of_its_folder_is_served(stranger: TestClient, path: str) -> None:
    assert stranger.get(f"/studio/{path}").status_code in (400, 401)


def test_files_come_packed_and_only_once(stranger: TestClient) -> None:
    whole = stranger.get("/studio/main.js", headers={"Accept-Encoding": "br, gzip"})
    assert whole.headers["Content-Encoding"] == "gzip"
    assert whole.content == (FOLDER / "main.js").read_bytes()
    again = stranger.get("/studio/main.js", headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for refused in ("identity", "gzip;q=0", ""):
        plain = stranger.get("/studio/main.js", headers={"Accept-Encoding": refused})
        assert "Content-Encoding" not in plain.headers
        assert plain.headers["Vary"] == "Accept-Encoding"


def test_all_of_it_is_light() -> None:
    """Packed, without pictures, and without the YAML reader that one view loads."""
    sent = [path for path in FOLDER.rglob("*.*") if path.suffix in (".js", ".css", ".html")]
    first = [path for path in sent if path.name != "js-yaml.js"]
    assert sum(len(gzip.compress(path.read_bytes())) for path in first) < 100_000


def test_it_loads_nothing_from_elsewhere() -> None:
    for path in OURS:
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path
        assert "@import" not in text, path
        assert "url(" not in text, path


def test_every_module_that_is_imported_is_there() -> None:
    for path in SCRIPTS:
        for target in IMPORT.findall(path.read_text(encoding="utf-8")):
            assert target.startswith("."), f"{path}: {target}"
            assert (path.parent / target).resolve().is_file(), f"{path}: {target}"
            assert f"/studio/{name((path.parent / target).resolve())}" in PUBLIC_PATHS


def test_its_files_are_small() -> None:
    for path in OURS:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 300, path


RISKY = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function")


def test_it_never_builds_markup_from_what_it_hears() -> None:
    for path in OURS:
        text = path.read_text(encoding="utf-8")
        assert not [risky for risky in RISKY if risky in text], path


def test_the_key_is_in_no_address_and_in_no_cookie() -> None:
    for path in SCRIPTS:
        text = path.read_text(encoding="utf-8")
        assert "api_key" not in text
        assert "cookie" not in text
    live = (FOLDER / "core/live.js").read_text(encoding="utf-8")
    assert "ws/generation?ticket=" in live


@pytest.mark.parametrize("library", sorted(VENDORED))
def test_libraries_are_as_their_authors_published_them(library: str) -> None:
    content = (FOLDER / "vendor" / library).read_bytes()
    assert hashlib.sha256(content).hexdigest() == VENDORED[library]
    assert library in (FOLDER / "vendor" / "LICENSES.txt").read_text(encoding="utf-8")


def test_a_model_has_its_own_defaults_and_adapters(fakes: FakeServices) -> None:
    own = ModelDefaults(width=1024, guidance_scale=5.0)
    config = ApiConfig(model_defaults={"sdxl": own}, model_loras={"sdxl": ("ink", "clay")})
    with TestClient(build_api(fakes, config).app, headers=HEADERS) as client:
        models = client.get("/api/v1/models").json()["models"]
    assert [model["is_default"] for model in models] == [True, False]
    usual = models[0]["defaults"]
    assert models[1]["defaults"] == {**usual, "width": 1024, "guidance_scale": 5.0}
    assert [model["loras"] for model in models] == [[], ["ink", "clay"]]


def test_models_come_with_their_defaults_and_bounds(client: TestClient) -> None:
    told = client.get("/api/v1/models").json()
    (model,) = told["models"]
    assert (model["id"], model["is_default"]) == ("runwayml/stable-diffusion-v1-5", True)
    assert model["defaults"]["width"] == 512
    fields = client.get("/openapi.json").json()["components"]["schemas"]["GenerateRequest"]
    width = fields["properties"]["width"]
    assert told["limits"]["max_side_px"] == width["maximum"]
    assert told["limits"]["side_multiple_px"] == width["multipleOf"]
