"""Started by Ray's raylet to make a worker process (`setup_worker_path` of `RayParams`).

    python forked_worker.py DEFAULT_WORKER OPTION ... --serialized-runtime-env-context=JSON

If the worker's environment names fork servers, the first that answers runs the worker in a fork,
with the folder and the standard streams of this process, which ends. Otherwise, and if none
answers, Ray's own `setup_worker.py` goes on in this process.

Imports only what such a short process needs.
"""

import json
import os
import socket
import sys
from typing import Any

VARIABLE = "FORK_SERVER_SOCKETS"
"""Name of the environment variable with the paths of the servers' Unix sockets, separated by `:`.
The first server that answers makes the worker."""
FORKED = b"f"
"""The server's answer when it has forked."""
KILLED_FIRST = "/proc/self/oom_score_adj"
_CONTEXT = "--serialized-runtime-env-context="
_LANGUAGE = "--language="


def question(arguments: list[str]) -> dict[str, Any] | None:
    """What to ask the server; None if Ray's own program must make this worker.

    `arguments` are those of `setup_worker.py`. The question has the worker's `command`,
    `environment`, `folder`, process `group`, and how early the kernel kills it (`killed_first`).
    They are what `RuntimeEnvContext.exec_worker` would give it.
    """
    own = [each for each in arguments if each.startswith((_CONTEXT, _LANGUAGE))]
    options = dict(each.split("=", 1) for each in own)
    context = json.loads(options.get(_CONTEXT[:-1], "{}"))
    variables: dict[str, str] = context.get("env_vars") or {}
    is_plain = (
        options.get(_LANGUAGE[:-1]) == "PYTHON"
        and not arguments[0].startswith("-")
        and not context.get("command_prefix")
        and not context.get("override_worker_entrypoint")
        and context.get("py_executable") in (None, sys.executable)
        and not any("$" in value for value in variables.values())  # Ray would expand them
    )
    if not is_plain or VARIABLE not in variables:
        return None
    return {
        "command": [each for each in arguments if each not in own],
        "environment": {**os.environ, **variables},
        "folder": os.getcwd(),
        "group": os.getpgid(0),
        "killed_first": _killed_first(),
    }


def _killed_first() -> str:
    """Text of this process's adjustment of the kernel's score, -1000 to 1000, by which it chooses
    what to kill when memory runs out. Ray's raylet sets it so that workers are killed first."""
    with open(KILLED_FIRST) as file:
        return file.read()


def ask(asked: dict[str, Any]) -> bool:
    """Whether a server runs the worker now."""
    content = json.dumps(asked).encode()
    return any(_asked(path, content) for path in asked["environment"][VARIABLE].split(":"))


def _asked(path: str, content: bytes) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(path)
            socket.send_fds(server, [content[:1]], [0, 1, 2])
            server.sendall(content[1:])
            server.shutdown(socket.SHUT_WR)
            return server.recv(1) == FORKED
    except OSError:
        return False


def main(arguments: list[str]) -> None:
    asked = question(arguments)
    if asked is None or not ask(asked):
        rays_own = os.path.join(os.path.dirname(arguments[0]), "setup_worker.py")
        os.execv(sys.executable, [sys.executable, rays_own, *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
