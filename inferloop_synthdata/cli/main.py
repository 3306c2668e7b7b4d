"""`inferloop`: the command line. An error is one line of text, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from functools import cache

from inferloop_synthdata.cli.arguments import parser
from inferloop_synthdata.cli.completion import complete
from inferloop_synthdata.cli.console import Console
from inferloop_synthdata.cli.grammar import Run, spelled_out
from inferloop_synthdata.cli.retries import retries_told
from inferloop_synthdata.cli.session import Connect, Session, Surroundings
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client_options import DEFAULT_BASE_URL
from inferloop_synthdata.errors import (
    ApiError,
    ClientError,
    ConnectionFailed,
    Forbidden,
    RequestTimedOut,
    Unauthorized,
)

OK = 0
FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
"""128 + the number of SIGINT, as in shells."""
_SERVER_ERROR = 500
_grammar = cache(parser)
"""The parser is made once per process, because that takes 20 ms and no call changes it."""


def main(argv: Sequence[str] | None = None, surroundings: Surroundings | None = None) -> int:
    """Run one command and return its exit code.

    For wrong arguments, `--help` and `--version`, argparse raises `SystemExit` with code 2 or 0.
    """
    world = surroundings or Surroundings(environ=os.environ)
    grammar = _grammar()
    complete(grammar, world.environ)
    arguments = grammar.parse_args(spelled_out(sys.argv[1:] if argv is None else argv))
    console = Console(world.stdout, world.stderr, arguments.json, world.environ, world.clock)
    connect = Connect(
        api_key=arguments.api_key or world.environ.get("INFERLOOP_API_KEY"),
        base_url=arguments.base_url or world.environ.get("INFERLOOP_BASE_URL") or DEFAULT_BASE_URL,
        timeout_s=arguments.timeout_s,
    )
    run: Run = arguments.run
    failed: int = getattr(arguments, "failed", FAILED)
    try:
        with retries_told(console):
            return run(Session(world, console, connect), arguments)
    except KeyboardInterrupt:
        console.error("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the pipe has ended (`| head`). Without this, Python would print another
        # error at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except ClientError as error:
        console.error(str(error))
        for hint in hints(error, connect.base_url):
            console.note(hint)
        return failed
    except (UsageProblem, ValueError) as error:
        console.error(str(error))
        return WRONG_USAGE
    except OSError as error:
        console.error(f"{error.filename or 'a file'}: {error.strerror or 'cannot be used'}")
        return failed


def hints(error: ClientError, base_url: str) -> Iterator[str]:
    """Advice for an error: no line or one line.

    `base_url` is the service's address. If the failed connection was to another server, there is
    no advice.
    """
    if isinstance(error, RequestTimedOut):
        yield "the service may still be working; --timeout-s waits longer, --async does not wait"
    elif isinstance(error, ConnectionFailed):
        if error.request_sent or base_url.rstrip("/") not in error.message:
            return
        yield "is the service running there? --base-url or INFERLOOP_BASE_URL names another address"
    elif isinstance(error, Unauthorized):
        yield "the key comes from --api-key, or from INFERLOOP_API_KEY"
    elif isinstance(error, Forbidden) and "scope" in error.message:  # not a bucket, for example
        yield "the key lacks the needed scope: use another key (see inferloop keys)"
    elif isinstance(error, ApiError) and (error.status or 0) >= _SERVER_ERROR and error.request_id:
        yield f"request id {error.request_id}: search for it in the service's log"
