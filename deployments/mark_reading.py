"""Reads marks and watermarks of untrusted files. These functions run in worker processes."""

from __future__ import annotations

from engines.errors import Fault, InvalidImage, InvalidParameters, JsonValue
from engines.images import ImageLimits, decode
from engines.provenance.config import MarksConfig
from engines.provenance.watermark import BITS, MAX_ASPECT, RivaGan, models_folder
from inferloop_synthdata.marks.reading import Anchors, read_mark


def mark_of(content: bytes, anchors: Anchors) -> dict[str, JsonValue]:
    """The contents of a file's mark, as `read_mark` returns them. Raises `InvalidImage` if the
    format cannot have a mark here."""
    try:
        return read_mark(content, anchors)
    except ValueError as error:
        constraint = "a PNG, JPEG or WebP file"
        raise InvalidImage(Fault("image", None, constraint, f"must be {constraint}")) from error


def watermark_of(content: bytes, limits: ImageLimits, config: MarksConfig) -> dict[str, JsonValue]:
    """The watermark in a file's pixels, in the form of `serve_app.schemas.provenance.WatermarkOut`.

    Raises:
        InvalidParameters: this installation has no reader of watermarks.
        InvalidImage: the file cannot be decoded, or is more than `MAX_ASPECT` times as long as
        wide.
    """
    folder = models_folder(config)
    if folder is None:
        reason = "must be false: this service reads no watermarks (docs/provenance.md)"
        raise InvalidParameters.of("watermark", True, "false", reason)
    pixels = decode(content, limits).pixels
    short, long = sorted(pixels.shape[:2])
    if long > MAX_ASPECT * short:
        constraint = f"at most {MAX_ASPECT} times as long as wide to be read for a watermark"
        raise InvalidImage(Fault("image", None, constraint, f"must be {constraint}"))
    reading = RivaGan(folder).read(pixels, config.watermark_word)
    return {
        "found": reading.is_found,
        "word": reading.word,
        "agreeing_bits": reading.agreeing,
        "of_bits": BITS,
        "chance": reading.chance,
    }
