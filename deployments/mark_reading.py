"""What runs in a worker process when a stranger's file is asked for its mark."""

from __future__ import annotations

from engines.errors import Fault, InvalidImage, InvalidParameters, JsonValue
from engines.images import ImageLimits, decode
from engines.provenance.config import MarksConfig
from engines.provenance.watermark import BITS, MAX_ASPECT, RivaGan, models_folder
from inferloop_synthdata.marks.reading import Anchors, read_mark


def mark_of(content: bytes, anchors: Anchors) -> dict[str, JsonValue]:
    """See `read_mark`; `InvalidImage` for what carries no marks here."""
    try:
        return read_mark(content, anchors)
    except ValueError as error:
        constraint = "a PNG, JPEG or WebP file"
        raise InvalidImage(Fault("image", None, constraint, f"must be {constraint}")) from error


def watermark_of(content: bytes, limits: ImageLimits, config: MarksConfig) -> dict[str, JsonValue]:
    """What the pixels of a file carry: `WatermarkOut` of `serve_app.schemas.provenance`.

    Raises:
        InvalidParameters: this installation has no reader of watermarks.
        InvalidImage: what does not decode, or is more than `MAX_ASPECT` times as long as wide.
    """
    folder = models_folder(config)
    if folder is None:
        constraint = "asked where the service has a reader of watermarks"
        reason = f"must be {constraint} (docs/provenance.md)"
        raise InvalidParameters.of("watermark", True, constraint, reason)
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
