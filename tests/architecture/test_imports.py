"""The direction of imports is the architecture; this test is its drawing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.importing import modules, within

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (
    "engines",
    "serve_app",
    "deployments",
    "batch",
    "local_ray",
    "inferloop_synthdata",
    "training",
)
PACKAGES = (*SHIPPED, "benchmarks", "tests")

KNOWS = {
    "engines": (),
    "serve_app": ("engines",),
    "batch": ("engines", "local_ray"),
    "local_ray": (),
    "deployments": ("engines", "serve_app", "batch", "local_ray", "inferloop_synthdata"),
    "inferloop_synthdata": (),
    "training": ("engines",),  # its trial asks the quality check of the service
    "benchmarks": SHIPPED,
    "tests": (*SHIPPED, "benchmarks"),
}
"""Package to the others of ours that it may import."""

WEB = ("fastapi", "starlette", "uvicorn", "httpx", "websockets", "requests")
LEARNING = ("torch", "diffusers", "transformers")
STRANGERS = {
    "engines": ("ray", *WEB),
    "serve_app": ("ray", *LEARNING, "cv2"),
    "batch": ("ray.serve", *WEB),
    "deployments": (),
    "inferloop_synthdata": ("ray", *LEARNING, "fastapi", "starlette", "uvicorn"),
    "local_ray": ("ray.serve", *LEARNING, *WEB),
    "training": ("ray", *WEB),
    "benchmarks": ("ray.serve",),
    "tests": (),
    "tests.engines": ("ray", "serve_app", "deployments", "batch", "fastapi", "starlette"),
    "tests.training": ("ray", "engines", "serve_app", "deployments", "batch"),
}
"""Package to what it must not import, of others and of ours."""

LEAVES = ("engines.types", "engines.errors", "engines.faults", "engines.protocols")
PURE = (*LEAVES, "engines.images", "engines.metrics")
ENGINES = {
    **dict.fromkeys(LEAVES, LEAVES),
    "engines.images": PURE,
    "engines.metrics": PURE,
    "engines.storage": (*PURE, "engines.storage"),
    "engines.jobs": (*LEAVES, "engines.jobs"),
    **{
        f"engines.{sibling}": (*PURE, "engines.storage", f"engines.{sibling}")
        for sibling in ("diffusion", "quality", "privacy", "profiles", "datasets")
    },
    "engines.provenance": (*PURE, "engines.storage", "engines.datasets", "engines.provenance"),
    "engines.evidence": (
        *PURE,
        "engines.storage",
        "engines.datasets",
        "engines.profiles",
        "engines.evidence",
    ),
    "engines.datasets.spec": (*LEAVES, "engines.datasets.spec"),
    "engines.sandbox": (*LEAVES, "engines.sandbox"),
    "engines.testing": ("engines",),
    "serve_app": (*LEAVES, "engines.jobs", "engines.datasets.spec"),
}
"""Package to the parts of the engines that it may import; who is not named here, all of them."""

BY_PACKAGE = pytest.mark.parametrize("package", PACKAGES)
"""One test for a package: a test for each of its modules would take longer to run than to judge."""


def test_every_package_has_its_rules() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders <= set(PACKAGES)
    assert set(KNOWS) == set(PACKAGES) <= set(STRANGERS)
    parts = {f"engines.{path.stem}" for path in (ROOT / "engines").iterdir() if path.stem[0] != "_"}
    assert parts <= set(ENGINES)


@BY_PACKAGE
def test_its_modules_import_only_downwards(package: str) -> None:
    assert not list(_upwards(package))


@BY_PACKAGE
def test_its_modules_import_no_stranger(package: str) -> None:
    assert not list(_strangers(package))


def _upwards(package: str) -> Iterator[str]:
    knows = (package, *KNOWS[package])
    for module in modules(ROOT, (package,)):
        ours = {name for name in module.imports if name.partition(".")[0] in PACKAGES}
        engines = {name for name in ours if within(name, "engines") and name != "engines"}
        wrong = {name for name in ours if name.partition(".")[0] not in knows}
        for ruled, parts in ENGINES.items():
            if within(module.name, ruled):
                wrong |= {name for name in engines if not any(within(name, p) for p in parts)}
        yield from (f"{module.name} imports {name}" for name in sorted(wrong))


def _strangers(package: str) -> Iterator[str]:
    for module in modules(ROOT, (package,)):
        for ruled, strangers in STRANGERS.items():
            if within(module.name, ruled):
                found = {name for name in module.imports for s in strangers if within(name, s)}
                yield from (f"{module.name} imports {name}" for name in sorted(found))


def test_the_batch_scheduler_knows_no_tensor_and_no_loop() -> None:
    (scheduler,) = (
        m for m in modules(ROOT, PACKAGES) if m.name == "engines.diffusion.scheduling.scheduler"
    )
    foreign = {name.partition(".")[0] for name in scheduler.imports} - {"engines"}
    assert foreign <= {"__future__", *sys.stdlib_module_names} - {"asyncio", "threading", "time"}


def test_the_environment_is_read_in_one_place() -> None:
    allowed = {
        "deployments.settings",
        "deployments.local.serving",
        "deployments.local.child_service",
        # They pass on the environment of a process as a whole, and read no setting in it.
        "deployments.local.fork_server",
        "deployments.local.forked_worker",
    }
    for module in modules(ROOT, ("engines", "serve_app", "deployments")):
        if module.name not in allowed:
            assert "os.environ" not in module.path.read_text(encoding="utf-8"), module.name


def test_the_face_loads_no_heavy_library() -> None:
    code = (
        "import sys, serve_app.app; "
        "heavy = {'torch', 'diffusers', 'ray', 'cv2', 'numpy'} & set(sys.modules); "
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
