"""What is typed behind an option, and what `.gitignore` leaves out of a package."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from inferloop_synthdata.cli import values
from inferloop_synthdata.cli.outputs import Target
from inferloop_synthdata.ray_jobs.package import ignore_rules, ignoring

TAKEN: list[tuple[Any, str, object]] = [
    (values.positive, "1", 1),
    (values.positive, " 12 ", 12),
    (values.seconds, "0.5", 0.5),
    (values.seconds, "1e3", 1000.0),
    (values.share, "train=0.8", ("train", 0.8)),
    (values.share, "a=b=0.5".replace("b=", ""), ("a", 0.5)),
    (values.label, "animal=fox", ("animal", "fox")),
    (values.label, "place=a=b", ("place", "a=b")),
    (values.label, "tier=狐", ("tier", "狐")),
    (values.json_object, '{"a": [1, null]}', {"a": [1, None]}),
    (values.own_rate, "generate=100/minute", ("generate", "100/minute")),
    (values.names, "a,b", ["a", "b"]),
    (values.names, ",a,,b,", ["a", "b"]),
    (values.names, "", []),
    (values.requirements, "quality,privacy", {"quality": True, "privacy": True}),
    (values.requirements, ' {"quality": {"min_score": 0.5}}', {"quality": {"min_score": 0.5}}),
]
REFUSED: list[tuple[Any, str]] = [
    *((values.positive, text) for text in ("0", "-1", "1.5", "", "x", "1e3", "inf")),
    *((values.seconds, text) for text in ("0", "-1", "inf", "nan", "", "x", "5s")),
    *((values.share, text) for text in ("train", "=0.8", "", "train=", "train=x")),
    *((values.label, text) for text in ("animal", "=fox", "animal=", "", "=")),
    *((values.json_object, text) for text in ("", "{", "[1]", "null", "3", '"a"')),
    *((values.own_rate, text) for text in ("generate", "=1/minute", "")),
    *((values.requirements, text) for text in ("{", "{]", '{"a":}')),
    (values.target, ""),
]


@pytest.mark.parametrize(("read", "text", "value"), TAKEN)
def test_a_value_is_read_as_it_was_meant(read: Any, text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(("read", "text"), REFUSED)
def test_a_slip_is_refused_before_anything_is_asked(read: Any, text: str) -> None:
    """argparse turns both kinds into one line of usage."""
    with pytest.raises((argparse.ArgumentTypeError, ValueError)):
        read(text)


@pytest.mark.parametrize("text", ["0", "-7", "nope=", "{"])
def test_a_refusal_repeats_what_was_typed(text: str) -> None:
    for read in (values.positive, values.label, values.json_object):
        try:
            read(text)
        except argparse.ArgumentTypeError as error:
            assert text in str(error)  # noqa: PT017
        except ValueError:
            continue


# Targets


def test_a_file_lands_in_a_folder_under_its_own_name(tmp_path: Path) -> None:
    assert Target(str(tmp_path)).file("/data/generated/a.png") == tmp_path / "a.png"
    assert Target(f"{tmp_path}/new/").file("s3://b/c/a.png") == tmp_path / "new" / "a.png"
    assert Target(f"{tmp_path}/b.png").file("/data/a.png") == tmp_path / "b.png"


def test_a_dash_is_standard_output_and_a_slash_a_new_folder() -> None:
    assert Target("-").is_stdout
    assert not Target("./-").is_stdout
    assert Target("new/").is_new_folder
    assert not Target("new").is_new_folder


# What is left out

RULES: list[tuple[list[str], str, bool]] = [
    (["*.log"], "a.log", True),
    (["*.log"], "deep/down/a.log", True),
    (["*.log"], "a.log.txt", False),
    (["/a.txt"], "a.txt", True),
    (["/a.txt"], "b/a.txt", False),
    (["b/a.txt"], "b/a.txt", True),
    (["b/a.txt"], "c/b/a.txt", False),
    (["**/a.txt"], "x/y/a.txt", True),
    (["**/a.txt"], "a.txt", True),
    (["a/**"], "a/x/y", True),
    (["a/**/z"], "a/z", True),
    (["a/**/z"], "a/b/c/z", True),
    (["a?c"], "abc", True),
    (["a?c"], "a/c", False),
    (["a*c"], "a/c", False),
    (["[ab].txt"], "a.txt", True),
    (["[!ab].txt"], "a.txt", False),
    (["[!ab].txt"], "c.txt", True),
    (["*.log", "!keep.log"], "keep.log", False),
    (["!keep.log", "*.log"], "keep.log", True),
    (["# a.txt", "", "   "], "a.txt", False),
    (["a.txt   "], "a.txt", True),
    (["a+b(c).txt"], "a+b(c).txt", True),
    ([r"\#notes"], "#notes", True),
    ([r"\!notes"], "!notes", True),
    ([r"a\*.txt"], "a*.txt", True),
    ([r"a\*.txt"], "ab.txt", False),
    (["[z-a].txt"], "z.txt", False),
    (["[z-a].txt", "*.log"], "a.log", True),
    (["!", "/", "\\", "*.log"], "a.log", True),
    (["!", "/", "\\"], "a.txt", False),
    (["鳥*"], "鳥.png", True),
]


@pytest.mark.parametrize(("lines", "path", "out"), RULES)
def test_rules_are_those_of_git(lines: list[str], path: str, out: bool) -> None:
    assert ignoring(lines).match_file(path) is out


def test_a_rule_for_folders_leaves_files_alone() -> None:
    rules = ignoring(["build/"])
    assert rules.match_file("build/")
    assert rules.match_file("x/build/")
    assert not rules.match_file("build")


def test_both_files_are_read_the_second_over_the_first(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbf*.bin\r\n*.log\r\n")
    (tmp_path / ".rayignore").write_text("!keep.bin\n")
    rules = ignore_rules(tmp_path)
    assert rules.match_file("a.bin")
    assert rules.match_file("a.log")
    assert not rules.match_file("keep.bin")


def test_without_the_files_nothing_is_left_out(tmp_path: Path) -> None:
    assert not ignore_rules(tmp_path).match_file("a.log")
