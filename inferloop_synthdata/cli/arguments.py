"""The parser of the command line `inferloop`, with all its commands."""

from __future__ import annotations

from inferloop_synthdata.cli import completion
from inferloop_synthdata.cli.commands import (
    generation,
    images,
    jobs,
    keys,
    marks,
    profiles,
    service,
    synthesize,
    validation,
)
from inferloop_synthdata.cli.commands.datasets import datasets, exports
from inferloop_synthdata.cli.grammar import EXIT_CODES, CommandParser, add_connection, adder
from inferloop_synthdata.client_options import DEFAULT_TIMEOUT_S
from inferloop_synthdata.version import __version__

_GROUPS = (
    generation,
    validation,
    images,
    datasets,
    exports,
    marks,
    profiles,
    jobs,
    synthesize,
    service,
    keys,
    completion,
)


def parser() -> CommandParser:
    """The parser of all commands. In its result, `run` is the function of the chosen command."""
    top = CommandParser(
        prog="inferloop",
        description="Synthetic image datasets: generate, validate, profile, export.",
        epilog=f"{EXIT_CODES} The key and the address of the service are taken from "
        "INFERLOOP_API_KEY and INFERLOOP_BASE_URL.",
    )
    top.add_argument("--version", action="version", version=f"inferloop {__version__}")
    add_connection(top)
    top.set_defaults(api_key=None, base_url=None, timeout_s=DEFAULT_TIMEOUT_S, json=False)
    add = adder(top)
    for group in _GROUPS:
        group.add_commands(add)
    return top
