"""All settings of the privacy validator, as immutable models."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from engines.images.further import FurtherLimits
from engines.privacy.anonymize_config import AnonymizeConfig
from engines.privacy.scoring import ScoreTable, Share, VerdictConfig
from engines.types.frozen import FrozenModel

FaceBackend = Literal["yunet", "face_recognition"]


class FaceConfig(FrozenModel):
    """Which face detector is used, its thresholds, and the image sizes that it gets."""

    detectors: tuple[FaceBackend, ...] = Field(
        default=("yunet", "face_recognition"),
        min_length=1,
        description="Detectors in order of preference. The first that is installed is used; an "
        "image on which it fails gets the next one.",
    )
    threshold: Share = Field(
        default=0.85, description="YuNet's confidence from which it counts as a face."
    )
    doubtful: Share = Field(
        default=0.4,
        description="YuNet's confidence from which a doubtful face is enlarged and checked again.",
    )
    second_threshold: Share = Field(
        default=0.62,
        description="Mean confidence of both checks from which a doubtful face counts.",
    )
    closer_threshold: Share = Field(
        default=0.65,
        description="Confidence of the second check from which a doubtful face counts; "
        "second_threshold must be reached too.",
    )
    hog_threshold: float = Field(
        default=0.0, ge=-1.0, le=3.0, description="dlib's score (no unit) from which it is a face."
    )
    hog_upsampling: int = Field(
        default=1,
        ge=0,
        le=2,
        description="How many times dlib doubles the image. Without, it finds faces from 80 px.",
    )
    long_side_px: int = Field(
        default=640, ge=128, le=2048, description="Larger images are scaled down to this side, px."
    )
    min_long_side_px: int = Field(
        default=256, ge=0, le=1024, description="Smaller images are scaled up to this side, px."
    )
    rotations: Literal["off", "doubtful", "always"] = Field(
        default="always",
        description="Whether an image without an upright face is also checked rotated by 90, 180 "
        "and 270 degrees: never (off), if a doubtful face was seen (doubtful), or always.",
    )
    turned_threshold: Share = Field(
        default=0.65,
        description="Mean confidence of both checks from which a doubtful face in a rotated image "
        "counts.",
    )
    turned_closer_threshold: Share = Field(
        default=0.75,
        description="Confidence of the second check from which a doubtful face in a rotated image "
        "counts; turned_threshold must be reached too.",
    )
    turned_long_side_px: int = Field(
        default=320, ge=64, le=1024, description="Rotated images are scaled down to this side, px."
    )
    crowd_long_side_px: int = Field(
        default=0,
        ge=0,
        le=4096,
        description="The image is checked a second time at this long side for small faces, px; 0 "
        "is off.",
    )
    centerface: bool = Field(
        default=True,
        description="Whether images in which YuNet finds no face are searched with CenterFace, "
        "which finds faces from the side, below caps and masks, and in colored light.",
    )
    centerface_long_side_px: int = Field(
        default=320, ge=128, le=1024, description="CenterFace gets images of this long side, px."
    )
    centerface_turned_long_side_px: int = Field(
        default=224, ge=64, le=1024, description="CenterFace gets rotated images of this side, px."
    )
    centerface_doubtful: Share = Field(
        default=0.35,
        description="CenterFace's confidence from which a face is enlarged and checked again.",
    )
    centerface_threshold: Share = Field(
        default=0.5, description="Mean confidence of both checks from which such a face counts."
    )
    framed_threshold: Share = Field(
        default=0.6,
        description="Mean confidence of both checks from which a face that fills the image counts.",
    )
    sure: Share = Field(
        default=0.9,
        description="If all faces of an image are below this confidence of YuNet, they count only "
        "if CenterFace sees one of them too.",
    )
    judge_threshold: Share = Field(
        default=0.5, description="Confidence from which CenterFace sees such a face, enlarged."
    )
    embeddings: bool = Field(
        default=True,
        description="Whether faces are compared with those of the reference images. Needs dlib.",
    )


class TextConfig(FrozenModel):
    """When a line that the text reader found counts as text."""

    long_side_px: int = Field(
        default=960, ge=128, le=4096, description="Larger images are scaled down to this side, px."
    )
    small_letters_px: float = Field(
        default=24.0, ge=11.0, description="Font size to be found in pictures of any size, px."
    )
    max_work: int = Field(
        default=3000,
        ge=500,
        description="Largest work of reading the text of one file, in multiples of a line as long "
        "as high (about 5 ms of CPU). An A4 page takes about 2000. Text beyond it is text_unread.",
    )
    codes: bool = Field(
        default=True,
        description="Whether the contents of QR codes and other matrix codes count as text.",
    )
    min_height_px: float = Field(
        default=6.0, ge=0.0, description="Lines with a smaller height are ignored, px of the image."
    )
    confidence: Share = Field(
        default=0.7,
        description="Confidence from which a line with at least min_characters counts as text.",
    )
    min_characters: int = Field(
        default=3, ge=1, description="Letters and digits of a line that counts from confidence on."
    )
    short_confidence: Share = Field(
        default=0.8,
        description="Confidence from which a line with at least short_characters counts as text.",
    )
    short_characters: int = Field(
        default=2,
        ge=1,
        description="Letters and digits of a line that counts from short_confidence on.",
    )
    read_confidence: Share = Field(
        default=0.85,
        description="A line with a lower confidence counts as not read (issue text_unread).",
    )
    further_recognizers: tuple[str, ...] = Field(
        default=(),
        description="Paths of ONNX files of further recognizers of PP-OCR. They try the lines that "
        "the one in RapidOCR's wheel (Latin, Greek, Chinese, Japanese letters) could not read.",
    )
    unread_aspect: float = Field(
        default=2.5,
        ge=1.0,
        description="Ratio of length to height from which an unread region is a line of text.",
    )
    short_unread_aspect: float = Field(
        default=1.2,
        ge=1.0,
        description="The same ratio of a short word in which nothing was read, but that looks like "
        "letters to at least short_likeness.",
    )
    short_likeness: Share = Field(
        default=0.9, description="Likeness to letters from which short_unread_aspect is enough."
    )
    unread_min_height_px: int = Field(
        default=10, ge=1, description="Smallest height of a line that was not read, px."
    )
    unread_max_height: Share = Field(
        default=0.34,
        description="Largest height of a line that was not read, as a share of the image's long "
        "side. Larger regions are shapes or ornaments.",
    )
    least_likeness: Share = Field(
        default=0.5,
        description="A region that was not read reliably counts as text only if a small network "
        "finds that it looks like letters of any script to at least this degree. 0: every region.",
    )


class PiiConfig(FrozenModel):
    """Which personal data are looked for in a text."""

    phone_regions: tuple[str, ...] = Field(
        default=(
            *("US", "GB", "DE", "FR", "ES", "IT", "IN"),
            *("NL", "PL", "AT", "CH", "BE", "PT", "IE", "AU", "BR"),
        ),
        description="Countries (ISO 3166, two letters) whose national phone numbers are found. "
        "International numbers, which begin with +, are found for every country.",
    )
    presidio: bool = Field(
        default=False,
        description="Whether Microsoft Presidio is used too (names, places). If it is not "
        "installed, the service does not start.",
    )
    presidio_model: str = Field(
        default="en_core_web_sm",
        description="spaCy model for Presidio: name of an installed package, or a folder. It is "
        "never downloaded.",
    )
    presidio_confidence: Share = Field(
        default=0.6, description="Presidio's score from which a finding counts."
    )


class MetadataConfig(FrozenModel):
    """Which metadata of a file are checked."""

    enabled: bool = Field(
        default=True, description="Whether EXIF, XMP, IPTC and PNG texts are checked."
    )
    recipe_keywords: tuple[str, ...] = Field(
        default=("inferloop.recipe", "inferloop_recipe"),
        description="Keywords of PNG texts with the service's recipe (JSON). Only its prompts are "
        "searched.",
    )
    max_text_characters: int = Field(
        default=100_000,
        ge=100,
        description="Largest number of characters that are searched in all texts of an image. A "
        "file with more gets the issue metadata_not_checked and does not pass.",
    )
    max_text_cpu_s: float = Field(
        default=2.0,
        gt=0.0,
        description="Largest CPU time of that search, s. A file that needs more gets the same "
        "issue.",
    )


class MemorizationConfig(FrozenModel):
    """Reference images: real images of which no synthetic image may be a copy."""

    reference_dir: str | None = Field(
        default=None, description="Folder of reference images, relative to the data root."
    )
    reference_profile: str | None = Field(
        default=None,
        description="File of a profile with hashes of its images, relative to the data root. Not "
        "used if reference_dir is set.",
    )
    max_distance: int = Field(
        default=8,
        ge=0,
        le=15,
        description="Number of bits (of 64) in which the hash of a near-duplicate may differ.",
    )
    face_distance: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="Euclidean distance of two face embeddings (dlib, 128 numbers) below which it "
        "is the same person.",
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
        description="Number of images that a replica checks at the same time, each in a thread "
        "with its own text reader (about 0.3 GB).",
    )
    threads: int = Field(
        default=1, ge=1, le=64, description="Threads of OpenCV and of onnxruntime per replica."
    )
