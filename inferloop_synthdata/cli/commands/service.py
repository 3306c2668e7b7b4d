"""`inferloop models` and `server`: what the service offers, and whether it is there."""

from __future__ import annotations

from argparse import Namespace

from inferloop_synthdata.cli.console import table
from inferloop_synthdata.cli.grammar import AddCommand, add_group
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.errors import ClientError


def add_commands(add: AddCommand) -> None:
    """The commands."""
    add("models", models, "list the models that --model-id takes")
    group = add_group(add, "server", "ask whether the service is there and ready")
    group("status", status, "whether every part of the service can serve now")


def models(session: Session, arguments: Namespace) -> int:
    """The models that the service's config lists."""
    with session.client() as client:
        every = client.list_models()
    rows = [
        (
            each.id,
            "default" if each.is_default else "",
            f"{each.defaults.width}x{each.defaults.height}",
            each.defaults.num_inference_steps,
            each.defaults.guidance_scale,
        )
        for each in every.models
    ]
    session.console.answer(every, table(("MODEL", "", "SIZE", "STEPS", "GUIDANCE"), rows))
    return 0


def status(session: Session, arguments: Namespace) -> int:
    """0 where it is ready; 1, with the reason, where it is not or nobody answers."""
    with session.client() as client:
        try:
            client.with_options(max_retries=0).check_ready()
        except ClientError as error:
            found = {"base_url": session.connect.base_url, "ready": False, "reason": str(error)}
            session.console.answer(found, [f"not ready: {error}"])
            return 1
    session.console.answer(
        {"base_url": session.connect.base_url, "ready": True},
        [f"ready: {session.connect.base_url}"],
    )
    return 0
