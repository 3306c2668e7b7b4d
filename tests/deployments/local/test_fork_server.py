"""Workers that are forks, with real processes: without Ray, whose worker program is a script."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from deployments.local import forked_worker
from deployments.local.fork_server import LOG, Stage, fork_servers
from tests.waiting import wait_for

WORKER = """
import json, os, sys
print(json.dumps({
    "arguments": sys.argv[1:], "main": __name__, "path": sys.path[0],
    "parent": os.getppid(), "group": os.getpgid(0), "folder": os.getcwd(),
    "environment": dict(os.environ), "has": "colorsys" in sys.modules,
    "wish": getattr(sys.modules.get("tests.deployments.local.read_at_import"), "WISH", None),
    "read": sys.stdin.read(),
    "killed_first": open("/proc/self/oom_score_adj").read().strip(),
    "draws": sys.modules["numpy"].random.random() if "numpy" in sys.modules else None,
}))
print("an error", file=sys.stderr)
"""
RAYS_OWN = """
import json, sys
print(json.dumps({"rays_own": sys.argv[1:]}))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a worker program, and next to it the one that Ray starts workers with."""
    (tmp_path / "default_worker.py").write_text(WORKER, encoding="utf-8")
    (tmp_path / "setup_worker.py").write_text(RAYS_OWN, encoding="utf-8")
    return tmp_path


def start(
    folder: Path,
    variables: Mapping[str, str],
    language: str = "PYTHON",
    killed_first: str | None = None,
    **context: Any,
) -> dict[str, Any]:
    """What a worker prints that is started as Ray starts one. `killed_first`: its adjustment of the
    kernel's score for the choice of a process when memory runs out."""
    adjusted = f"echo {killed_first} > /proc/self/oom_score_adj; " if killed_first else ""
    done = subprocess.run(
        [
            *("sh", "-c", adjusted + 'exec "$@"', "sh"),
            *(
                sys.executable,
                forked_worker.__file__,
                str(folder / "default_worker.py"),
                "--port=7",
            ),
            f"--language={language}",
            "--serialized-runtime-env-context="
            + json.dumps({"env_vars": dict(variables), "py_executable": sys.executable, **context}),
        ],
        cwd=folder,
        env={**os.environ, "RAY_JOB_ID": "01000000"},
        input="words",
        capture_output=True,
        text=True,
        timeout=60,
        process_group=0,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return {**told, "errors": done.stderr}


def test_a_worker_is_a_fork_of_the_process_that_has_its_imports(folder: Path) -> None:
    stage = Stage(socket=folder / "s", modules=("colorsys", "numpy"))
    with fork_servers(stage):
        told = start(folder, {**stage.variable(), "GREETING": "hello"})
        again = start(folder, stage.variable())
        assert psutil.Process(told["parent"]).ppid() == os.getpid()
    assert (told["has"], told["main"], told["arguments"]) == (True, "__main__", ["--port=7"])
    assert told["parent"] == again["parent"]
    assert (told["folder"], told["path"]) == (str(folder), str(folder))
    environment = told["environment"]
    assert (environment["GREETING"], environment["RAY_JOB_ID"]) == ("hello", "01000000")
    assert "GREETING" not in again["environment"]  # each worker has only its own
    assert (told["read"], told["errors"]) == ("words", "an error\n")
    assert told["draws"] != again["draws"]  # each has random numbers of its own
    assert told["group"] not in (os.getpgid(0), again["group"])  # the groups of their starters


def test_the_kernel_ends_a_fork_as_early_as_the_worker_that_ray_asked_for(folder: Path) -> None:
    stage = Stage(socket=folder / "s", modules=())
    with fork_servers(stage):
        own = Path("/proc/self/oom_score_adj").read_text(encoding="utf-8").strip()
        assert start(folder, stage.variable())["killed_first"] == own
        told = start(folder, stage.variable(), killed_first="900")
        assert told["killed_first"] == "900"
        assert start(folder, stage.variable())["killed_first"] == own


def test_a_later_stage_has_the_imports_and_variables_of_both(folder: Path) -> None:
    reading = ("tests.deployments.local.read_at_import",)
    last = Stage(socket=folder / "b", modules=reading, env_vars={"WISH": "2000"}, forks=1)
    first = Stage(socket=folder / "a", modules=("colorsys",), then=(last,))
    with fork_servers(first):
        one = start(folder, first.variable())
        two = start(folder, last.variable(first))
        assert (one["has"], one["wish"], two["has"], two["wish"]) == (True, None, True, "2000")
        assert "WISH" not in two["environment"]
        assert two["parent"] != one["parent"]
        # The second server makes one fork only, and then waits as a small process.
        wait_for(lambda: psutil.Process(two["parent"]).name() == "cat")
        assert psutil.Process(two["parent"]).ppid() == one["parent"]
        three = start(folder, last.variable(first))
        assert (three["parent"], three["wish"]) == (one["parent"], None)
        assert start(folder, last.variable())["rays_own"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "context",
    [
        {"command_prefix": ["true", "&&"]},
        {"override_worker_entrypoint": "other.py"},
        {"py_executable": "/usr/bin/another-python"},
        {"language": "JAVA"},
        {"env_vars": {}},
        {"env_vars": {forked_worker.VARIABLE: "/nowhere"}},
        {"env_vars": {forked_worker.VARIABLE: "$HOME/s"}},
    ],
    ids=lambda context: next(iter(context)),
)
def test_any_other_worker_is_started_by_rays_own_program(
    folder: Path, context: dict[str, Any]
) -> None:
    stage = Stage(socket=folder / "s", modules=())
    with fork_servers(stage):
        told = start(folder, **{"variables": stage.variable(), **context})
    assert told["rays_own"][0] == str(folder / "default_worker.py")
    assert told["rays_own"][1] == "--port=7"


def test_a_module_that_cannot_be_imported_only_costs_the_forks(folder: Path) -> None:
    broken = Stage(socket=folder / "b", modules=("no_such_module",))
    first = Stage(socket=folder / "a", modules=("colorsys",), then=(broken,))
    with fork_servers(first):
        assert start(folder, broken.variable(first))["has"]
        assert "rays_own" in start(folder, broken.variable())
    assert "No module named 'no_such_module'" in (folder / LOG).read_text(encoding="utf-8")


def test_a_question_that_breaks_off_does_not_end_the_server(folder: Path) -> None:
    stage = Stage(socket=folder / "s", modules=("colorsys",))
    with fork_servers(stage):
        start(folder, stage.variable())
        for content in (b"", b"{", b'{"command": '):
            with socket.socket(socket.AF_UNIX) as asked:
                asked.connect(str(stage.socket))
                asked.sendall(content)
        assert start(folder, stage.variable())["has"]


def test_nobody_is_forked_for_a_starter_that_ray_has_given_up(folder: Path) -> None:
    """On a busy machine, Ray kills a starter that waits for long, and starts another one."""
    stage = Stage(socket=folder / "s", modules=("colorsys",), forks=1)
    worker = str(folder / "default_worker.py")
    context = json.dumps({"env_vars": stage.variable()})
    asked = forked_worker.question(
        [worker, "--language=PYTHON", f"--serialized-runtime-env-context={context}"]
    )
    with fork_servers(stage):
        with socket.socket(socket.AF_UNIX) as given_up:
            given_up.connect(str(stage.socket))
            content = json.dumps(asked).encode()
            socket.send_fds(given_up, [content], [0, 1, 2])
        assert start(folder, stage.variable())["has"]


def test_all_servers_end_with_the_process_that_started_them(folder: Path) -> None:
    last = Stage(socket=folder / "b", modules=())
    first = Stage(socket=folder / "a", modules=(), then=(last,))
    with fork_servers(first):
        one, two = (start(folder, each.variable())["parent"] for each in (first, last))
    wait_for(lambda: not psutil.pid_exists(one) and not psutil.pid_exists(two))
