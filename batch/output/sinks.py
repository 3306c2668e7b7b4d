"""Writing the images of one shard as WebDataset, Parquet or an image folder.

Every sink writes under names that follow from the shard's number and the rows' ids, so that a
shard made again lands on itself.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import orjson

from batch.config import Format
from batch.output.files import HashingFile, publish_bytes, publish_file
from batch.output.layout import DATA, shard_name
from batch.output.parquet_sink import write_parquet
from batch.output.samples import Sample, flat_metadata

if TYPE_CHECKING:
    from batch.output.records import PublishedFile
    from engines.errors import JsonValue
    from engines.protocols import Storage

Sink = Callable[["Storage", int, Sequence[Sample]], Sequence["PublishedFile"]]
"""Writes the images of a shard that passed; none of them, no file. `StorageFailed`."""


def write_webdataset(
    storage: Storage, shard: int, samples: Sequence[Sample]
) -> Sequence[PublishedFile]:
    """One tar of `<row_id>.png`, `<row_id>.txt` (the prompt) and `<row_id>.json`."""
    key = f"{DATA}/{shard_name(shard)}.tar"
    if not samples:
        storage.delete(key)
        return ()

    def write(file: HashingFile) -> None:
        with tarfile.open(fileobj=file, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
            for row_id, image in samples:
                flat = flat_metadata(image)
                _add(tar, f"{row_id}.png", image.png)
                _add(tar, f"{row_id}.txt", str(flat["prompt"]).encode())
                _add(tar, f"{row_id}.json", orjson.dumps(flat))

    return (publish_file(storage, key, len(samples), write),)


def write_imagefolder(
    storage: Storage, shard: int, samples: Sequence[Sample]
) -> Sequence[PublishedFile]:
    """A folder of images, then the `metadata.jsonl` that names them."""
    return write_folder(storage, f"{DATA}/{shard_name(shard)}", samples)


def write_folder(
    storage: Storage,
    folder: str,
    samples: Sequence[Sample],
    extra: Mapping[str, Mapping[str, JsonValue]] | None = None,
) -> Sequence[PublishedFile]:
    """Images and `metadata.jsonl` under `folder`, without what an earlier try left there."""
    names = {f"{folder}/{row_id}.png" for row_id, _ in samples}
    for stat in list(storage.list(folder)):
        if stat.key not in names:
            storage.delete(stat.key)
    files: list[PublishedFile] = []
    lines = []
    for row_id, image in samples:
        files.append(publish_bytes(storage, f"{folder}/{row_id}.png", 1, image.png))
        more = (extra or {}).get(row_id, {})
        lines.append(orjson.dumps({"file_name": f"{row_id}.png", **flat_metadata(image), **more}))
    if lines:
        content = b"\n".join(lines) + b"\n"
        files.append(publish_bytes(storage, f"{folder}/metadata.jsonl", 0, content))
    return files


SINKS: Mapping[Format, Sink] = {
    "webdataset": write_webdataset,
    "parquet": write_parquet,
    "imagefolder": write_imagefolder,
}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)  # mtime 0: the same samples, the same bytes
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
