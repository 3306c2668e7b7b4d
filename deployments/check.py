"""`python -m deployments.check FILE`: checks whether Serve and the application accept a config.
Does not start Ray or load a model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from yaml import YAMLError

from deployments import config_files
from engines.errors import InvalidParameters

OK = 0
WRONG = 2


def main(
    arguments: Sequence[str] | None = None, out: TextIO = sys.stdout, err: TextIO = sys.stderr
) -> int:
    """Returns 0 and prints a summary of the config, or returns 2 and prints what is wrong."""
    options = argparse.ArgumentParser(prog="python -m deployments.check", description=__doc__)
    options.add_argument("config", type=Path)
    path: Path = options.parse_args(arguments).config
    try:
        document = config_files.load(path)
    except (ValueError, YAMLError, OSError, InvalidParameters) as error:
        err.write(f"{path}: {error}\n")
        return WRONG
    out.writelines(f"{line}\n" for line in summary(document))
    return OK


def summary(document: Mapping[str, Any]) -> list[str]:
    """Lines that name the pools with their models, and for each deployment the number of replicas
    and the resources of each."""
    args = config_files.app_args(dict(document))
    lines = [f"pool {pool.name}: {', '.join(pool.served_ids())}" for pool in args.pools]
    for deployment in document["applications"][0].get("deployments", ()):
        options = deployment.get("ray_actor_options", {})
        needs = {name: options[name] for name in ("num_cpus", "num_gpus") if name in options}
        needs |= options.get("resources", {})
        each = ", ".join(f"{name} {amount}" for name, amount in needs.items())
        lines.append(f"{deployment['name']}: {_replicas(deployment)}, each {each or 'nothing'}")
    return [*lines, *config_files.start_notes(args)]


def _replicas(deployment: Mapping[str, Any]) -> str:
    scaling = deployment.get("autoscaling_config")
    if scaling is None:
        return f"{deployment.get('num_replicas', 1)} replicas"
    return f"{scaling.get('min_replicas', 1)} to {scaling.get('max_replicas', 1)} replicas"


if __name__ == "__main__":
    sys.exit(main())
