"""What is imported ahead is what Serve imports later."""

from __future__ import annotations

from pathlib import Path

from deployments import config_files
from deployments.local.ahead import BUILDER

ROOT = Path(__file__).resolve().parents[3]


def test_it_is_the_builder_of_the_local_service() -> None:
    (application,) = config_files.load(ROOT / "configs" / "local.yaml")["applications"]
    assert application["import_path"].partition(":")[0] == BUILDER
