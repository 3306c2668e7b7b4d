"""Reads Serve config files, checks them, and adapts them to a local start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ray.serve.schema import ServeDeploySchema

from deployments.config import AppArgs
from engines.types.unique_keys import read_yaml

CPU_PARTS = ("quality", "privacy", "exporter", "profiles")
"""The deployments that the deployment `cpu` replaces if `one_cpu_process` is set."""


def load(path: Path) -> dict[str, Any]:
    """Read the file in the form that Serve's REST API accepts.

    Raises:
        ValueError: Serve or the application would refuse the config (often as pydantic's
            `ValidationError`), or a key is repeated (`DuplicateKey`), of which Serve would
            silently use the last value.
        YAMLError: the file is not YAML.
        OSError: the file cannot be read.
    """
    text = path.read_text(encoding="utf-8-sig")
    document: dict[str, Any] = read_yaml(text)
    ServeDeploySchema.model_validate(document)
    app_args(document)
    return document


def app_args(document: dict[str, Any]) -> AppArgs:
    """The typed args of the document's application. Raises `ValueError` if it does not have exactly
    one application, or if the args are wrong."""
    applications = document["applications"]
    if len(applications) != 1:
        raise ValueError(f"applications: must be one application, not {len(applications)}")
    return AppArgs.model_validate(applications[0].get("args", {}))


def start_notes(args: AppArgs) -> list[str]:
    """Notes about the models and the marks for the person who starts the service, one per line."""
    notes = [f"Stand-in: {asked} is served by {by}" for asked, by in args.stand_ins().items()]
    if not args.marks.enabled:
        notes.append("Marks: switched off; images do not say that AI made them")
    elif args.marks.certificate_chain is None:
        notes.append(
            "Marks: signed with a development key that nobody else trusts (docs/provenance.md)"
        )
    return notes


def on_port(document: dict[str, Any], host: str, port: int) -> dict[str, Any]:
    """A copy of the document that listens on `host:port`."""
    options = document.get("http_options") or {}
    return {**document, "http_options": {**options, "host": host, "port": port}}


def with_parts_apart(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document without the shared deployment `cpu`.

    Each part gets a deployment of its own with the options of `cpu`, which is the layout of a
    cluster on one machine.
    """
    (application,) = document["applications"]
    if not app_args(document).one_cpu_process:
        return document
    deployments = [
        {**each, "name": name}
        for each in application["deployments"]
        for name in (CPU_PARTS if each["name"] == "cpu" else (each["name"],))
    ]
    args = {**application["args"], "one_cpu_process": False}
    apart = {**application, "args": args, "deployments": deployments}
    return {**document, "applications": [apart]}
