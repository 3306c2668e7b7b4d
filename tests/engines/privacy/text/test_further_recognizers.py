"""Who has a recognizer for another script can name it; it tries what was not read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rapidocr

from engines.errors import InferloopError
from engines.privacy.config import TextConfig
from engines.privacy.text import is_unread
from engines.privacy.text.further import read_better
from engines.privacy.text.rapidocr_engine import BoundedRapidOcr
from engines.privacy.text.rapidocr_reader import UNREAD, RapidOcrReader
from tests.engines.privacy.text.test_fences_and_letters import written

if TYPE_CHECKING:
    from typing import Any

SHIPPED = Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_rec_small.onnx"


class Reads:
    """A recognizer that reads every line as the same text."""

    def __init__(self, text: str, confidence: float) -> None:
        self._line, self.asked = (text, confidence), 0

    def __call__(self, given: Any) -> Any:
        self.asked += len(given.img)
        texts, scores = zip(*([self._line] * len(given.img)), strict=True)
        return SimpleNamespace(txts=texts, scores=list(scores))


def page(text: str) -> Any:
    line = written(text)
    pixels = np.full((400, 640, 3), 230, np.uint8)
    pixels[150 : 150 + line.shape[0], 60 : 60 + line.shape[1]] = line
    return pixels


def reader_with(recognizer: Reads, config: TextConfig) -> RapidOcrReader:
    engine = BoundedRapidOcr(1, (), config.read_confidence, [recognizer])
    return RapidOcrReader(config, threads=1, make_engine=lambda threads: engine)


@pytest.mark.slow
def test_a_word_in_another_script_is_read_by_the_recognizer_that_knows_it() -> None:
    config = TextConfig()
    lines = reader_with(Reads("Добро пожаловать", 0.97), config).read(page("Добро пожаловать"))
    assert [line.text for line in lines] == ["Добро пожаловать"]
    assert not is_unread(lines[0], 640, config)


def test_what_was_read_surely_is_not_read_again() -> None:
    recognizer = Reads("nonsense", 0.99)
    lines = reader_with(recognizer, TextConfig()).read(page("Meeting room"))
    assert [line.text for line in lines] == ["Meeting room"]
    assert recognizer.asked == 0


def test_the_more_confident_reading_counts() -> None:
    lines = [np.zeros((48, 100, 3), np.uint8)] * 2
    read = [(UNREAD, 0.0), ("Anteka", 0.8)]
    assert read_better(Reads("Аптека", 0.7), lines, read) == [("Аптека", 0.7), ("Anteka", 0.8)]
    assert read_better(Reads(" ", 0.9), lines, read) == read


@pytest.mark.slow
def test_the_file_of_a_recognizer_is_loaded() -> None:
    engine = BoundedRapidOcr(1, (str(SHIPPED),), 0.85)
    config = TextConfig()
    reader = RapidOcrReader(config, threads=1, make_engine=lambda threads: engine)
    assert [line.text for line in reader.read(page("Meeting room"))] == ["Meeting room"]


@pytest.mark.parametrize("content", [None, b"no network"])
def test_a_recognizer_that_cannot_be_used_is_named_at_the_start(
    content: bytes | None, tmp_path: Path
) -> None:
    file = tmp_path / "eslav.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InferloopError, match=r"eslav\.onnx"):
        RapidOcrReader(TextConfig(further_recognizers=(str(file),)), threads=1)
