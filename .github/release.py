"""`make release`: check that version, changelog and tag agree, then build the wheel into `dist/`.

Run from the repository root. Exit code 0 when the wheel is built, 1 with one line for each fault.
Nothing is tagged, pushed or uploaded: the last line says the commands that do.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_RELEASED = re.compile(r"(\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})")


def git(root: Path, *arguments: str) -> str:
    """Output of a git command, without the last newline; empty where git says no."""
    done = subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def version_of(root: Path) -> str:
    """Version in pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def version_faults(root: Path, version: str) -> list[str]:
    """The package says the same version as the project."""
    text = (root / "inferloop_synthdata" / "version.py").read_text(encoding="utf-8")
    said = re.search(r'__version__ = "([^"]+)"', text)
    if said is None or said[1] != version:
        return [f"inferloop_synthdata/version.py does not say {version}"]
    return []


def changelog_faults(root: Path, version: str) -> list[str]:
    """The newest released section is this version's, dated and not empty; nothing is unreleased."""
    parts = _SECTION.split((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    faults = []
    if sections.pop("Unreleased", "").strip():
        faults.append("CHANGELOG.md: move what stands under Unreleased into the version's section")
    newest = next(iter(sections), "")
    heading = _RELEASED.fullmatch(newest)
    if heading is None or heading[1] != version:
        faults.append(f"CHANGELOG.md: the newest section must be '## {version} - YYYY-MM-DD'")
    elif not sections[newest].strip():
        faults.append(f"CHANGELOG.md: the section of {version} is empty")
    return faults


def tree_faults(root: Path, version: str) -> list[str]:
    """All is committed, and the tag, where there is one, is on this commit."""
    faults = []
    if git(root, "status", "--porcelain"):
        faults.append("the work tree has uncommitted changes")
    tagged = git(root, "rev-list", "-n", "1", f"v{version}")
    if tagged and tagged != git(root, "rev-parse", "HEAD"):
        faults.append(f"tag v{version} is on another commit: choose a new version")
    return faults


def build(root: Path) -> int:
    """The wheel, from the files as they are; returns pip's exit code."""
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", "dist", "."]
    return subprocess.run(command, cwd=root, check=False).returncode


def main(root: Path) -> int:
    version = version_of(root)
    faults = [
        *version_faults(root, version),
        *changelog_faults(root, version),
        *tree_faults(root, version),
    ]
    for fault in faults:
        print(f"release: {fault}", file=sys.stderr)
    if faults:
        return 1
    code = build(root)
    if code == 0:
        print(f"dist/ holds the wheel of {version}. To publish it:")
        print(f"  git tag -a v{version} -m {version} && git push origin v{version}")
    return code


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
