"""Every command with its help, from the command line's own grammar."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from inferloop_synthdata.cli.arguments import parser

_INTRODUCTION = """\
# Command line

The help pages of this version. How the command line behaves (output, paths, exit codes,
completion) is in [SDK and command line](../sdk.md#command-line).

"""


def page() -> str:
    """The page, in Markdown."""
    return _INTRODUCTION + "".join(
        f"## {command.prog}\n\n```text\n{help_of(command)}```\n\n" for command in commands(parser())
    )


def commands(top: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The commands that do something, in the order of the grammar; groups are left out."""
    groups = [a for a in top._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield top
    for group in groups:
        for command in group.choices.values():
            yield from commands(command)


def help_of(command: argparse.ArgumentParser) -> str:
    """The help page, 100 columns wide, without the part that is the same everywhere."""
    command.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=100)
    return command.format_help().partition("connection and output:")[0].rstrip() + "\n"
