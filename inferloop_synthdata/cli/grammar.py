"""Parts that all commands share: short errors with suggestions, the options of the connection, and
functions that add commands."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.session import Session

EXIT_CODES = (
    "Exit codes: 0 done; 1 the service or the connection failed, a check did not pass (--fail, "
    "verify), or a dataset is incomplete; 2 wrong usage, or verify could not check; 3 verify "
    "--require-trusted: unchanged, but the signer is not trusted; 130 interrupted."
)

Run = Callable[[Session, argparse.Namespace], int]
"""Runs a command and returns its exit code."""

AddCommand = Callable[[str, Run, str], "CommandParser"]
"""Adds a command: its name, its function, one line of help."""

_COMMAND = "COMMAND"
_WRONG_CHOICE = re.compile(
    r"argument (?P<what>[^:]+): invalid choice: '(?P<word>.*)' \(choose from"
)


class CommandParser(argparse.ArgumentParser):
    """A parser whose errors have two lines, and suggest the most similar word that is valid."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2 and the message. If only a group was named, its help is shown."""
        if message == f"the following arguments are required: {_COMMAND}":
            self.exit(2, self.format_help())
        self.exit(2, f"inferloop: {self._better(message)}\nsee: {self.prog} --help\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in argparse, but an unknown option is reported by the command that it belongs to."""
        found, rest = super().parse_known_args(args, namespace)
        for word in rest:
            name = word.partition("=")[0]
            if name.startswith("-") and name != "-":
                self.error(f"no such option: {name}{suggestion(name, self._options())}")
        return found, rest

    def _options(self) -> list[str]:
        return [name for action in self._actions for name in action.option_strings]

    def _better(self, message: str) -> str:
        wrong = _WRONG_CHOICE.match(message)
        if wrong is None:
            return message
        word, names = wrong["word"], self._choices(wrong["what"])
        nearest = suggestion(word, names)
        if not nearest:
            return f"no such {wrong['what'].lower()}: {word} (there are {', '.join(names)})"
        return f"no such {wrong['what'].lower()}: {word}{nearest}"

    def _choices(self, what: str) -> list[str]:
        for action in self._actions:
            if action.choices is not None and what in {
                action.metavar,
                action.dest,
                "/".join(action.option_strings),
            }:
                return [str(choice) for choice in action.choices]
        return []


def spelled_out(argv: Sequence[str]) -> list[str]:
    """The arguments, with `help export` written as `export --help`."""
    first, *words = argv or ("",)
    return [*words, "--help"] if first == "help" else list(argv)


def suggestion(word: str, names: Iterable[str]) -> str:
    """`; did you mean X?` if one of the names is similar to the word, else an empty text."""
    near = difflib.get_close_matches(word, list(names), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def adder(parent: CommandParser) -> AddCommand:
    """A function that adds commands below `parent`."""
    commands = parent.add_subparsers(
        title="commands", metavar=_COMMAND, required=True, parser_class=CommandParser
    )
    common = CommandParser(add_help=False)
    add_connection(common)

    def add(name: str, run: Run, summary: str) -> CommandParser:
        command = commands.add_parser(
            name,
            parents=[common],
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=EXIT_CODES,
        )
        command.set_defaults(run=run)
        return command

    return add


def add_group(add: AddCommand, name: str, summary: str) -> AddCommand:
    """Add a group: a command that only contains other commands."""
    return adder(add(name, _no_command, summary))


def _no_command(session: Session, arguments: argparse.Namespace) -> int:
    raise AssertionError("argparse asks for the command of a group")


def add_connection(target: argparse.ArgumentParser) -> None:
    """Add the options of the connection, which may stand before and after the command. With
    SUPPRESS, an option that is not given does not overwrite one given at the other place."""
    group = target.add_argument_group("connection and output", argument_default=argparse.SUPPRESS)
    group.add_argument("--api-key", help="default: INFERLOOP_API_KEY")
    group.add_argument(
        "--base-url", metavar="URL", help="default: INFERLOOP_BASE_URL or http://localhost:8000"
    )
    group.add_argument(
        "--timeout-s", type=v.seconds, metavar="S", help="seconds to wait for data (default: 300)"
    )
    group.add_argument("--json", action="store_true", help="print the answer as JSON")


def add_yes(command: argparse.ArgumentParser) -> None:
    """Add `--yes`, for commands that delete something."""
    command.add_argument("--yes", "-y", action="store_true", help="do not ask")


def add_label(command: argparse._ActionsContainer) -> None:
    """Add `--label NAME=VALUE`, which can be given several times."""
    command.add_argument(
        "--label",
        dest="labels",
        action="append",
        type=v.label,
        metavar="NAME=VALUE",
        help="a label; can be given several times",
    )


def add_as_job(command: argparse.ArgumentParser) -> None:
    """Add `--async`."""
    words = "do not wait: print the job's id (see: inferloop job wait)"
    command.add_argument("--async", dest="as_job", action="store_true", help=words)


def given_values(pairs: Sequence[tuple[str, str]] | None) -> dict[str, list[str]] | None:
    """Label to its accepted values. A label that is given twice accepts both values."""
    wanted: dict[str, list[str]] = {}
    for name, value in pairs or ():
        wanted.setdefault(name, []).append(value)
    return wanted or None


def given_labels(pairs: Sequence[tuple[str, str]] | None) -> dict[str, str] | None:
    """Label to value, from `--label`. Raises `UsageProblem` for a label that is given twice."""
    return v.once("--label", pairs) if pairs else None
