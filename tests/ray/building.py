"""An application that is built in no time, and leaves word of the process that built it."""

# No `from __future__ import annotations`: Serve reads the type of the builder's parameter.
import os
from pathlib import Path

from ray import serve
from ray.serve import Application


class Nothing:
    """A deployment that does nothing."""

    async def __call__(self) -> str:
        return ""


def build(args: dict[str, str]) -> Application:
    """`args` has the path, `file`, that the process's id is written to."""
    Path(args["file"]).write_text(str(os.getpid()), encoding="utf-8")
    return serve.deployment(Nothing, name="nothing").bind()
