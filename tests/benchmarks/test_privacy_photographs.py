"""The measurement of false text on photographs counts pictures, and names each region."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from benchmarks.validators.privacy_photographs import Alarms, measured, report
from engines.privacy.config import TextConfig
from engines.privacy.model import TextRegion
from engines.privacy.text.allowance import ReadingAllowance

if TYPE_CHECKING:
    from engines.types import Pixels

READ = TextRegion((5, 6, 70, 20), "Exit", 0.95, 20.0, 70.0)
UNREAD = TextRegion((5, 6, 90, 30), "", 0.0, 30.0, 90.0, likeness=0.9)
FENCE = TextRegion((5, 6, 90, 30), "", 0.0, 30.0, 90.0, likeness=0.1)


class ByBrightness:
    """Finds a read line in a white picture, an unread one in a gray one, a fence in a black one."""

    name = "fake"

    def read(
        self, pixels: Pixels, allowance: ReadingAllowance | None = None
    ) -> tuple[TextRegion, ...]:
        return ((FENCE,), (UNREAD,), (READ,))[round(float(pixels.mean()) / 127.5)]


def test_each_picture_with_an_issue_counts_once_and_its_regions_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, gray in (("city", 0), ("city", 127), ("city", 255), ("wood", 0)):
        (tmp_path / folder).mkdir(exist_ok=True)
        pixels = np.full((100, 200, 3), gray, np.uint8)
        Image.fromarray(pixels).save(tmp_path / folder / f"{gray}.png")
    table = measured(tmp_path, ByBrightness(), TextConfig())
    assert table == {"city": Alarms(3, 2, 1), "wood": Alarms(1, 0, 0)}
    printed = capsys.readouterr().out
    assert "city/127.png: text_unread at (5, 6, 90, 30)" in printed
    assert "city/255.png: text at (5, 6, 70, 20), 'Exit'" in printed
    assert "wood" not in printed
    assert "| all | 4 | 2 (50.0 %) | 1 |" in report(table)
