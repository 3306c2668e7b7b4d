"""Judging one image after the other fetches no memory anew."""

from __future__ import annotations

import resource

import numpy as np

from engines.quality import QualityConfig
from engines.quality.judging import judge

IMAGES = 8
PAGES_OF_ONE_IMAGE = 800  # 512 x 512 pixels in four float planes have a thousand


def test_images_of_one_size_are_judged_in_the_memory_of_the_first() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    for _ in range(IMAGES):
        judge(pixels, QualityConfig())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(IMAGES):
        judge(pixels, QualityConfig())
    fetched = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert fetched < IMAGES * PAGES_OF_ONE_IMAGE
