"""The types of the SDK, as a strict checker of its user sees them. (mypy checks the same program
with all tests, strictly.)"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow
PROGRAM = Path(__file__).with_name("user_program.py")


def checked(folder: Path, program: str) -> list[dict[str, Any]]:
    """What pyright says of the program, strictly."""
    (folder / "program.py").write_text(program, encoding="utf-8")
    settings = {
        "typeCheckingMode": "strict",
        "extraPaths": [str(ROOT)],
        "include": ["program.py"],
        "pythonVersion": "3.11",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    pyright = Path(sys.executable).with_name("basedpyright")
    done = subprocess.run(
        [str(pyright), "--outputjson", "--pythonpath", sys.executable, "-p", str(folder)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 1, done.stdout
    return list(report["generalDiagnostics"])


def test_a_user_s_program_is_clean_and_a_wrong_one_is_not(tmp_path: Path) -> None:
    good = PROGRAM.read_text(encoding="utf-8")
    wrong = (
        "\nwith SyntheticImageClient() as c:\n    c.get_profile(nam=3)\n    c.check_ready().ready\n"
    )
    found = checked(tmp_path, good + wrong)
    last = good.count("\n") + 2
    assert [each["message"] for each in found if each["range"]["start"]["line"] < last] == []
    rules = {each.get("rule") for each in found}
    assert {"reportCallIssue", "reportAttributeAccessIssue"} <= rules
