"""Loads model entries in a process that has its hub settings in the environment. Prints the result
of each.

python -m tests.engines.diffusion.models.hub_child ENTRY_JSON ...
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from engines.diffusion.config import ModelEntry
from engines.diffusion.models.loading import load_runner
from engines.errors import InferloopError
from tests.engines.diffusion.rig import engine_config


def outcome(entry: ModelEntry) -> dict[str, object]:
    try:
        runner = load_runner(entry, engine_config(entry), Path())
    except InferloopError as error:
        return {"code": error.code, "message": error.message}
    weight = next(runner.family.pipe.unet.parameters())  # type: ignore[attr-defined]
    return {"revision": runner.info.revision, "weight": float(weight.detach().sum())}


if __name__ == "__main__":
    found = [outcome(ModelEntry.model_validate_json(each)) for each in sys.argv[1:]]
    sys.stdout.write(json.dumps(found))
