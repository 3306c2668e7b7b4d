"""A shard as one Parquet file with the images inside, as Hugging Face `datasets` reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from batch.output.files import HashingFile, publish_file
from batch.output.layout import DATA, shard_name
from batch.output.samples import Sample, flat_metadata

if TYPE_CHECKING:
    from batch.output.records import PublishedFile
    from engines.protocols import Storage

GROUP_ROWS = 100
_TEXT, _INT, _FLOAT = pa.string(), pa.int64(), pa.float64()
_FIELDS: tuple[tuple[str, pa.DataType], ...] = (
    ("row_id", _TEXT),
    ("prompt", _TEXT),
    ("negative_prompt", _TEXT),
    ("seed", _INT),
    ("quality_score", _FLOAT),
    ("privacy_score", _FLOAT),
    ("metadata", _TEXT),
)
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", _TEXT)])
_DTYPES = {_TEXT: "string", _INT: "int64", _FLOAT: "float64"}


def _schema() -> pa.Schema:
    """With the `huggingface` metadata that makes `image` an image there."""
    features: dict[str, object] = {"image": {"_type": "Image"}}
    features |= {name: {"dtype": _DTYPES[t], "_type": "Value"} for name, t in _FIELDS}
    said = orjson.dumps({"info": {"features": features}}).decode()
    return pa.schema([("image", _IMAGE), *_FIELDS], metadata={"huggingface": said})


SCHEMA = _schema()


def write_parquet(
    storage: Storage, shard: int, samples: Sequence[Sample]
) -> Sequence[PublishedFile]:
    """`data/shard-N.parquet`, in row groups of 100. PNG does not compress: it is stored as is."""
    key = f"{DATA}/{shard_name(shard)}.parquet"
    if not samples:
        storage.delete(key)
        return ()

    def write(file: HashingFile) -> None:
        with pq.ParquetWriter(pa.PythonFile(file, "w"), SCHEMA, compression="none") as writer:
            for start in range(0, len(samples), GROUP_ROWS):
                writer.write_table(_table(samples[start : start + GROUP_ROWS]))

    return (publish_file(storage, key, len(samples), write),)


def _table(samples: Sequence[Sample]) -> pa.Table:
    flat = [flat_metadata(image) for _, image in samples]
    columns = {name: [row.get(name) for row in flat] for name, _ in _FIELDS[:-1]}
    images = [{"bytes": image.png, "path": f"{row_id}.png"} for row_id, image in samples]
    metadata = [orjson.dumps(row).decode() for row in flat]
    return pa.table({"image": images, **columns, "metadata": metadata}, schema=SCHEMA)
