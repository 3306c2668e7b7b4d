"""Requests, events and results that several packages use: immutable and picklable.

Keys are POSIX paths relative to the data root ("generated/nature_set/image_1.png");
`serve_app.paths` converts them to the paths of the API. Times are UTC. None in an optional
field means "not given".
"""

from typing import TYPE_CHECKING

from engines.types.buckets import ANY_BUCKET, AllowedBuckets, check_bucket, check_folder
from engines.types.datasets.datasets import (
    SKIPPED_NAMED,
    DatasetSummary,
    ExportFailure,
    ExportFilter,
    ExportFormat,
    ExportProgress,
    ExportReport,
    ExportRequest,
    S3ExportReport,
    S3ExportRequest,
    SignedSheet,
    SkippedFile,
)
from engines.types.generation import (
    GeneratedImage,
    GenerationEvent,
    GenerationRequest,
    StepProgress,
    StoredImage,
    Timing,
)
from engines.types.profiles import (
    Comparison,
    Profile,
    ProfileRequest,
    ProfileSummary,
    S3Folder,
)
from engines.types.storage import SPACE_PATTERN, SPACES_FOLDER, ObjectStat, check_space
from engines.types.validation import (
    PrivacyIssue,
    PrivacyReport,
    QualityReport,
    Verdicts,
    Weakness,
)

if TYPE_CHECKING:
    from engines.types.generation import Pixels as Pixels

__all__ = [
    "ANY_BUCKET",
    "SKIPPED_NAMED",
    "SPACES_FOLDER",
    "SPACE_PATTERN",
    "AllowedBuckets",
    "Comparison",
    "DatasetSummary",
    "ExportFailure",
    "ExportFilter",
    "ExportFormat",
    "ExportProgress",
    "ExportReport",
    "ExportRequest",
    "GeneratedImage",
    "GenerationEvent",
    "GenerationRequest",
    "ObjectStat",
    "PrivacyIssue",
    "PrivacyReport",
    "Profile",
    "ProfileRequest",
    "ProfileSummary",
    "QualityReport",
    "S3ExportReport",
    "S3ExportRequest",
    "S3Folder",
    "SignedSheet",
    "SkippedFile",
    "StepProgress",
    "StoredImage",
    "Timing",
    "Verdicts",
    "Weakness",
    "check_bucket",
    "check_folder",
    "check_space",
]
