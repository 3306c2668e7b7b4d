"""`inferloop completion`: prints code with which a shell completes commands and options."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from inferloop_synthdata.cli.grammar import AddCommand, CommandParser
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import load_optional, needs_extra

SHELLS = ("bash", "zsh", "fish")
_ASKED = "_ARGCOMPLETE"
"""The shell sets this variable when it asks for completions."""


def add_commands(add: AddCommand) -> None:
    """Add the command `completion`."""
    command = add("completion", completion, "print the completion for a shell")
    command.add_argument("shell", choices=SHELLS)
    command.description = (
        'bash and zsh: eval "$(inferloop completion bash)" in ~/.bashrc or ~/.zshrc (there with '
        "zsh); fish: inferloop completion fish > ~/.config/fish/completions/inferloop.fish"
    )


def completion(session: Session, arguments: Namespace) -> int:
    """Print the completion script of a shell, which the shell must evaluate."""
    library = _library()
    session.console.log(library.shellcode(["inferloop"], shell=arguments.shell))
    return 0


def complete(parser: CommandParser, environ: Mapping[str, str]) -> None:
    """If the shell asks for completions, print them and exit the process."""
    if _ASKED in environ:
        _library().autocomplete(parser)


def _library() -> Any:
    return load_optional("argcomplete", "completion", needs_extra("cli"))
