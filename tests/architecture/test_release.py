"""`make release` refuses what does not agree: tried on a small repository of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".github" / "release.py"
PYPROJECT = """
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "inferloop-synthdata"
version = "1.2.3"

[tool.setuptools]
packages = ["inferloop_synthdata"]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A committed project of version 1.2.3 that is ready to be released."""
    (tmp_path / "inferloop_synthdata").mkdir()
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "inferloop_synthdata" / "version.py").write_text('__version__ = "1.2.3"\n')
    changelog(tmp_path, "## Unreleased\n\n## 1.2.3 - 2026-12-01\n\n- Something.\n")
    (tmp_path / ".gitignore").write_text("dist/\nbuild/\n*.egg-info/\n")
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return tmp_path


def changelog(root: Path, sections: str) -> None:
    (root / "CHANGELOG.md").write_text(f"# Changelog\n\n{sections}")


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "a commit")


def release(root: Path) -> tuple[int, str]:
    done = subprocess.run([sys.executable, SCRIPT], cwd=root, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_version_that_the_package_does_not_say_is_refused(project: Path) -> None:
    (project / "inferloop_synthdata" / "version.py").write_text('__version__ = "1.2.2"\n')
    commit(project)
    assert release(project) == (1, "release: inferloop_synthdata/version.py does not say 1.2.3\n")


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ("## 1.2.2 - 2026-11-01\n\n- Old.\n", "the newest section must be '## 1.2.3 - YYYY-MM-DD'"),
        ("## 1.2.3\n\n- No date.\n", "the newest section must be '## 1.2.3 - YYYY-MM-DD'"),
        ("## 1.2.3 - 2026-12-01\n\n", "the section of 1.2.3 is empty"),
        ("## Unreleased\n\n- New.\n\n## 1.2.3 - 2026-12-01\n\n- Old.\n", "under Unreleased"),
    ],
)
def test_a_changelog_that_says_something_else_is_refused(
    project: Path, sections: str, said: str
) -> None:
    changelog(project, sections)
    commit(project)
    code, output = release(project)
    assert code == 1
    assert said in output


def test_uncommitted_changes_are_refused(project: Path) -> None:
    (project / "stray.txt").touch()
    assert release(project) == (1, "release: the work tree has uncommitted changes\n")


def test_a_version_that_was_tagged_before_is_refused(project: Path) -> None:
    git(project, "tag", "v1.2.3")
    commit(project)
    code, output = release(project)
    assert code == 1
    assert "tag v1.2.3 is on another commit" in output
