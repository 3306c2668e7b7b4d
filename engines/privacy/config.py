"""Everything the privacy validator can be told, as one frozen tree."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from engines.images.further import FurtherLimits
from engines.types.frozen import FrozenModel

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Severity = Literal["low", "medium", "high"]
FaceBackend = Literal["yunet", "face_recognition"]


class FaceConfig(FrozenModel):
    """Which detector looks for faces, and how hard."""

    detectors: tuple[FaceBackend, ...] = Field(
        default=("yunet", "face_recognition"),
        min_length=1,
        description="Tried in this order; the first that loads is used.",
    )
    threshold: Share = Field(
        default=0.85, description="YuNet's confidence from which it is a face at once."
    )
    doubtful: Share = Field(
        default=0.4, description="YuNet's confidence from which a second, closer look is taken."
    )
    second_threshold: Share = Field(
        default=0.62, description="Mean confidence of both looks from which it is a face."
    )
    closer_threshold: Share = Field(
        default=0.65, description="Confidence of the second look alone, which must be reached too."
    )
    hog_threshold: float = Field(
        default=0.0, ge=-1.0, le=3.0, description="dlib's margin (no unit) from which it is a face."
    )
    hog_upsampling: int = Field(
        default=1, ge=0, le=2, description="How often dlib doubles the image (80 px faces without)."
    )
    long_side_px: int = Field(
        default=640, ge=128, le=2048, description="Larger images are scaled down to this side, px."
    )
    min_long_side_px: int = Field(
        default=256, ge=0, le=1024, description="Smaller images are scaled up to this side, px."
    )
    rotations: Literal["off", "doubtful", "always"] = Field(
        default="doubtful",
        description="Whether an image without an upright face is looked at turned by 90, 180 and "
        "270 degrees: never, where something doubtful was seen, or always.",
    )
    turned_threshold: Share = Field(
        default=0.8, description="YuNet's confidence from which it is a face in a turned image."
    )
    turned_long_side_px: int = Field(
        default=256, ge=64, le=1024, description="Turned images are scaled down to this side, px."
    )
    crowd_long_side_px: int = Field(
        default=0,
        ge=0,
        le=4096,
        description="Second look at this long side for small faces, px; 0 is off.",
    )
    embeddings: bool = Field(
        default=True,
        description="Compare with reference faces where dlib and such faces are there.",
    )


class TextConfig(FrozenModel):
    """When something read counts as text."""

    long_side_px: int = Field(
        default=960, ge=128, le=4096, description="Larger images are scaled down to this side, px."
    )
    min_height_px: float = Field(
        default=6.0, ge=0.0, description="Lines lower than this are ignored, px of the image."
    )
    confidence: Share = Field(
        default=0.7, description="Recognizer's confidence for `min_characters` letters or digits."
    )
    min_characters: int = Field(default=3, ge=1, description="Letters or digits, count.")
    short_confidence: Share = Field(
        default=0.8, description="Recognizer's confidence for `short_characters`."
    )
    short_characters: int = Field(default=2, ge=1, description="Letters or digits, count.")
    read_confidence: Share = Field(
        default=0.85,
        description="Recognizer's confidence below which a line counts as not read (text_unread).",
    )
    unread_aspect: float = Field(
        default=2.5,
        ge=1.0,
        description="Length by height from which something detected and not read is a line of "
        "text.",
    )
    unread_min_height_px: int = Field(
        default=10, ge=1, description="Height from which a line that was not read counts, px."
    )
    unread_max_height: Share = Field(
        default=0.34,
        description="Height up to which a line that was not read counts, share of the picture's "
        "long side: shapes and ornaments are larger.",
    )


class PiiConfig(FrozenModel):
    """What is looked for in what was read."""

    phone_regions: tuple[str, ...] = Field(
        default=(
            *("US", "GB", "DE", "FR", "ES", "IT", "IN"),
            *("NL", "PL", "AT", "CH", "BE", "PT", "IE", "AU", "BR"),
        ),
        description="Countries (ISO 3166, two letters) whose national phone numbers are known; "
        "numbers that begin with + are known everywhere.",
    )
    presidio: bool = Field(
        default=False,
        description="Ask Microsoft Presidio as well (names, places) where it is installed.",
    )
    presidio_model: str = Field(
        default="en_core_web_sm",
        description="spaCy model for Presidio: name of an installed package, or a folder; never "
        "downloaded.",
    )
    presidio_confidence: Share = Field(default=0.6, description="Presidio's score to believe.")


class MetadataConfig(FrozenModel):
    """What is read beside the pixels."""

    enabled: bool = Field(default=True, description="Whether EXIF, XMP, IPTC and texts are read.")
    recipe_keywords: tuple[str, ...] = Field(
        default=("inferloop.recipe", "inferloop_recipe"),
        description="PNG text of our own: of its JSON only the prompts are searched.",
    )
    max_text_characters: int = Field(
        default=100_000,
        ge=100,
        description="Characters searched of all texts of an image together; a file with more gets "
        "the issue metadata_not_checked and does not pass.",
    )
    max_text_cpu_s: float = Field(
        default=2.0,
        gt=0.0,
        description="CPU seconds for that search; past them as past the characters.",
    )


class MemorizationConfig(FrozenModel):
    """Real images that no synthetic image may come too near to."""

    reference_dir: str | None = Field(
        default=None, description="Key of a folder of real images under the data root."
    )
    reference_profile: str | None = Field(
        default=None, description="Key of a profile that keeps hashes of its images."
    )
    max_distance: int = Field(
        default=8, ge=0, le=15, description="Bits of 64 in which a near duplicate may differ."
    )
    face_distance: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="Euclidean distance of dlib's 128 numbers below which it is the same face.",
    )


class ScoreTable(FrozenModel):
    """Points taken from 100. An issue that repeats costs `repeat` of its points each time more."""

    face: int = Field(default=40, ge=0, description="Points for a face.")
    text: int = Field(default=5, ge=0, description="Points for text that names nobody.")
    pii_high: int = Field(default=50, ge=0, description="Points: card, IBAN, identity number, key.")
    pii_medium: int = Field(default=30, ge=0, description="Points: e-mail, phone, birth, plate...")
    pii_low: int = Field(default=10, ge=0, description="Points: a link.")
    metadata_high: int = Field(default=40, ge=0, description="Points: a place (GPS).")
    metadata_medium: int = Field(default=20, ge=0, description="Points: an owner's name.")
    metadata_low: int = Field(default=5, ge=0, description="Points: a device's serial number.")
    text_unread: int = Field(default=30, ge=0, description="Points: text that was not read.")
    near_duplicate: int = Field(default=60, ge=0, description="Points: a copy of a real image.")
    face_match: int = Field(default=60, ge=0, description="Points: a face of a real person.")
    frames_not_checked: int = Field(
        default=30, ge=0, description="Points: frames or thumbnails that were not looked at."
    )
    unavailable: int = Field(default=50, ge=0, description="Points: a check that could not run.")
    repeat: Share = Field(default=0.25, description="Share of the points for each repetition.")


class VerdictConfig(FrozenModel):
    """When an image passes."""

    fail_at: Severity = Field(
        default="medium", description="An issue of this severity or a graver one fails the image."
    )
    min_score: int = Field(default=60, ge=0, le=100, description="Lowest score that passes.")
    allow_unchecked_frames: bool = Field(
        default=False,
        description="Whether an image may pass of which not every frame, page or thumbnail was "
        "looked at (issue frames_not_checked).",
    )


class AnonymizeConfig(FrozenModel):
    """How findings are covered."""

    margin: float = Field(
        default=0.15, ge=0.0, le=1.0, description="Widening of each box, share of its size."
    )
    cover: Literal["pii", "text"] = Field(
        default="text", description="Cover text that holds PII only, or all text."
    )
    max_rounds: int = Field(
        default=4, ge=1, le=8, description="Looks at the result, each with a stronger cover."
    )


class PrivacyConfig(FrozenModel):
    """The privacy validator: detectors, thresholds, score, references."""

    faces: FaceConfig = FaceConfig()
    text: TextConfig = TextConfig()
    pii: PiiConfig = PiiConfig()
    metadata: MetadataConfig = MetadataConfig()
    frames: FurtherLimits = FurtherLimits()
    memorization: MemorizationConfig = MemorizationConfig()
    score: ScoreTable = ScoreTable()
    verdict: VerdictConfig = VerdictConfig()
    anonymize: AnonymizeConfig = AnonymizeConfig()
    workers: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Images judged at once by a replica, threads; each has a text reader of its "
        "own (about 0.3 GB).",
    )
    threads: int = Field(
        default=1, ge=1, le=64, description="Threads of OpenCV and of onnxruntime per replica."
    )
