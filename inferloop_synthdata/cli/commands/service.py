"""`inferloop models` and `server`: the models of the service, and its state."""

from __future__ import annotations

from argparse import Namespace

from inferloop_synthdata.answers import ApiKey
from inferloop_synthdata.cli.console import fields, table
from inferloop_synthdata.cli.grammar import AddCommand, add_group
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.errors import ClientError


def add_commands(add: AddCommand) -> None:
    """Add the commands `models` and `server`."""
    add("models", models, "list the models for --model-id")
    group = add_group(add, "server", "show the state of the service, and the rights of keys")
    group("status", status, "show whether the service is ready")
    group("deployments", deployments, "list replicas and loaded models (scope admin)")
    group("whoami", whoami, "show the rights of this key, and what is left of its budgets")
    group("keys", keys, "list all keys by name, without the keys themselves (scope admin)")


def models(session: Session, arguments: Namespace) -> int:
    """List the models in the service's config."""
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


def whoami(session: Session, arguments: Namespace) -> int:
    """Show the rights and budgets of the key that this command uses."""
    with session.client() as client:
        key = client.whoami()
    facts = {"name": key.name, "scopes": ", ".join(key.scopes), "space": key.space or "-"}
    facts["expires_at"] = key.expires_at or "-"
    rows = [
        (each.name, each.rate, f"{each.remaining}/{each.limit}", each.resets_at)
        for each in key.budgets
    ]
    lines = [*fields(facts), *table(("BUDGET", "RATE", "LEFT", "RESETS"), rows)]
    session.console.answer(key, lines)
    return 0


def keys(session: Session, arguments: Namespace) -> int:
    """List all keys, from all pages of the answer."""
    every: list[ApiKey] = []
    with session.client() as client:
        page = client.list_keys()
        every += page.callers
        while page.next_cursor is not None:
            page = client.list_keys(cursor=page.next_cursor)
            every += page.callers
    rows = [
        (key.name, ",".join(key.scopes), key.space or "-", key.expires_at or "-", _left(key))
        for key in every
    ]
    lines = table(("NAME", "SCOPES", "SPACE", "EXPIRES", "LEFT"), rows)
    session.console.answer({"callers": every}, lines)
    return 0


def deployments(session: Session, arguments: Namespace) -> int:
    """List the deployments, one per line. The exit code is 1 if one of them is not healthy."""
    with session.client() as client:
        every = client.list_deployments()
    rows = [
        (
            each.name,
            each.status,
            f"{each.replicas.running}/{each.replicas.target}",
            each.replicas.starting,
            each.replicas.stopping,
            ", ".join(f"{model.id} {model.memory_bytes / 1e6:.0f} MB" for model in each.models),
        )
        for each in every.deployments
    ]
    head = ("NAME", "STATUS", "RUNNING", "STARTING", "STOPPING", "MODELS")
    session.console.answer(every, table(head, rows))
    return 0 if all(each.healthy for each in every.deployments) else 1


def _left(key: ApiKey) -> str:
    """The remaining part of each budget that is partly used; "all" if none is."""
    spent = [each for each in key.budgets if each.remaining < each.limit]
    return ", ".join(f"{each.name} {each.remaining}/{each.limit}" for each in spent) or "all"


def status(session: Session, arguments: Namespace) -> int:
    """Show whether the service is ready. The exit code is 1 if it is not, or does not answer."""
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
