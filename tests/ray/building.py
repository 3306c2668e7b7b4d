"""An application that is built at once, and writes down the process that built it."""

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
    """Build the application. The id of this process is written to the path `args["file"]`."""
    Path(args["file"]).write_text(str(os.getpid()), encoding="utf-8")
    return serve.deployment(Nothing, name="nothing").bind()
