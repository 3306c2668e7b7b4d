"""Images that installed packages carry, and broken ones made of them, through the whole road.

    python -m benchmarks.sweep [--files 300] [--folder FOLDER]

Each file goes through what an upload does and through both checks, with their real detectors; then
all of them through three exports, and each export through `datasets.load_dataset`, which must give
every row with its picture. Prints a table; exits 1 where something else than `InvalidImage` was
raised, or an export or its reader loses a file in silence. About ten minutes.
"""

from __future__ import annotations

import argparse
import os
import site
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from engines.datasets.export_config import ExportConfig
from engines.datasets.store import DatasetStore
from engines.datasets.writers.exporter import DatasetExporter
from engines.errors import InvalidImage
from engines.images import ImageLimits, verify
from engines.privacy import PrivacyConfig, build_privacy_validator
from engines.quality import QualityConfig, QualityValidator
from engines.storage.folder.storage import FolderStorage
from engines.types import ExportRequest
from engines.types.image_formats import is_image_name

FORMATS: dict[Literal["jsonl", "parquet", "webdataset"], str] = {
    "jsonl": "jsonl/a.jsonl",
    "parquet": "parquet/a.parquet",
    "webdataset": "webdataset",
}
LARGEST_BYTES = 1_000_000


def found(folders: list[Path]) -> Iterator[Path]:
    """Image files below the folders, by their names, ordered."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if is_image_name(path.name) and 0 < path.stat().st_size < LARGEST_BYTES:
                yield path


def broken(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut, sown with random bytes, or with a part doubled."""
    kind, at = int(rng.integers(3)), int(rng.integers(1, len(content)))
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + content[at // 2 :]
    sown = bytearray(content)
    for place in rng.integers(0, len(content), 8):
        sown[place] = int(rng.integers(256))
    return bytes(sown)


def read_rows(folder: Path) -> int:
    """How many rows, each with a picture that opens, `load_dataset` finds in an export."""
    import datasets

    rows = 0
    for split in datasets.load_dataset(str(folder)).values():
        for row in split:
            picture = row.get("image") or row.get("png")
            if picture is None:
                picture = Image.open(folder / row["file_name"])
            picture.load()
            rows += 1
    return rows


class Sweep:
    """Counts what became of each file."""

    def __init__(self) -> None:
        self.limits = ImageLimits(max_pixels=4_000_000)
        self.privacy = build_privacy_validator(PrivacyConfig(), self.limits)
        self.quality = QualityValidator(QualityConfig(limits=self.limits))
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []

    def look(self, name: str, content: bytes) -> None:
        try:
            verify(content, self.limits)
            self.privacy.validate(content, name)
            self.quality.validate(content, name)
            self.counts["read and judged"] += 1
        except InvalidImage:
            self.counts["refused"] += 1
        except Exception as error:  # noqa: BLE001 - to be told of, whatever it is
            self.faults.append(f"{name}: {error!r}")

    def export(self, root: Path, count: int) -> None:
        storage = FolderStorage(root)
        exporter = DatasetExporter(storage, DatasetStore(storage), ExportConfig())
        for format_, output in FORMATS.items():
            request = ExportRequest(format_, "uploads/sweep", f"exports/{output}")
            report = exporter.export(request)
            told = report.exported_count + report.skipped_count
            self.counts[f"{format_}: exported"] = report.exported_count
            self.counts[f"{format_}: left out by name"] = report.skipped_count
            if told != count:
                self.faults.append(f"{format_}: {count} files, {told} told of")
            read = read_rows(root / "exports" / format_)
            if read != report.exported_count:
                self.faults.append(f"{format_}: {report.exported_count} exported, {read} read")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--folder", type=Path, action="append", help="beside the packages")
    asked = parser.parse_args()
    rng, sweep = np.random.default_rng(0), Sweep()
    whole = list(found([*(asked.folder or []), *map(Path, site.getsitepackages())]))
    with tempfile.TemporaryDirectory(prefix="sweep-") as scratch:
        os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": f"{scratch}/hf"}  # read at its import
        place = Path(scratch) / "uploads" / "sweep"
        place.mkdir(parents=True)
        for number in range(asked.files):
            source = whole[number % len(whole)]
            content = source.read_bytes()
            content = content if number < len(whole) else broken(content, rng)
            name = f"{number:04d}{source.suffix}"
            (place / name).write_bytes(content)
            sweep.look(name, content)
        sweep.export(Path(scratch), asked.files)
    for what, count in sweep.counts.items():
        print(f"| {what} | {count} |")
    print("\n".join(sweep.faults) or "no faults")
    return 1 if sweep.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
