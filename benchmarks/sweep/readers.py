"""Reads exports with common libraries. Each must give every row with its image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

Reader = Callable[[Path], int]


def opened(pictures: Iterable[Image.Image]) -> int:
    """The number of images. Each is fully decoded."""
    count = 0
    for picture in pictures:
        picture.load()
        count += 1
    return count


def _rows(*args: str, **kwargs: Any) -> Iterator[dict[str, Any]]:
    import datasets

    for split in datasets.load_dataset(*args, **kwargs).values():
        yield from split


def jsonl_folder(folder: Path) -> int:
    return opened(Image.open(folder / row["file_name"]) for row in _rows(str(folder)))


def jsonl_builder(folder: Path) -> int:
    rows = _rows("json", data_files=[str(path) for path in folder.glob("*.jsonl")])
    return opened(Image.open(folder / row["file_name"]) for row in rows)


def parquet_folder(folder: Path) -> int:
    return opened(row["image"] for row in _rows(str(folder)))


def parquet_builder(folder: Path) -> int:
    rows = _rows("parquet", data_files=[str(path) for path in folder.glob("*.parquet")])
    return opened(row["image"] for row in rows)


def parquet_arrow(folder: Path) -> int:
    import io

    import pyarrow.parquet as pq

    tables = [pq.read_table(path, columns=["image"]) for path in sorted(folder.glob("*.parquet"))]
    cells = [cell for table in tables for cell in table["image"].to_pylist()]
    return opened(Image.open(io.BytesIO(cell["bytes"])) for cell in cells)


def webdataset_folder(folder: Path) -> int:
    return opened(row["png"] for row in _rows(str(folder)))


def webdataset_builder(folder: Path) -> int:
    return opened(row["png"] for row in _rows("webdataset", data_files=_tars(folder)))


def webdataset_library(folder: Path) -> int:
    import webdataset

    samples = webdataset.WebDataset(_tars(folder), shardshuffle=False).decode("pil")
    return opened(sample["png"] for sample in samples)


def image_folder(folder: Path) -> int:
    return opened(row["image"] for row in _rows(str(folder)))


def image_folder_builder(folder: Path) -> int:
    return opened(row["image"] for row in _rows("imagefolder", data_dir=str(folder)))


def _tars(folder: Path) -> list[str]:
    return [str(path) for path in sorted(folder.rglob("*.tar"))]


READERS: dict[str, tuple[Reader, ...]] = {
    "jsonl": (jsonl_folder, jsonl_builder),
    "parquet": (parquet_folder, parquet_builder, parquet_arrow),
    "webdataset": (webdataset_folder, webdataset_builder, webdataset_library),
    "s3": (image_folder, image_folder_builder),
}
"""Export format to its readers."""
