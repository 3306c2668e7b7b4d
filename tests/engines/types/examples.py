"""One example of every record that packages exchange. No field has its default value."""

from __future__ import annotations

from datetime import UTC, datetime

from engines.types import (
    AllowedBuckets,
    Comparison,
    DatasetSummary,
    ExportFailure,
    ExportFilter,
    ExportProgress,
    ExportReport,
    ExportRequest,
    GenerationRequest,
    ObjectStat,
    PrivacyIssue,
    PrivacyReport,
    Profile,
    ProfileRequest,
    ProfileSummary,
    QualityReport,
    S3ExportReport,
    S3ExportRequest,
    S3Folder,
    SignedSheet,
    SkippedFile,
    StepProgress,
    StoredImage,
    Timing,
    Verdicts,
    Weakness,
)
from engines.types.datasets.looking import (
    ImageFilter,
    ImagePage,
    ImageQuery,
    ImagesSummary,
    Review,
    ReviewChange,
    SeenImage,
    SeenVerdict,
)
from engines.types.datasets.reports import Factor, ReportPage, ReportRequest
from engines.types.deployments import DeploymentStanding, LoadedModel

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FACTOR = Factor(check="privacy", code="face", message="a face", value=0.9, box=(1, 2, 3, 4))
FILTER = ExportFilter(True, True, 0.5, NOW, {"animal": ("fox",)}, "accepted", 3)
WEAKNESS = Weakness("blur", 0.2, 0.5, "Hold the camera still.")
QUALITY = QualityReport("generated/a.png", 0.2, {"sharpness": 1.5}, False, "quality/6", WEAKNESS)
ISSUE = PrivacyIssue("face", "high", "a face", "yunet", (1, 2, 3, 4), 0.9, "a***")
PRIVACY = PrivacyReport("generated/a.png", 60, 1, False, True, (ISSUE,), False, "privacy/2")
REVIEW = Review(4, ("keep",), "accepted", "ann", NOW)
SEEN = SeenImage(
    "generated/a.png",
    *("a", NOW, 10, 64, 48, "a fox", "a blur", 7, "mini"),
    labels={"animal": "fox"},
    quality=SeenVerdict(False, 0.2, (FACTOR,)),
    privacy=SeenVerdict(True, 100.0),
    review=REVIEW,
    cluster="b",
)

EXAMPLES: tuple[object, ...] = (
    AllowedBuckets("INFERLOOP_S3_EXPORT_BUCKETS", frozenset({"photos"}), "home"),
    Comparison(87.5, {"hue": 0.1}, "office", "birds"),
    DatasetSummary("birds", 3, 100, NOW, {"quality_passed": 1}, {"animal": {"fox": 3}}),
    DeploymentStanding(
        "pool", "HEALTHY", "", 2, running=1, starting=1, stopping=0, models={"m": LoadedModel(1, 9)}
    ),
    ExportFailure("generated/a.png", "denied"),
    FILTER,
    ExportProgress(1, 3),
    ExportReport(
        2, "exports/a.jsonl", 100, {"train": "exports/a-train.jsonl"}, 1, (SkippedFile("x", "y"),)
    ),
    ExportRequest(
        *("jsonl", "generated/birds", "exports/a.jsonl", False, False),
        filter=FILTER,
        splits={"train": 1.0},
        split_by="cluster",
        class_label="animal",
    ),
    GenerationRequest(
        *("image_1", "a fox", "mini", 64, 48, 4, 5.0, 7, "a blur", "birds", "office", 0.5),
        lora="ink",
        deadline_s=30.0,
        guidance_rescale=0.7,
        speed="fast",
        space="acme",
        labels={"animal": "fox"},
        metadata={"camera": [1, None]},
        alone=True,
    ),
    ImageFilter({"animal": ("fox",)}, "passed", "failed", "fox", 7, 0.1, 0.9, 1, 5, ("keep",)),
    ImagePage((SEEN,), 1, "next"),
    ImageQuery("birds", ImageFilter(), "score", True, 5, "cursor"),
    ImagesSummary(1, {"passed": 1}, {}, {}, {0: 1}, {}, {"keep": 1}, 2),
    LoadedModel(1, 2**30),
    ObjectStat("generated/a.png", 10, NOW, "e1"),
    ISSUE,
    PRIVACY,
    Profile("office", NOW, NOW, 3, "profiles/office", {"hue": 0.1}, 3, 100, 3),
    ProfileRequest("office", S3Folder("photos", "a"), True, True, True, request_id="r1"),
    ProfileSummary("office", NOW, 3, "profiles/office"),
    QUALITY,
    ReportPage("<html>"),
    ReportRequest("birds", "uploads/real", "office", True),
    REVIEW,
    ReviewChange(3, ("keep",), ("drop",), "undecided"),
    S3ExportReport("partial", 1, 1, 10, "photos", "a", "s3://photos/a/manifest.json"),
    S3ExportRequest("generated/birds", "photos", "a/b", True, True, FILTER, "AES256", "STANDARD"),
    S3Folder("photos", "a/b"),
    SEEN,
    SeenVerdict(False, 0.2, (FACTOR,)),
    SignedSheet("exports/sheet.json", 3, 100, "ab" * 32, {"images": 3}, True),
    SkippedFile("notes.bin", "not an image"),
    StepProgress(1, 4, b"\xff\xd8"),
    StoredImage("generated/a.png", "mini", 7, "ab" * 32, 10, 0.5, (1, 2), 3, Verdicts(QUALITY)),
    Timing(0.1, 0.2, 0.3, 0.4),
    Verdicts(QUALITY, PRIVACY, 87.5),
    WEAKNESS,
)
