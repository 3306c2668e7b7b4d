"""Configuration of exports: what is allowed, and how much is done at once."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from engines.images import ImageLimits
from engines.types.frozen import FrozenModel


class S3ExportConfig(FrozenModel):
    """Uploads to buckets of the users. Which buckets: `INFERLOOP_S3_EXPORT_BUCKETS`."""

    allow_public_read: bool = Field(
        default=False,
        description="Whether `public_read` may be asked for: it shows the files to everybody.",
    )
    fast_uploads: bool = Field(
        default=True, description="Whether obstore carries files that need no options of boto3."
    )
    patience_s: float = Field(
        default=30.0, ge=0, description="A server that is away is waited for so long, seconds."
    )
    workers: int = Field(default=8, ge=1, description="Uploads at the same time.")
    max_in_flight: int = Field(
        default=16, ge=1, description="Images read or being uploaded at the same time."
    )
    multipart_bytes: int = Field(
        default=8 * 2**20, ge=5 * 2**20, description="Files above are sent in parts, bytes."
    )
    checksum_attempts: int = Field(
        default=3, ge=1, description="Uploads of one file until its checksum is right."
    )
    max_failures_in_a_row: int = Field(
        default=64, ge=1, description="Images after which the rest is given up as failed."
    )


class ExportConfig(FrozenModel):
    """Exports to files under the data root, and to S3."""

    lock_ttl_s: float = Field(
        default=20.0,
        gt=0,
        description="Lease of an export's lock, seconds; renewed five times within it. That of a "
        "dead exporter of another machine is taken over after it, of the same one at once.",
    )
    read_workers: PositiveInt | None = Field(
        default=None, description="Reading threads; None: 2 on a folder, 8 on S3."
    )
    read_ahead: int = Field(
        default=16, ge=1, description="Most batches (an image, or 1 MiB of small ones) read ahead."
    )
    row_group_rows: int = Field(default=1000, ge=1, description="Parquet rows in a row group.")
    row_group_bytes: int = Field(
        default=32 * 2**20, ge=1, description="Image bytes that end a Parquet row group, bytes."
    )
    shard_bytes: int = Field(
        default=256 * 2**20, ge=1, description="WebDataset shard is full above, bytes."
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
        default_factory=ImageLimits, description="Which image files are taken at all."
    )
    s3: S3ExportConfig = Field(default_factory=S3ExportConfig, description="Uploads to S3.")
