"""The package stands alone: what it loads, what it ships, what it says of itself."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import inferloop_synthdata

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "inferloop_synthdata"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = {"c2pa", "cryptography", "joserfc", "PIL"}
"""Of the extra `verify`: loaded when something is verified, never before. What the command line
loads of other extras, it loads by name (`load_optional`)."""


def test_importing_it_loads_neither_the_service_nor_its_libraries() -> None:
    code = """
import sys
import inferloop_synthdata.cli.main
stranger = {'torch', 'ray', 'numpy', 'cv2', 'boto3', 'fastapi', 'pydantic', 'engines', 'serve_app',
            'deployments', 'batch', 'argcomplete', 'c2pa', 'cryptography', 'joserfc',
            'PIL'} & set(sys.modules)
sys.exit(f'loaded: {stranger}' if stranger else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_imports_its_own_dependencies_only() -> None:
    needed = {requirement.split(">")[0] for requirement in PROJECT["dependencies"]}
    known = set(sys.stdlib_module_names) | {"inferloop_synthdata"} | needed
    for path in PACKAGE.rglob("*.py"):
        allowed = known | OPTIONAL if path.parent.name == "marks" else known
        if path.name == "unique_keys.py":  # reads YAML where pyyaml is there, else JSON alone
            allowed = known | {"yaml"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            assert {name.split(".")[0] for name in names} <= allowed, path.name


def test_the_version_is_the_projects() -> None:
    assert inferloop_synthdata.__version__ == PROJECT["version"]


def test_the_wheel_holds_every_folder_with_code() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    built = setuptools["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in PACKAGE.rglob("*.py")}
    assert built == sorted(".".join(folder.parts) for folder in folders)
    assert (PACKAGE / "py.typed").exists()


def test_what_it_exports_is_there() -> None:
    for name in inferloop_synthdata.__all__:
        assert hasattr(inferloop_synthdata, name)
    assert inferloop_synthdata.__all__ == sorted(inferloop_synthdata.__all__)
