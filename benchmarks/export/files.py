"""Exports one dataset with one method in its own process. `python -m benchmarks.export.files METHOD
ROOT` prints seconds and peak memory as JSON."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from benchmarks.export.dataset import DATASET
from engines.datasets.export_config import ExportConfig
from engines.datasets.store.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.storage.folder.storage import FolderStorage
from engines.types import ExportRequest


def ours(root: Path, format_: str) -> int:
    storage = FolderStorage(root)
    exporter = DatasetExporter(storage, DatasetStore(storage), ExportConfig())
    request = ExportRequest(format_, f"generated/{DATASET}", f"exports/ours.{format_}")  # type: ignore[arg-type]
    return exporter.export(request).exported_count


def plain_records(root: Path, with_bytes: bool) -> Iterator[dict[str, Any]]:
    """Records as a simple loop makes them: size by Pillow, recipe by json, hash of the file."""
    for path in sorted((root / "generated" / DATASET).glob("*.png")):
        content = path.read_bytes()
        with Image.open(path) as image:
            width, height = image.size
        record = json.loads(path.with_suffix(".json").read_text())
        record |= {
            "file_name": path.name,
            "width": width,
            "height": height,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        if with_bytes:
            record["image"] = {"bytes": content, "path": path.name}
        yield record


def plain_jsonl(root: Path) -> int:
    count = 0
    with (root / "plain.jsonl").open("w") as file:
        for count, record in enumerate(plain_records(root, with_bytes=False), 1):  # noqa: B007
            file.write(json.dumps(record) + "\n")
    return count


def plain_parquet(root: Path) -> int:
    rows = list(plain_records(root, with_bytes=True))
    pq.write_table(pa.Table.from_pylist(rows), root / "plain.parquet", row_group_size=100)
    return len(rows)


def hf_dataset(root: Path, with_image: bool) -> Any:
    import datasets

    datasets.disable_progress_bars()

    def generate() -> Iterator[dict[str, Any]]:
        yield from plain_records(root, with_bytes=with_image)

    dataset = datasets.Dataset.from_generator(generate, cache_dir=str(root / "hf"))
    return dataset.cast_column("image", datasets.Image()) if with_image else dataset


def hf_jsonl(root: Path) -> int:
    dataset = hf_dataset(root, with_image=False)
    dataset.to_json(str(root / "hf.jsonl"))
    return int(dataset.num_rows)


def hf_parquet(root: Path) -> int:
    dataset = hf_dataset(root, with_image=True)
    dataset.to_parquet(str(root / "hf.parquet"))
    return int(dataset.num_rows)


METHODS: dict[str, Callable[[Path], int]] = {
    "ours jsonl": lambda root: ours(root, "jsonl"),
    "plain loop jsonl": plain_jsonl,
    "HF datasets jsonl": hf_jsonl,
    "ours parquet": lambda root: ours(root, "parquet"),
    "plain loop parquet": plain_parquet,
    "HF datasets parquet": hf_parquet,
    "ours webdataset": lambda root: ours(root, "webdataset"),
}


def peak_mib() -> float:
    """Largest resident memory of this process, MiB (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmHWM in /proc/self/status")


def in_own_process(method: str, root: Path, count: int) -> dict[str, float]:
    """Run one export in a separate process, for its own peak of memory. Returns what `main`
    prints."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.export.files", method, str(root)],
        capture_output=True,
        text=True,
        check=True,
    )
    got: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if got["count"] != count:
        raise RuntimeError(f"{method} exported {got['count']} of {count}")
    return got


def main() -> None:
    method, root = sys.argv[1], Path(sys.argv[2])
    started, cpu = time.perf_counter(), time.process_time()
    count = METHODS[method](root)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"count": count, "s": seconds, "cpu_s": cpu_s, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
