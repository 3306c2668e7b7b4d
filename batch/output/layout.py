"""The files of a job's output, and their keys.

data/shard-000000.tar | .parquet | data/shard-000000/...   the dataset, shard by shard
rejected/shard-000000/                                     rejected images, with reasons
_manifest.json, report.html                                written when every row is processed
_state/plan.json, _state/plan/000000.jsonl                 the rows of every shard
_state/shards/000000.json                                  record: this shard is published
_state/runs/000000/<run>                                   a process has this shard open
_state/alone/000000/<row>.<n>, <row>.done                  rows that run one by one
"""

from __future__ import annotations

PLAN = "_state/plan.json"
MANIFEST = "_manifest.json"
REPORT = "report.html"
RECORDS = "_state/shards"
DATA = "data"
REJECTED = "rejected"


def plan_key(shard: int) -> str:
    """Key of the planned rows of a shard."""
    return f"_state/plan/{shard:06d}.jsonl"


def record_key(shard: int) -> str:
    """Key of the record of a shard. If the record exists, the shard is finished."""
    return f"{RECORDS}/{shard:06d}.json"


def runs_folder(shard: int) -> str:
    """Folder with the markers of processes that opened the shard and have not closed it."""
    return f"_state/runs/{shard:06d}"


def alone_folder(shard: int) -> str:
    """Folder with the markers and outcomes of rows that run one by one."""
    return f"_state/alone/{shard:06d}"


def shard_name(shard: int) -> str:
    """Name of the shard's file without suffix, or of its folder."""
    return f"shard-{shard:06d}"
