"""The access log and the audit log reach standard output and files that nobody else can read."""

from __future__ import annotations

import io
import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.observing.logs import LOGGERS, configure


@pytest.fixture(autouse=True)
def loggers_as_they_were() -> Iterator[None]:
    before = [
        (logger, logger.handlers[:], logger.level, logger.propagate)
        for logger in map(logging.getLogger, LOGGERS)
    ]
    yield
    for logger, handlers, level, propagate in before:
        for handler in logger.handlers:
            handler.close()
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


def write(name: str, **line: str) -> None:
    logging.getLogger(f"serve_app.{name}").info(json.dumps(line))


def test_each_log_has_a_file_of_json_lines(tmp_path: Path) -> None:
    output = io.StringIO()
    configure(tmp_path / "logs", output)
    write("access", path="/healthz")
    write("audit", action="dataset.delete")
    [access] = (tmp_path / "logs").glob("access-*.jsonl")
    [audit] = (tmp_path / "logs").glob("audit-*.jsonl")
    assert json.loads(access.read_text()) == {"path": "/healthz"}
    assert json.loads(audit.read_text()) == {"action": "dataset.delete"}
    assert [json.loads(line) for line in output.getvalue().splitlines()] == [
        {"path": "/healthz"},
        {"action": "dataset.delete"},
    ]


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    configure(folder, io.StringIO())
    write("audit", action="a")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_second_call_writes_no_line_twice(tmp_path: Path) -> None:
    configure(tmp_path, io.StringIO())
    configure(tmp_path, output := io.StringIO())
    write("audit", action="a")
    assert len(output.getvalue().splitlines()) == 1
    [audit] = tmp_path.glob("audit-*.jsonl")
    assert len(audit.read_text().splitlines()) == 1


def test_without_a_folder_the_lines_go_to_standard_output_alone() -> None:
    configure(None, output := io.StringIO())
    write("access", path="/")
    assert json.loads(output.getvalue()) == {"path": "/"}
