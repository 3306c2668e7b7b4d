"""Images of others as cameras and tools really write them: exported with what their header says."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from PIL import Image

from engines.datasets.writers.exporter import DatasetExporter
from engines.protocols import Storage
from engines.types import ExportRequest

MakeRequest = Callable[..., ExportRequest]
WIDTH, HEIGHT = 40, 30
FOLDER = "uploads/odd"


def picture(mode: str = "RGB", shift: int = 0) -> Image.Image:
    ramp = np.linspace(0, 255, WIDTH * HEIGHT * 3).reshape(HEIGHT, WIDTH, 3).astype(np.uint8)
    return Image.fromarray(np.roll(ramp, shift)).convert(mode)


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    return saved(picture(), "JPEG", exif=exif)


def animated(format_: str) -> bytes:
    frames = [picture(shift=3000 * n) for n in range(1, 4)]
    return saved(picture(), format_, save_all=True, append_images=frames, duration=50)


ODD: dict[str, tuple[str, bytes]] = {
    "16 bits.png": (
        "PNG",
        saved(Image.fromarray(np.arange(1200, dtype=np.uint16).reshape(HEIGHT, WIDTH) * 50), "PNG"),
    ),
    "cmyk.JPG": ("JPEG", saved(picture("CMYK"), "JPEG")),
    "turned.jpeg": ("JPEG", turned()),
    "moving.gif": ("GIF", animated("GIF")),
    "moving.webp": ("WEBP", animated("WEBP")),
    "see-through ü.png": ("PNG", saved(picture("RGBA"), "PNG")),
    "palette.png": ("PNG", saved(picture("P"), "PNG", transparency=3)),
    "black and white.tif": ("TIFF", saved(picture("1"), "TIFF")),
    "a.bmp": ("BMP", saved(picture("L"), "BMP")),
    "a jpeg called.png": ("JPEG", saved(picture(), "JPEG")),
}


@pytest.fixture
def odd(storage: Storage) -> str:
    for name, (_, content) in ODD.items():
        storage.put_new(f"{FOLDER}/{name}", content)
    return FOLDER


def test_the_record_says_what_the_header_says(
    exporter: DatasetExporter, storage: Storage, odd: str, make_request: MakeRequest
) -> None:
    report = exporter.export(make_request("exports/odd.jsonl", dataset_key=odd))
    assert (report.exported_count, report.skipped) == (len(ODD), ())
    rows = [orjson.loads(line) for line in storage.read("exports/odd.jsonl").splitlines()]
    found = {row["file_name"].rpartition("/")[2]: row for row in rows}
    assert found.keys() == ODD.keys()
    for name, (format_, content) in ODD.items():
        row = found[name]
        size = (HEIGHT, WIDTH) if name == "turned.jpeg" else (WIDTH, HEIGHT)  # as it is shown
        assert (row["format"], row["width"], row["height"]) == (format_, *size), name
        assert row["size_bytes"] == len(content)
    assert len({row["id"] for row in rows}) == len(ODD)


def test_the_bytes_travel_unchanged(
    exporter: DatasetExporter, storage: Storage, odd: str, make_request: MakeRequest
) -> None:
    exporter.export(make_request("exports/odd.parquet", dataset_key=odd, format="parquet"))
    table = pq.read_table(io.BytesIO(storage.read("exports/odd.parquet")))
    images = {image["path"]: image["bytes"] for image in table["image"].to_pylist()}
    assert images == {name: content for name, (_, content) in ODD.items()}
