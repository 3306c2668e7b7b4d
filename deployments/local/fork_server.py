"""Starts processes of Ray as forks of processes that have already imported what they need.

A worker of Ray is a new Python process, which imports Ray's and this application's dependencies
before it can do anything: 1.5 s of processor time and 150 MiB, and four times that with PyTorch
and diffusers. A fork has all that at once, and shares the memory. So `make serve` starts this
program, which imports these packages while Ray itself still starts, and lets Ray start workers by
`deployments.local.forked_worker`, which asks the servers of this program. Replacements of dead
replicas start sooner, too.

    python -m deployments.local.fork_server STAGE DESCRIPTOR ...

STAGE is a `Stage` as JSON. The descriptors are the listening sockets of all stages. The program
ends when its standard input is closed.

A fork is safe only in a process whose threads hold no locks: the servers only import packages, and
wait for questions. They must not import Ray, which reads its environment during the import, and a
worker has an environment of its own.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict

from deployments.local import forked_worker

LOG = "fork_server.log"
"""What the servers and their imports print, in the folder of the first stage's socket."""
_WAITING = 64
"""Most workers that wait for their fork while a server still imports."""


class Stage(BaseModel):
    """What one server imports. Workers are forks of it, and so are the servers in `then`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    socket: Path
    """The server's Unix socket. Its folder must be one that only its owner can enter."""
    modules: tuple[str, ...]
    env_vars: dict[str, str] = {}
    """Environment variables that the modules read when they are imported."""
    forks: int | None = None
    """The server ends after so many forks, so that its memory is free. None: it stays."""
    then: tuple[Stage, ...] = ()

    def all(self) -> list[Stage]:
        """This stage and all that follow."""
        return [self, *(each for stage in self.then for each in stage.all())]

    def variable(self, before: Stage | None = None) -> dict[str, str]:
        """The environment variable that makes a worker a fork of this stage, or of the stage
        `before`, if the server of this one has ended."""
        stages = [self, before] if before else [self]
        return {forked_worker.VARIABLE: ":".join(str(stage.socket) for stage in stages)}


@contextmanager
def fork_servers(stage: Stage) -> Iterator[None]:
    """Run the servers of all stages in a child process. Returns before they have imported anything:
    a worker waits for that. If a server fails, workers start without it."""
    with ExitStack() as here:
        log = here.enter_context((stage.socket.parent / LOG).open("wb"))
        listeners = [here.enter_context(_listener(each.socket)) for each in stage.all()]
        numbers = [listener.fileno() for listener in listeners]
        server = subprocess.Popen(
            [sys.executable, "-m", __name__, stage.model_dump_json(), *map(str, numbers)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=numbers,
        )
    try:
        yield
    finally:
        server.communicate()  # closes its input, and waits until it has ended


def _listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(_WAITING)
    return listener


def serve(stage: Stage, listeners: dict[Path, socket.socket]) -> NoReturn:
    """Import the stage's modules, and fork until the standard input is at its end."""
    mine = {each.socket for each in stage.all()}
    for path in set(listeners) - mine:
        listeners.pop(path).close()
    os.environ.update(stage.env_vars)
    gc.disable()
    for name in stage.modules:
        import_module(name)
    gc.freeze()
    for each in stage.then:
        if not os.fork():
            serve(each, listeners)
        listeners.pop(each.socket).close()
    _answer(stage, listeners[stage.socket])


def _answer(stage: Stage, listener: socket.socket) -> NoReturn:
    left = stage.forks
    while left != 0 and sys.stdin not in select.select([sys.stdin, listener], [], [])[0]:
        asked, _ = listener.accept()
        with asked:
            question, streams = _question(asked)
            if question and not _has_left(asked):
                worker = os.fork()
                if not worker:
                    listener.close()
                    asked.close()
                    _work(question, streams)
                left = left and left - 1
                _join(worker, question["group"])
                with suppress(OSError):
                    asked.sendall(forked_worker.FORKED)
        for stream in streams:
            os.close(stream)
    if left == 0:
        # The parent of its workers stays, so that they are found among the children of the service.
        # `cat` also waits for the end of the input, but in 1 MiB.
        os.execvp("cat", ["cat"])
    sys.exit()


def _has_left(asked: socket.socket) -> bool:
    """Whether the program that asked has ended: on a busy machine Ray gives it up after a minute,
    and starts another one."""
    closed = select.poll()
    closed.register(asked, 0)  # POLLHUP is always reported
    return bool(closed.poll(0))


def _join(process: int, group: int) -> None:
    """Make the process a member of the group of the program that Ray started, which ends once it
    is answered: Ray ends a worker's own children by this group."""
    with suppress(OSError):
        os.setpgid(process, group)


def _question(asked: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A question, {} if it is not complete, and the three streams that came with it."""
    streams: list[int] = []
    try:
        first, streams, _, _ = socket.recv_fds(asked, 1, 3)
        with asked.makefile("rb") as rest:
            question: dict[str, Any] = json.loads(first + rest.read())
    except (OSError, ValueError):
        return {}, streams
    return question, streams


def _work(question: dict[str, Any], streams: list[int]) -> NoReturn:
    """Run the worker's command in this process, as Python would, and exit."""
    _join(0, question["group"])  # here, too: who is first does not matter
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(question["environment"])
    os.chdir(question["folder"])
    with suppress(OSError):  # a lower score than the server's own needs a right that it may lack
        Path(forked_worker.KILLED_FIRST).write_text(question["killed_first"], encoding="ascii")
    sys.argv = question["command"]
    sys.path[0] = str(Path(sys.argv[0]).parent)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()  # from the system; Python's own `random` does it after each fork
    gc.enable()
    runpy.run_path(sys.argv[0], run_name="__main__")
    sys.exit()


def main() -> NoReturn:
    """Run the program."""
    first = Stage.model_validate_json(sys.argv[1])
    listeners = {
        stage.socket: socket.socket(fileno=int(number))
        for stage, number in zip(first.all(), sys.argv[2:], strict=True)
    }
    for listener in listeners.values():
        listener.set_inheritable(False)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the exit codes of forks
    serve(first, listeners)


if __name__ == "__main__":
    main()
