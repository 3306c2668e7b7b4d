"""What the command line prints: tables, fields, sizes, bars and colors."""

from __future__ import annotations

import io
import json

import pytest

from inferloop_synthdata.cli.console import (
    Console,
    Heading,
    ProgressBar,
    duration,
    fields,
    printable,
    size,
    table,
    takes_color,
)
from inferloop_synthdata.cli.grammar import (
    given_labels,
    given_values,
    spelled_out,
    suggestion,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


# Words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a fox", "a fox"),
        ("a\nb\tc", "a b c"),
        ("\x1b[31mred\x1b[0m", " [31mred [0m"),
        ("back\bspace\x7f\x00", "back space  "),
        ("left\u202eright\u200b", "left right "),
        ("鳥 🦊 é", "鳥 🦊 é"),
        ("", ""),
    ],
)
def test_no_word_of_a_server_steers_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1049, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_999, "1.0 MB"),
        (2_345_678, "2.3 MB"),
        (999_999_999, "1.0 GB"),
        (5 * 10**12, "5.0 TB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_a_size_is_told_in_the_unit_that_fits(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_duration_is_told_as_people_say_it(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_table_has_columns_as_wide_as_their_widest_cell() -> None:
    lines = table(["name", "images"], [["birds", 12], ["a", 3000]])
    assert lines == ["name   images", "birds  12", "a      3000"]
    assert isinstance(lines[0], Heading)
    assert table(["name"], []) == ["name"]


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ({}, []),
        ({"a": 1, "b": "x"}, ["a: 1", "b: x"]),
        ({"a": None, "b": True, "c": 1.23456789}, ["a: null", "b: true", "c: 1.23457"]),
        ({"a": {"b": {"c": 2}}}, ["a.b.c: 2"]),
        ({"a": [], "b": [1, "x"]}, ["a: []", 'b: [1, "x"]']),
        ({"a": [{"b": 1}, {"b": 2}]}, ["a[0].b: 1", "a[1].b: 2"]),
        ({"a": [1, {"b": 2}]}, ['a: [1, {"b": 2}]']),
        ({"a": "鳥"}, ["a: 鳥"]),
    ],
)
def test_a_document_is_shown_line_by_line(document: dict[str, object], lines: list[str]) -> None:
    assert fields(document) == lines


# The console


def test_an_answer_goes_out_and_all_else_to_the_error_stream() -> None:
    out, err = io.StringIO(), io.StringIO()
    console = Console(out, err)
    console.answer({"a": 1}, ["a: 1\n"])
    console.note("saved to x")
    console.error("it\nfailed")
    assert out.getvalue() == "a: 1 \n"
    assert err.getvalue() == "saved to x\ninferloop: it failed\n"


def test_json_is_the_whole_document_and_no_line() -> None:
    out = io.StringIO()
    Console(out, io.StringIO(), as_json=True).answer({"prompt": "鳥\x1b"}, ["never shown"])
    assert json.loads(out.getvalue()) == {"prompt": "鳥\x1b"}
    assert "\x1b" not in out.getvalue()
    assert "鳥" in out.getvalue()


def test_what_turns_a_line_is_escaped_in_json_and_left_out_of_lines() -> None:
    prompt = "a\u202egnp.exe\u2066\u200b"
    out = io.StringIO()
    Console(out, io.StringIO(), as_json=True).answer({"prompt": prompt}, [])
    assert json.loads(out.getvalue()) == {"prompt": prompt}
    assert "\\u202e" in out.getvalue()
    Console(out, io.StringIO()).answer({}, fields({"prompt": prompt}))
    assert not set(out.getvalue()) & set("\u202e\u2066\u200b")


def test_a_terminal_gets_colors_and_a_file_none() -> None:
    terminal, file = Terminal(), io.StringIO()
    for out in (terminal, file):
        Console(out, io.StringIO()).answer({}, ["state: failed", Heading("name")])
    assert "\x1b[31mfailed" in terminal.getvalue()
    assert "\x1b[1mname" in terminal.getvalue()
    assert file.getvalue() == "state: failed\nname\n"


