"""The direction of imports is the architecture; this test is its drawing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("engines", "serve_app", "deployments", "jobs", "inferloop_synthdata", "training")
LEAVES = {"engines.types", "engines.errors", "engines.protocols"}
SHARED = LEAVES | {"engines.images", "engines.metrics", "engines.storage"}
SIBLINGS = ("diffusion", "quality", "privacy", "profiles", "export")


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            found.append((name, path))
    return found


def imports_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module}
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def allowed_engines(module: str) -> set[str] | None:
    """Packages under `engines` that `module` may import; None means all of them."""
    if module in LEAVES or module == "engines":
        return LEAVES
    for sibling in SIBLINGS:
        if within(module, f"engines.{sibling}"):
            return SHARED | {f"engines.{sibling}"}
    for shared in ("engines.images", "engines.metrics", "engines.storage"):
        if within(module, shared):
            return LEAVES | {"engines.images", "engines.metrics", shared}
    if within(module, "serve_app"):
        return LEAVES
    if within(module, "inferloop_synthdata") or within(module, "training"):
        return set()
    return None


@pytest.mark.parametrize(("module", "path"), modules(), ids=lambda value: str(value))
def test_a_module_imports_only_downwards(module: str, path: Path) -> None:
    imported = imports_of(path)
    allowed = allowed_engines(module)
    for name in imported:
        if allowed is not None and within(name, "engines") and name != "engines":
            assert any(within(name, ok) for ok in allowed), f"{module} imports {name}"
        if within(name, "ray"):
            assert module.split(".")[0] in ("deployments", "jobs"), f"{module} imports {name}"
        if within(name, "ray.serve"):
            assert within(module, "deployments"), f"{module} imports {name}"
        if within(name, "serve_app"):
            assert module.split(".")[0] in ("serve_app", "deployments"), f"{module} imports {name}"
        if within(name, "deployments") and name != "deployments":
            assert module.split(".")[0] == "deployments", f"{module} imports {name}"
        if within(module, "serve_app") or within(module, "inferloop_synthdata"):
            assert name.split(".")[0] not in ("torch", "diffusers"), f"{module} imports {name}"


def test_the_environment_is_read_in_one_place() -> None:
    allowed = {"deployments.settings", "deployments.launch", "deployments.child_service"}
    for module, path in modules():
        if module.split(".")[0] in ("jobs", "inferloop_synthdata", "training"):
            continue
        if module not in allowed:
            assert "os.environ" not in path.read_text(encoding="utf-8"), module


@pytest.mark.skipif(not (ROOT / "serve_app/app.py").exists(), reason="no face yet")
def test_the_face_loads_no_heavy_library() -> None:
    code = (
        "import sys, serve_app.app; "
        "heavy = {'torch', 'diffusers', 'ray', 'cv2', 'numpy'} & set(sys.modules); "
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
