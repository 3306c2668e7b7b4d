"""The safety checker of a pipeline, as a function of one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

if TYPE_CHECKING:
    from engines.diffusion.decoding.decode import SafetyCheck
    from engines.types import Pixels


def safety_check(pipe: Any) -> SafetyCheck | None:
    """A function that runs the pipeline's safety checker; None if the pipeline has none."""
    checker = getattr(pipe, "safety_checker", None)
    extractor = getattr(pipe, "feature_extractor", None)
    if checker is None or extractor is None:
        return None

    @torch.inference_mode()
    def flagged(pixels: Pixels) -> bool:
        inputs = extractor(Image.fromarray(pixels), return_tensors="pt").pixel_values
        # The checker blackens flagged pictures in place, so it gets a copy.
        copy = pixels[None].astype("float32") / 255
        verdicts = checker(images=copy, clip_input=inputs.to(checker.device, checker.dtype))[1]
        return bool(verdicts[0])

    return flagged
