"""An application that is built and started at once."""

from ray import serve
from ray.serve import Application


class Nothing:
    """A deployment that does nothing."""

    async def __call__(self) -> str:
        return ""


def build(_args: dict[str, str]) -> Application:
    """Build the application."""
    return serve.deployment(Nothing, name="nothing").bind()
