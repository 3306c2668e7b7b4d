"""Configuration of exports: what is allowed, and how much is done at once."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from engines.images import ImageLimits
from engines.types.frozen import FrozenModel


class S3ExportConfig(FrozenModel):
    """Uploads to users' buckets. The allowed buckets: `INFERLOOP_S3_EXPORT_BUCKETS`."""

    allow_public_read: bool = Field(
        default=False,
        description="Whether requests may set `public_read`, which makes the files public.",
    )
    fast_uploads: bool = Field(
        default=True,
        description="Whether files are uploaded by obstore, if they need no options that only "
        "boto3 has.",
    )
    patience_s: float = Field(
        default=30.0, ge=0, description="How long to wait for a server without answer, seconds."
    )
    workers: int = Field(default=8, ge=1, description="Uploads at the same time.")
    max_in_flight: int = Field(
        default=16, ge=1, description="Images in memory at the same time: read or being uploaded."
    )
    multipart_bytes: int = Field(
        default=8 * 2**20, ge=5 * 2**20, description="Larger files are uploaded in parts, bytes."
    )
    checksum_attempts: int = Field(
        default=3, ge=1, description="Attempts per file if the server's checksum is wrong."
    )
    max_failures_in_a_row: int = Field(
        default=64,
        ge=1,
        description="After this many failed images in a row, the others are not tried.",
    )


class ExportConfig(FrozenModel):
    """Exports to files under the data root, and to S3."""

    lock_ttl_s: float = Field(
        default=20.0,
        gt=0,
        description="Lease of an export's lock, seconds, renewed five times within it. The lock of "
        "a crashed export is taken over after this time, or at once on the same machine.",
    )
    read_workers: PositiveInt | None = Field(
        default=None, description="Reading threads; None: 2 on a folder, 8 on S3."
    )
    read_ahead: int = Field(
        default=16,
        ge=1,
        description="Largest number of batches read ahead; a batch is a large image, or several "
        "small ones of 1 MiB.",
    )
    row_group_rows: int = Field(default=1000, ge=1, description="Parquet rows in a row group.")
    row_group_bytes: int = Field(
        default=32 * 2**20,
        ge=1,
        description="Bytes of images after which a Parquet row group ends, if row_group_rows has "
        "not ended it.",
    )
    shard_bytes: int = Field(
        default=256 * 2**20, ge=1, description="Size at which a WebDataset shard is full, bytes."
    )
    escape_formulas: bool = Field(
        default=True,
        description="Whether CSV puts an apostrophe before a text that a spreadsheet would run as "
        "a formula. Off: every text unchanged, for files that no spreadsheet opens.",
    )
    max_failures_listed: int = Field(
        default=1000, ge=0, description="Failed images named in a report; all are counted."
    )
    images: ImageLimits = Field(
        default_factory=ImageLimits, description="Limits for image files; others are left out."
    )
    s3: S3ExportConfig = Field(default_factory=S3ExportConfig, description="Uploads to S3.")
