"""Sends images of installed packages, unusual files and damaged files through the service by HTTP.

    python -m benchmarks.sweep [--files 300] [--folder FOLDER]
        [--s3-endpoint URL --s3-bucket NAME]     # credentials from AWS_ACCESS_KEY_ID and so on

Each file is sent to `POST /images` of the application. This uses the classes of all replicas, a
real HTTP server and worker processes, but no Ray. Accepted files are checked by both validators.
Refused files are copied into the same folder, as a synchronization of a bucket would do. Then the
folder is exported in all formats, and each export is read by common readers
(benchmarks/sweep/readers.py). Every export must contain all accepted files and list all others, and
every reader must give each row with its image. With an S3 server, the data root is in the bucket
too, and the S3 export goes to another bucket. Prints a table. Exits with 1 after any error.
"""

from __future__ import annotations

import argparse
import os
import shutil
import site
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from benchmarks.sweep.files import files
from benchmarks.sweep.readers import READERS
from benchmarks.sweep.service import served
from deployments.wiring.data import DataRoot
from deployments.wiring.files import FileWiring
from engines.images import ImageLimits
from engines.types import AllowedBuckets

OUTPUTS = {
    "jsonl": ("output_file", "jsonl/a.jsonl"),
    "parquet": ("output_file", "parquet/a.parquet"),
    "webdataset": ("output_dir", "webdataset"),
}
DATASET = "uploads/sweep"
LIMITS = ImageLimits(max_pixels=4_000_000)
OK, REFUSED = 200, 400


@dataclass(slots=True)
class Sweep:
    """Sends files to the service, and counts the results."""

    client: httpx.Client
    wiring: FileWiring
    scratch: Path
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    """Paths of the uploaded images."""

    def look(self, name: str, content: bytes) -> None:
        """Upload the file and check the image. A refused file is written into the same folder."""
        answer = self.client.post("/api/v1/images", params={"folder": "sweep"}, content=content)
        if answer.status_code == REFUSED:
            self.counts["refused"] += 1
            self.wiring.data.storage().put_new(f"{DATASET}/{name}", content)
        elif answer.status_code == OK:
            self.counts["taken"] += 1
            self.taken.append(answer.json()["image_path"])
            self._judge(name, self.taken[-1])
        else:
            self.faults.append(f"{name}: upload {answer.status_code} {answer.text[:200]}")

    def _judge(self, name: str, path: str) -> None:
        for kind in ("quality", "privacy"):
            answer = self.client.post(f"/api/v1/validate/{kind}", json={"image_path": path})
            passed = answer.status_code == OK and answer.json()["passed"]
            self.counts[f"{kind}: {'passed' if passed else 'not passed'}"] += 1
            if answer.status_code != OK:
                self.faults.append(f"{name}: {kind} {answer.status_code} {answer.text[:200]}")

    def export(self) -> None:
        """Make all exports to files, and read each with its readers."""
        for format_, (field_, output) in OUTPUTS.items():
            body = {"dataset_dir": f"/data/{DATASET}", field_: f"/data/exports/{output}"}
            answer = self.client.post(f"/api/v1/export/{format_}", json=body)
            if answer.status_code != OK:
                self.faults.append(f"{format_}: {answer.status_code} {answer.text[:300]}")
                continue
            said = answer.json()
            self._told(format_, said["exported_count"], said.get("skipped_count", 0))
            self._read(format_, self._copied(f"exports/{format_}"))

    def export_s3(self, bucket: str) -> None:
        """Make the S3 export, and read a copy of the bucket with the readers."""
        body = {"dataset_dir": f"/data/{DATASET}", "bucket_name": bucket, "s3_prefix": ""}
        answer = self.client.post("/api/v1/export/s3", json=body)
        if answer.status_code != OK:
            self.faults.append(f"s3: {answer.status_code} {answer.text[:300]}")
            return
        said = answer.json()
        self._told("s3", said["uploaded_count"], said["failed_count"])
        folder, s3 = self.scratch / "bucket", self.wiring.data.s3_client(4)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for item in (item for page in pages for item in page.get("Contents", ())):
            target = folder / item["Key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, item["Key"], str(target))
        self._read("s3", folder)

    def _told(self, format_: str, exported: int, left_out: int) -> None:
        self.counts[f"{format_}: exported"] = exported
        self.counts[f"{format_}: left out by name"] = left_out
        if (exported, left_out) != (self.counts["taken"], self.counts["refused"]):
            self.faults.append(f"{format_}: {exported} exported, {left_out} named")

    def _copied(self, prefix: str) -> Path:
        """Copy an export and the images that it names into the scratch folder."""
        storage, root = self.wiring.data.storage(), self.scratch / "copy"
        for stat in storage.list(""):
            if not stat.key.startswith((prefix, DATASET)):
                continue
            target = root / stat.key
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(storage.read(stat.key))
        return root / prefix

    def _read(self, format_: str, folder: Path) -> None:
        for reader in READERS[format_]:
            try:
                rows = reader(folder)
            except Exception as error:  # noqa: BLE001 - any error of a reader is reported
                self.faults.append(f"{reader.__name__}: {error!r}"[:500])
                continue
            self.counts[f"{reader.__name__}: rows with their picture"] = rows
            if rows != self.counts["taken"]:
                self.faults.append(f"{reader.__name__}: {rows} of {self.counts['taken']} rows")


def run(wiring: FileWiring, scratch: Path, count: int, folders: list[Path], bucket: str) -> Sweep:
    """Upload, check and export all files once. `bucket`: for the S3 export; if empty, there is
    none."""
    with served(wiring) as client:
        sweep = Sweep(client, wiring, scratch)
        for name, content in files(count, folders):
            sweep.look(name, content)
        sweep.export()
        if bucket:
            sweep.export_s3(bucket)
    return sweep


def wiring_of(scratch: Path, endpoint: str | None, bucket: str) -> FileWiring:
    """A data root in the bucket if there is an S3 server, else in the scratch folder."""
    root = f"s3://{bucket}/root" if endpoint else str(scratch / "root")
    return FileWiring(DataRoot(root, endpoint), LIMITS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument(
        "--folder",
        type=Path,
        action="append",
        help="folder with files to use instead of the installed packages; may be repeated",
    )
    parser.add_argument("--s3-endpoint")
    parser.add_argument(
        "--s3-bucket", default="sweep", help="bucket X of the data root; X and X-out must exist"
    )
    asked = parser.parse_args()
    folders = asked.folder or [Path(each) for each in site.getsitepackages()]
    scratch = Path(tempfile.mkdtemp(prefix="sweep-"))
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HOME": f"{scratch}/hf"}  # read at its import
    out = f"{asked.s3_bucket}-out" if asked.s3_endpoint else ""
    wiring = wiring_of(scratch, asked.s3_endpoint, asked.s3_bucket)
    listed = AllowedBuckets("INFERLOOP_S3_EXPORT_BUCKETS", frozenset({out}))
    try:
        sweep = run(replace(wiring, export_buckets=listed), scratch, asked.files, folders, out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    for what, count in sorted(sweep.counts.items()):
        print(f"| {what} | {count} |")
    print("\n".join(sweep.faults) or "no faults")
    return 1 if sweep.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
