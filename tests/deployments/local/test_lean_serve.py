"""Serve without pandas, in a process of its own: what is imported stays imported."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from deployments.local import lean_serve

ROOT = Path(__file__).resolve().parents[3]


def said_by(script: str) -> list[str]:
    """The words that a process of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
def test_serve_is_imported_without_pandas_which_can_be_imported_afterwards() -> None:
    script = (
        "import sys\n"
        "from deployments.local.lean_serve import import_serve\n"
        "import_serve()\n"
        "print('ray.serve' in sys.modules, 'pandas' in sys.modules)\n"
        "import pandas\n"
        "print(pandas.DataFrame({'a': [1]}).a[0])\n"
    )
    assert said_by(script) == ["True", "False", "1"]


@pytest.mark.slow
def test_the_collector_goes_on_but_leaves_alone_what_was_imported() -> None:
    script = (
        "import gc\n"
        "from deployments.local.lean_serve import import_serve\n"
        "import_serve()\n"
        "print(gc.isenabled(), gc.get_freeze_count() > 100_000)\n"
    )
    assert said_by(script) == ["True", "True"]


def test_the_hook_that_rays_workers_are_told_is_that_function() -> None:
    module, _, name = lean_serve.SETUP_HOOK.rpartition(".")
    assert getattr(import_module(module), name) is lean_serve.import_serve
