"""The site: built strictly and without network; its generated pages say what the code says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.config import AppArgs
from deployments.settings import EdgeSettings, Settings
from docs.site import command_page, endpoint_page, metric_page, sdk_page, settings_page
from docs.site.settings_page import settings_of
from tests.documents.fenced import ROOT


@pytest.mark.slow
def test_the_site_builds_strictly(tmp_path: Path) -> None:
    command = ["-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **nowhere, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "index.html").read_text(encoding="utf-8")
    for part in ("Tutorials", "How to", "Reference", "Explanation"):
        assert part in home
    pages = [page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html")]
    assert len(pages) > 35
    # Nothing that a page loads by itself comes from another host.
    for page in pages:
        assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="https?://(?!127)', page)
    assert "`benchmarks/" not in (tmp_path / "engine.html").read_text(encoding="utf-8")


def test_every_setting_of_the_environment_is_on_the_page() -> None:
    page = settings_page.page()
    for settings, prefix in ((Settings, "INFERLOOP_"), (EdgeSettings, "INFERLOOP_EDGE_")):
        for name in settings.model_fields:
            assert f"`{prefix}{name.upper()}`" in page


def test_every_setting_of_the_application_is_described() -> None:
    found = dict(settings_of(AppArgs, "args"))
    assert len(found) > 150
    assert "args.pools[].engine.models[].source.repository" in found
    assert [name for name, field in found.items() if not field.description] == []


@pytest.mark.parametrize(
    ("name", "default", "bounds"),
    [
        ("args.api.rates.export", "`5/minute`", ""),
        ("args.pools[].name", "required", ""),
        ("args.api.durable.store", "`sqlite`", "memory or sqlite or redis"),
    ],
)
def test_a_row_has_default_and_bounds(name: str, default: str, bounds: str) -> None:
    rows = [row for row in settings_page.page().splitlines() if row.startswith(f"| `{name}` ")]
    assert [cell.strip() for cell in rows[0].split("|")[2:4]] == [default, bounds]


def test_every_endpoint_command_method_and_metric_has_its_place() -> None:
    endpoints, commands = endpoint_page.page(), command_page.page()
    assert "### `POST /api/v1/generate`" in endpoints
    assert "1 to 150" not in commands
    for command in ("inferloop dataset create", "inferloop export s3", "inferloop keys revoke"):
        assert f"## {command}\n" in commands
    methods = sdk_page.page()
    assert (
        "### `client.generate_image(*, prompt, idempotency_key=None, negative_prompt=None"
        in methods
    )
    assert "width: Pixels, 64 to 1024" in methods
    for method in ("client.jobs.iterate(", "client.datasets.create(", "client.with_options("):
        assert method in methods
    assert "`ray_inferloop_jobs_queued`" in metric_page.page()
    assert "`ray_inferloop_engine_image_s`" in metric_page.page()
