"""What people have in their files and type at the prompt, and what their terminals lack."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from inferloop_synthdata.cli.console import Console, writable
from inferloop_synthdata.ray_jobs.package import ignore_rules
from tests.sdk.cli.command_line import CommandLine, Service

LINE_ENDS_OF_UNICODE = ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e"]
"""Where `str.splitlines` cuts and no file of lines does."""


def asked_for(line: CommandLine, *argv: str) -> list[str]:
    service = Service(generate_batch={"images": [], "parameters": {}})
    line.handler = service
    assert line.run("batch", *argv) == 0
    prompts: list[str] = service.asked[0][2]["prompts"]
    return prompts


# Prompts from a file


@pytest.mark.parametrize("source", ["file", "-"])
@pytest.mark.parametrize("mark", LINE_ENDS_OF_UNICODE, ids=ascii)
def test_a_prompt_may_hold_what_python_calls_a_line_end(
    mark: str, source: str, tmp_path: Path
) -> None:
    text = f"a fox{mark}in snow\na cat\n"
    file = tmp_path / "prompts.txt"
    file.write_bytes(text.encode())
    line = CommandLine(Service(), stdin=text)
    given = str(file) if source == "file" else "-"
    assert asked_for(line, "--file", given) == [f"a fox{mark}in snow", "a cat"]


@pytest.mark.parametrize(
    "content",
    [
        b"a\r\nb\r\n",
        b"a\nb",
        b"\n\na\n \t \nb\n\n",
        b"\xef\xbb\xbfa\nb\n",
        b"  a \n\tb\n",
        "a\nb\n".encode("utf-16"),
        b"\xfe\xff" + "a\r\nb".encode("utf-16-be"),
    ],
    ids=["crlf", "no-end", "blanks", "bom", "spaces", "utf-16", "utf-16-be"],
)
def test_a_file_of_any_editor_gives_the_same_prompts(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes(content)
    assert asked_for(CommandLine(Service()), "--file", str(file)) == ["a", "b"]


def test_prompts_of_the_line_come_before_those_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("c\n")
    line = CommandLine(Service())
    assert asked_for(line, "a", "b", "--file", str(tmp_path / "p.txt")) == ["a", "b", "c"]


@pytest.mark.parametrize("content", [b"", b"\n\r\n \n", b"\xef\xbb\xbf"])
def test_a_file_without_a_prompt_is_wrong_usage(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "p.txt"
    file.write_bytes(content)
    line = CommandLine(Service())
    assert line.run("batch", "--file", str(file)) == 2
    assert "no prompts" in line.err


def test_a_file_in_another_encoding_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "p.txt"
    file.write_bytes("ein Füchschen\n".encode("latin-1"))
    line = CommandLine(Service())
    assert line.run("batch", "--file", str(file)) == 2
    assert line.err.count("\n") == 1


@pytest.mark.parametrize("mark", LINE_ENDS_OF_UNICODE, ids=ascii)
def test_a_rule_of_gitignore_ends_where_git_ends_it(mark: str, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(f"a{mark}b\n*.log\r\n".encode())
    rules = ignore_rules(tmp_path)
    assert rules.match_file(f"a{mark}b")
    assert not rules.match_file("a")
    assert rules.match_file("x.log")


# Declarations


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("since: 2024-01-01", "date is not JSON"),
        ("at: 2024-01-01 10:00:00", "datetime is not JSON"),
        ("name: !!binary aGk=", "bytes is not JSON"),
        ("name: !!set {a}", "set is not JSON"),
        ("share: .nan", "not JSON compliant"),
        ("share: .inf", "not JSON compliant"),
        ("a: &b {c: *b}", "Circular"),
        ("a: 2024-13-45", "neither JSON nor YAML"),
        ("? [1]\n: 2", "neither JSON nor YAML"),
        ("a: !!python/object/apply:os.getcwd []", "neither JSON nor YAML"),
        ("[" * 1200, "neither JSON nor YAML"),
        ("n: " + "9" * 5000, "neither JSON nor YAML"),
        ("", "has no declaration"),
        ("null", "has no declaration"),
        ("3", "has no declaration"),
    ],
    ids=lambda text: text[:24],
)
@pytest.mark.parametrize("command", ["create", "preview"])
def test_a_declaration_that_cannot_be_sent_is_one_line_with_its_file(
    command: str, text: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(text)
    service = Service()
    line = CommandLine(service)
    assert line.run("dataset", command, str(file)) == 2
    assert said in line.err
    assert line.err.startswith(f"inferloop: {file}")
    assert line.err.count("\n") == 1
    assert service.asked == []


# Values behind options


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("generate", "p", "--label", "animal=fox", "--label", "animal=cat"), "animal twice"),
        (("export", "csv", "d", "--output", "x", "--split", "a=0.5", "--split", "a=1"), "a twice"),
        (
            ("keys", "create", "x", "--rate", "read=1/hour", "--rate", "read=2/hour"),
            "read twice: 1/hour and 2/hour",
        ),
    ],
    ids=["label", "split", "rate"],
)
def test_a_name_that_takes_one_value_is_not_given_two(
    argv: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    service = Service()
    line = CommandLine(service)
    line.environ["INFERLOOP_API_KEYS_FILE"] = str(tmp_path / "keys")
    assert line.run(*argv) == 2
    assert said in line.err
    assert service.asked == []


def test_spaces_behind_commas_are_not_part_of_a_name() -> None:
    service = Service(generate={"image_path": "/data/a.png"})
    line = CommandLine(service)
    required = ("--require", "quality, privacy ,")
    assert line.run("generate", "p", "--no-stream", *required) == 0
    assert service.asked[0][2]["require"] == {"quality": True, "privacy": True}


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5"])
def test_a_limit_is_a_number_of_images(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        CommandLine(Service()).run("dataset", "images", "d", "--limit", limit)
    assert left.value.code == 2
    assert "--limit" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_number_that_json_lacks_is_one_line(number: str) -> None:
    line = CommandLine(Service())
    assert line.run("generate", "p", "--no-stream", f"--guidance-scale={number}") == 2
    assert line.err.count("\n") == 1


def test_bytes_that_are_no_text_are_one_line() -> None:
    """A shell hands over what it was given; Python marks the bytes as surrogates."""
    line = CommandLine(Service())
    assert line.run("generate", "a\udcff", "--no-stream") == 2
    assert line.err.count("\n") == 1


@pytest.mark.parametrize("variable", ["INFERLOOP_BASE_URL", "--base-url"])
def test_an_address_that_cannot_be_is_one_line(variable: str) -> None:
    line = CommandLine(Service())
    argv = [variable, "http://host:port"] if variable.startswith("-") else []
    line.environ["INFERLOOP_BASE_URL"] = "http://host:port"
    assert line.run("models", *argv) == 2
    assert line.err.startswith("inferloop: base_url is not a valid address")


# Terminals


class Stream(io.TextIOWrapper):
    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")

    def written(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_an_answer_is_printed_whatever_the_terminal_can_show(encoding: str) -> None:
    out, err = Stream(encoding), Stream(encoding)
    console = Console(out, err)
    console.answer({}, ["prompt: ein Füchschen 狐 🦊"])
    console.log("狐\n")
    console.note("note 狐")
    console.error("error 狐")
    assert "prompt: ein F" in out.written()
    assert "note" in err.written()
    shown = "狐" if encoding == "utf-8" else "\\u72d0"
    assert shown in out.written()
    assert f"inferloop: error {shown}" in err.written()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_reads_back_whatever_the_terminal_can_show(encoding: str) -> None:
    document = {"prompt": "ein Füchschen 狐 🦊", "broken": "\ud800"}
    out = Stream(encoding)
    Console(out, io.StringIO(), as_json=True).answer(document, [])
    assert json.loads(out.written()) == document


def test_what_can_be_shown_is_not_touched() -> None:
    assert writable("ä狐🦊", Stream("utf-8")) == "ä狐🦊"
    assert writable("ä狐", Stream("latin-1")) == "ä\\u72d0"
    assert writable("ä狐", io.StringIO()) == "ä狐"


def test_a_reader_who_leaves_is_no_traceback() -> None:
    """`inferloop models | head -0`: the pipe is closed before the answer is written."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as out:
        program = "import sys; from inferloop_synthdata.cli.main import main; sys.exit(main())"
        argv = [sys.executable, "-c", program, "completion", "bash"]
        ended = subprocess.run(argv, stdout=out, stderr=subprocess.PIPE, check=False, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr == b""