@pytest.mark.parametrize(
    ("environ", "colored"),
    [
        ({}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm"}, True),
    ],
)
def test_colors_can_be_declined(environ: dict[str, str], colored: bool) -> None:
    assert takes_color(Terminal(), environ) is colored
    assert takes_color(io.StringIO(), environ) is False


def test_where_the_answer_is_a_file_words_go_to_the_error_stream() -> None:
    out, err = io.StringIO(), io.StringIO()
    Console(out, err).aside().answer({}, ["a: 1"])
    assert (out.getvalue(), err.getvalue()) == ("", "a: 1\n")


@pytest.mark.parametrize(
    ("typed", "yes"),
    [
        *(("y\n", True), ("YES\n", True), (" y \n", True)),
        *(("\n", False), ("", False), ("yep", False)),
    ],
)
def test_only_yes_is_yes(typed: str, yes: bool) -> None:
    err = io.StringIO()
    assert Console(io.StringIO(), err).ask("Delete\nit?", io.StringIO(typed)) is yes
    assert err.getvalue() == "Delete it? [y/N] "


# Bars


def bar(err: io.StringIO, live: bool = True) -> tuple[ProgressBar, Clock]:
    clock = Clock()
    return ProgressBar(err, "upload", live, clock), clock


def test_a_bar_tells_how_far_how_fast_and_how_long() -> None:
    err = Terminal()
    made, clock = bar(err)
    with made:
        clock.now += 10
        made.show(25, 100)
    shown = err.getvalue()
    assert "upload [#######" in shown
    assert "25/100" in shown
    assert "2.5/s" in shown
    assert "30 s left" in shown
    assert shown.endswith("\r\x1b[K")  # gone at its end


@pytest.mark.parametrize(("done", "total"), [(0, 10), (0, None), (5, None), (10, 10), (12, 10)])
def test_a_bar_of_any_numbers_is_one_line(done: int, total: int | None) -> None:
    err = Terminal()
    made, clock = bar(err)
    clock.now += 1
    made.show(done, total)
    line = err.getvalue().removeprefix("\r\x1b[K")
    assert "\n" not in line
    assert "left" not in line or (total or 0) > done > 0
    assert line.count("#") <= 30


def test_without_a_terminal_a_bar_is_silent() -> None:
    err = io.StringIO()
    with Console(io.StringIO(), err).bar("upload") as made:
        made.show(1, 2)
    assert err.getvalue() == ""


def test_a_remark_does_not_stand_in_the_bar() -> None:
    err = Terminal()
    console = Console(io.StringIO(), err)
    with console.bar("upload") as made:
        made.show(1, 2)
        console.note("retrying")
    assert "\r\x1b[Kretrying\n" in err.getvalue()


# Words of the grammar


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["help"], ["--help"]),
        (["help", "export", "s3"], ["export", "s3", "--help"]),
        (["export", "help"], ["export", "help"]),
        ([], []),
    ],
)
def test_help_can_be_asked_for_as_a_word(typed: list[str], meant: list[str]) -> None:
    assert spelled_out(typed) == meant


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("generat", "; did you mean generate?"),
        ("xyz", ""),
        ("", ""),
        ("valdate", "; did you mean validate?"),
    ],
)
def test_the_nearest_word_is_proposed(word: str, words: str) -> None:
    assert suggestion(word, ["generate", "validate", "export"]) == words


def test_labels_are_collected() -> None:
    pairs = [("animal", "fox"), ("animal", "cat"), ("place", "wood")]
    assert given_values(pairs) == {"animal": ["fox", "cat"], "place": ["wood"]}
    assert given_labels(pairs[1:]) == {"animal": "cat", "place": "wood"}
    assert given_values(None) is None
    assert given_labels([]) is None
