"""Further recognizers, for scripts that the one in RapidOCR's wheel cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnxruntime
from rapidocr.ch_ppocr_rec import TextRecInput, TextRecognizer

from engines.errors import InferloopError

if TYPE_CHECKING:
    from engines.types import Pixels

Line = tuple[str, float]
"""The text of a line, and its confidence, 0..1."""
_CHARACTERS = "character"
"""Name of the characters in the metadata of a recognizer's ONNX file, one a line."""


def further_recognizers(files: Sequence[str], settings: Any) -> list[TextRecognizer]:
    """A recognizer for each ONNX file. `settings`: those of RapidOCR's own recognizer.

    Raises:
        InferloopError: a file is missing, is no ONNX file, or does not name its characters.
    """
    return [_recognizer(Path(file), settings) for file in files]


def _recognizer(file: Path, settings: Any) -> TextRecognizer:
    # RapidOCR downloads what it misses, so what it needs is looked for first.
    if not file.is_file():
        raise InferloopError(f"privacy.text.further_recognizers: {file} is no file")
    try:
        known = onnxruntime.InferenceSession(str(file)).get_modelmeta().custom_metadata_map
    except Exception as error:  # onnxruntime's own errors derive from nothing narrower
        raise InferloopError(f"privacy.text.further_recognizers: {file} did not load") from error
    if _CHARACTERS not in known:
        raise InferloopError(
            f'privacy.text.further_recognizers: {file} has no "{_CHARACTERS}" in its metadata'
        )
    own = deepcopy(settings)
    own.model_path = str(file)
    return TextRecognizer(own)


def read_better(recognizer: Any, lines: Sequence[Pixels], read: Sequence[Line]) -> list[Line]:
    """The reading with the higher confidence of each line: the one in `read`, or the recognizer's.
    `lines`: BGR uint8 (height, width, 3)."""
    found = recognizer(TextRecInput(img=list(lines), return_word_box=False))
    again = zip(found.txts or [""] * len(read), found.scores or [0.0] * len(read), strict=True)
    return [
        (text, float(score)) if text.strip() and score > line[1] else line
        for line, (text, score) in zip(read, again, strict=True)
    ]
