"""The service of this folder's tests: a small quota, a short deadline, a large file."""

from __future__ import annotations

from pathlib import Path

import yaml

from deployments.local.child_service import Service
from tests.ray.conftest import tiny_config

MIB = 2**20
EXPORT_MIB = 300
QUOTA_BYTES = 3000
HEAD_DEADLINE_S = 3


def started(folder: Path) -> Service:
    """The launcher, which is still starting, with a data root that has `exports/large.bin`."""
    exports = folder / "data" / "exports"
    exports.mkdir(parents=True)
    with (exports / "large.bin").open("wb") as file:
        for _ in range(EXPORT_MIB):
            file.write(bytes(MIB))
    environment = {
        "INFERLOOP_LOG_DIR": str(folder / "logs"),
        "INFERLOOP_EDGE_HEAD_DEADLINE_S": str(HEAD_DEADLINE_S),
    }
    return Service(folder / "data", config(folder), environment)


def config(folder: Path) -> Path:
    """`tiny_config` with a quota of `QUOTA_BYTES` for each key, and one ingress: two would exchange
    the used quota only every 5 s."""
    path = tiny_config(folder)
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    (application,) = document["applications"]
    for deployment in application["deployments"]:
        if deployment["name"] == "ingress":
            deployment["num_replicas"] = 1
    application["args"]["api"]["storage_quotas"] = {"max_bytes_per_key": QUOTA_BYTES}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path
