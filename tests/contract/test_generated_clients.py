"""Clients that generators make of the OpenAPI document work: a Python one and a TypeScript one,
each generated, checked, and run for one round against the application behind a server.

The generators come from their registries (or the caches of `uv` and `npm`); where no registry can
be reached, the tests are skipped and say so.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from serve_app.config import ApiConfig
from tests.contract.write_openapi import SNAPSHOT
from tests.serve_app.api import KEY, Api, build_api
from tests.serve_app.fake_services import FakeServices
from tests.serve_app.flow.test_over_uvicorn import Served, serving

pytestmark = pytest.mark.slow

PYTHON_GENERATOR = "openapi-python-client==0.29.1"
NPM_PACKAGES = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3")
UNREACHABLE = (
    "ENOTFOUND",
    "ECONNREFUSED",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "error sending request",
    "dns",
)

PYTHON_ROUND = """
import sys
sys.path.insert(0, "{folder}")
from client import AuthenticatedClient
from client.api.files import get_image
from client.api.generation import generate_image
from client.api.validation import validate_quality
from client.models import ErrorEnvelope, GenerateRequest, GenerateResponse, QualityBody

client = AuthenticatedClient(
    base_url="{url}", token="{key}", prefix="", auth_header_name="X-API-Key"
)
asked = GenerateRequest(prompt="A red fox", width=256, seed=7)
image = generate_image.sync(client=client, body=asked)
assert isinstance(image, GenerateResponse), image
assert (image.parameters.width, image.parameters.seed) == (256, 7)
verdict = validate_quality.sync(client=client, body=QualityBody(image_path=image.image_path))
assert verdict.passed is True, verdict
wrong = generate_image.sync(client=client, body=GenerateRequest(prompt="x", width=7))
assert isinstance(wrong, ErrorEnvelope) and wrong.error.code == "INVALID_PARAMETERS", wrong
print(image.image_path)
"""

TYPESCRIPT_ROUND = """
import createClient from "openapi-fetch";
import type {{ paths }} from "./schema";

const client = createClient<paths>({{
  baseUrl: "{url}",
  headers: {{ "X-API-Key": "{key}" }},
}});

const made = await client.POST("/api/v1/generate", {{
  body: {{ prompt: "A red fox", width: 256, seed: 7 }},
}});
if (!made.data || !("image_path" in made.data)) throw new Error(JSON.stringify(made.error));
const width: number = made.data.parameters.width;
if (width !== 256) throw new Error(`width ${{width}}`);
const judged = await client.POST("/api/v1/validate/quality", {{
  body: {{ image_path: made.data.image_path }},
}});
if (judged.data?.passed !== true) throw new Error(JSON.stringify(judged.error));
const wrong = await client.POST("/api/v1/generate", {{ body: {{ prompt: "x", width: 7 }} }});
if (wrong.error?.error.code !== "INVALID_PARAMETERS") throw new Error(JSON.stringify(wrong));
console.log(made.data.image_path);
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    yield from serving(build_api(FakeServices(), ApiConfig(rates=Api.GENEROUS)))


def run(*command: str, cwd: Path, extra: Mapping[str, str] | None = None) -> str:
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", **(extra or {})}
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=200, check=False, env=environment
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-1500:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def generator(*command: str, cwd: Path) -> None:
    """Fetch a generator; skipped where no registry can be reached and no cache has it."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=200, check=False
    )
    if any(word in done.stderr for word in UNREACHABLE):
        pytest.skip(f"no registry can be reached: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_generated_python_client_goes_one_round(served: Served, tmp_path: Path) -> None:
    uv = str(Path(sys.executable).with_name("uv"))
    generator(uv, "venv", "-q", "--python", sys.executable, "tools", cwd=tmp_path)
    tools = str(tmp_path / "tools" / "bin" / "python")
    generator(uv, "pip", "install", "-q", "--python", tools, PYTHON_GENERATOR, cwd=tmp_path)
    said = run(
        str(tmp_path / "tools" / "bin" / "openapi-python-client"),
        *("generate", "--path", str(SNAPSHOT), "--output-path", "client", "--meta", "none"),
        cwd=tmp_path,
        extra={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},  # its ruff
    )
    # What it leaves out are bodies that are pictures, which it does not know.
    assert "Unable to parse schema" not in said
    assert "Unable to process schema" not in said
    script = PYTHON_ROUND.format(folder=tmp_path, url=served.url(""), key=KEY)
    assert run(tools, "-c", script, cwd=tmp_path).startswith("/data/generated/")


@pytest.mark.skipif(
    shutil.which("npm") is None, reason="npm is not installed: no TypeScript client"
)
def test_a_generated_typescript_client_is_typed_and_goes_one_round(
    served: Served, tmp_path: Path
) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"type": "module", "private": True}))
    quiet = ("--loglevel", "error", "--no-audit", "--no-fund")
    generator("npm", "install", *quiet, *NPM_PACKAGES, cwd=tmp_path)
    # By default it makes every field that has a default one that a request must have.
    optional = ("--default-non-nullable", "false")
    run("npx", "openapi-typescript", str(SNAPSHOT), "-o", "schema.d.ts", *optional, cwd=tmp_path)
    script = TYPESCRIPT_ROUND.format(url=served.url(""), key=KEY)
    (tmp_path / "round.ts").write_text(script, encoding="utf-8")
    modern = ("--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler")
    run("npx", "tsc", "--strict", *modern, "--skipLibCheck", "round.ts", cwd=tmp_path)
    assert run("node", "round.js", cwd=tmp_path).startswith("/data/generated/")
