"""Write the images of one shard with the writers of the exports.

File names depend only on the shard's number and the rows' ids, so a shard that is made again
overwrites its files.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from batch.output.layout import DATA, shard_name
from batch.output.records import PublishedFile
from engines.datasets.export_config import ExportConfig
from engines.datasets.labels import choose_class
from engines.datasets.records.label_columns import add_label_columns, labeled_columns
from engines.datasets.writers.encoding.class_table import ClassTable
from engines.datasets.writers.folder import FolderWriter
from engines.datasets.writers.formats import file_format, one_file

if TYPE_CHECKING:
    from batch.config import Format
    from batch.output.outcomes import MadeImage
    from engines.datasets.writers.files import RecordWriter
    from engines.datasets.writers.model import WrittenFile
    from engines.protocols import Storage
    from engines.types.datasets.labels import Classes


def write_shard(
    storage: Storage,
    output_format: Format,
    shard: int,
    images: Sequence[MadeImage],
    classes: Classes,
) -> list[PublishedFile]:
    """Write the images that passed; without any, no file is written. `classes`: the labels of the
    whole job. Blocks.

    Raises:
        StorageFailed: the shard could not be written completely.
    """
    folder, columns = f"{DATA}/{shard_name(shard)}", labeled_columns(classes)
    if output_format == "imagefolder":
        return write_images(FolderWriter(storage, folder, columns), folder, images, classes)
    suffix = "tar" if output_format == "webdataset" else "parquet"
    key = f"{folder}.{suffix}"
    if not images:
        storage.delete(key)
        return []
    whole = ExportConfig(shard_bytes=2**62)  # a shard is one file, however large
    table = ClassTable(classes, choose_class(classes, None))
    format_ = file_format(output_format, columns, whole, table)
    return write_images(one_file(storage, key, format_), DATA, images, classes)


def write_images(
    writer: RecordWriter, folder: str, images: Sequence[MadeImage], classes: Classes
) -> list[PublishedFile]:
    """Write the images with a writer for `folder`. Records are copied first, because writers may
    change them."""
    with writer:
        for image in images:
            record = deepcopy(image.record)
            add_label_columns(record, tuple(classes), record["labels"])
            writer.add(record, image.png)
        return [_published(folder, file) for file in writer.finish()]


def _published(folder: str, file: WrittenFile) -> PublishedFile:
    return PublishedFile(
        key=f"{folder}/{file.name}",
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        images=file.count,
    )
