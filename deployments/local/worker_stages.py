"""Which modules Ray's workers share, and which replicas are forks of which process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployments.local.fork_server import Stage

_APPLICATION = (
    "serve_app.app",
    "deployments.edge.protocol",
    "deployments.observing.tracing",
    "deployments.replicas.exporter",
    # What Ray imports.
    "aiohttp",
    "google.protobuf.json_format",
    "grpc",
    "jsonschema",
    "opentelemetry.sdk.metrics",
    "requests",
    "uvicorn",
)
_MODULES = {
    "diffusion": (
        "engines.diffusion.engine",
        "engines.diffusion.models.loading",
        "engines.diffusion.sampling.runner",
        "engines.provenance.development",
        "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion",
        "diffusers.models.autoencoders",
        "peft",
    ),
    "cpu": (
        "engines.quality.validator",
        "engines.privacy.build",
        "engines.privacy.faces.chain",
        "engines.privacy.pii.finding",
        "engines.privacy.text.rapidocr_engine",
        "engines.provenance.development",
        "dlib",
    ),
}
"""By the name of the deployment; that of a pool is `diffusion-` and its name."""


def stages(document: Mapping[str, Any], folder: Path) -> Stage | None:
    """The processes of which the replicas of this Serve config are forks. Their sockets are in
    `folder`.

    None if no worker should be a fork: on other systems than Linux, and where a replica has a
    Python environment of its own.
    """
    own = [_runtime_env(each) for each in _deployments(document)]
    if sys.platform != "linux" or any(set(each) - {"env_vars"} for each in own):
        return None
    then = [
        Stage(
            socket=folder / f"then-{number}",  # names of deployments may be too long for a socket
            modules=_MODULES[each["name"].partition("-")[0]],
            env_vars=_variables(each),
            forks=_replicas(each),
        )
        for number, each in enumerate(_prepared(document))
    ]
    return Stage(socket=folder / "application", modules=_APPLICATION, then=tuple(then))


def with_stages(document: Mapping[str, Any], first: Stage) -> dict[str, Any]:
    """A copy of the document in which the prepared replicas are forks of their stages.

    `first` must be the stage that `stages` made for the document. All other replicas are forks of
    it by the `runtime_env` of Ray's job.
    """
    names = (each["name"] for each in _prepared(document))
    named = dict(zip(names, first.then, strict=True))

    def forked(deployment: dict[str, Any]) -> dict[str, Any]:
        if (stage := named.get(deployment["name"])) is None:
            return deployment
        options = deployment.get("ray_actor_options") or {}
        variables = {**stage.env_vars, **stage.variable(first)}
        runtime_env = {**_runtime_env(deployment), "env_vars": variables}
        return {**deployment, "ray_actor_options": {**options, "runtime_env": runtime_env}}

    applications = [
        {**each, "deployments": [forked(one) for one in each.get("deployments", [])]}
        for each in document["applications"]
    ]
    return {**document, "applications": applications}


def _prepared(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The deployments with a stage of their own.

    Not those with GPUs: a process that has asked for them must not be forked, and imports may ask.
    Not those with environment variables that Ray refuses or expands.
    """
    return [
        each
        for each in _deployments(document)
        if each["name"].partition("-")[0] in _MODULES
        and _replicas(each) > 0
        and not (each.get("ray_actor_options") or {}).get("num_gpus")
        and all(isinstance(value, str) and "$" not in value for value in _variables(each).values())
    ]


def _replicas(deployment: Mapping[str, Any]) -> int:
    """The number of replicas that the service starts with. Serve's defaults are 1."""
    scaling = deployment.get("autoscaling_config")
    if scaling is None:
        fixed = deployment.get("num_replicas")
        return fixed if isinstance(fixed, int) else 1  # None, "auto"
    first: int | None = scaling.get("initial_replicas")
    least: int = scaling.get("min_replicas", 1)
    return least if first is None else first


def _variables(deployment: Mapping[str, Any]) -> dict[str, Any]:
    return _runtime_env(deployment).get("env_vars") or {}


def _deployments(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for each in document["applications"] for one in each.get("deployments", [])]


def _runtime_env(deployment: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (deployment.get("ray_actor_options") or {}).get("runtime_env") or {}
    return found
