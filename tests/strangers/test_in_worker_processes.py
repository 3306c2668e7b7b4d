"""Later pictures are decoded where the first one is: in a process that may be killed."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from deployments.wiring.validators import SandboxedOpener
from engines.errors import InvalidImage
from engines.images import ImageLimits
from engines.privacy import PrivacyConfig
from engines.sandbox import Sandbox, SandboxLimits
from tests.strangers.seeing import BLUE, GREEN, RED, WHITE
from tests.strangers.test_later_pictures import container


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox(SandboxLimits(workers=1))
    yield sandbox
    sandbox.close()


@pytest.mark.slow
def test_frames_come_back_from_a_worker_process(sandbox: Sandbox) -> None:
    opener = SandboxedOpener(sandbox, ImageLimits(), PrivacyConfig())
    content = container("GIF", WHITE, RED, GREEN, BLUE)
    assert opener.first(content).has_more
    further = opener.further(content)
    assert [each.name for each in further.pictures] == [f"frame {n} of 4" for n in (2, 3, 4)]
    assert [tuple(each.pixels[0, 0]) for each in further.pictures] == [RED, GREEN, BLUE]
    assert further.unread == ()


def test_a_file_of_one_picture_costs_one_call(sandbox: Sandbox) -> None:
    opener = SandboxedOpener(sandbox, ImageLimits(), PrivacyConfig())
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        assert not opener.first(container(kind, WHITE)).has_more


def large_gif() -> bytes:
    """Two frames of noise that take far more than a few milliseconds to decode."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 1500, 1500), dtype=np.uint8)
    first, second = (Image.fromarray(frame) for frame in noise)
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=[second])
    return buffer.getvalue()


def test_frames_whose_process_is_killed_were_not_looked_at() -> None:
    strict = Sandbox(SandboxLimits(workers=1, max_cpu_s=0.001))
    try:
        opener = SandboxedOpener(strict, ImageLimits(), PrivacyConfig())
        with pytest.raises(InvalidImage, match="too long"):
            opener.further(large_gif())
    finally:
        strict.close()
