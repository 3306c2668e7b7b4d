"""Serve config files: read, checked through the typed args, and fitted to this start."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ray.serve.schema import ServeDeploySchema

from deployments.config import AppArgs
from engines.types.unique_keys import read_yaml

CPU_PARTS = ("quality", "privacy", "exporter", "profiles")
"""The deployments whose places the deployment `cpu` takes where `one_cpu_process` is set."""


def load(path: Path) -> dict[str, Any]:
    """The file as Serve's REST API takes it. Raises pydantic's ValidationError for a config
    that Serve, or the application, would refuse later and less clearly, and `DuplicateKey`, of
    which Serve's own reader would take the last value."""
    text = path.read_text(encoding="utf-8-sig")
    document: dict[str, Any] = read_yaml(text)
    ServeDeploySchema.model_validate(document)
    app_args(document)
    return document


def app_args(document: dict[str, Any]) -> AppArgs:
    """The typed args of the document's one application."""
    (application,) = document["applications"]
    return AppArgs.model_validate(application["args"])


def start_notes(args: AppArgs) -> list[str]:
    """What whoever starts it must know of the models and the marks, a line each."""
    notes = [f"Stand-in: {asked} is served by {by}" for asked, by in args.stand_ins().items()]
    if not args.marks.enabled:
        notes.append("Marks: switched off, images say nothing of how they were made")
    elif args.marks.certificate_chain is None:
        notes.append(
            "Marks: signed with a development key that nobody outside trusts (docs/provenance.md)"
        )
    return notes


def on_port(document: dict[str, Any], host: str, port: int) -> dict[str, Any]:
    """A copy of the document that listens on `host:port`."""
    return {**document, "http_options": {**document["http_options"], "host": host, "port": port}}


def with_parts_apart(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of the document in which nothing shares the process of `cpu`: a deployment for each
    part, with the options of `cpu`. The layout of a cluster, on one machine."""
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
