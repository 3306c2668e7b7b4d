"""Metrics that need a CLIP model: agreement with the prompt, and an aesthetic score.

Hessel et al., "CLIPScore: A Reference-free Evaluation Metric for Image Captioning", EMNLP 2021.
The aesthetic score is a linear function of the image embedding, as in LAION's aesthetic predictor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from engines.errors import GenerationFailed, InvalidParameters
from engines.quality.metric import Examined, Metric

if TYPE_CHECKING:
    from engines.quality.config import QualityConfig
    from engines.types import Pixels

_MEAN = np.array((0.48145466, 0.4578275, 0.40821073), np.float32)
_DEVIATION = np.array((0.26862954, 0.26130258, 0.27577711), np.float32)
_WEIGHT = 2.5


class ClipModel:
    """A CLIP model in the layout of transformers, from a local folder; float32, on the CPU. It has
    no state besides the weights."""

    def __init__(self, path: str, threads: int = 1) -> None:
        """Load the model. Blocks. Limits torch to `threads` threads in the whole process.

        Raises `GenerationFailed` if the folder does not contain a CLIP model.
        """
        import torch
        from transformers import CLIPModel, CLIPTokenizer

        torch.set_num_threads(threads)
        try:
            self._model: Any = CLIPModel.from_pretrained(
                path, local_files_only=True, use_safetensors=True
            ).eval()
            self._tokenizer: Any = CLIPTokenizer.from_pretrained(path, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise GenerationFailed("The configured CLIP model does not load") from error
        self._side_px = int(self._model.config.vision_config.image_size)
        self._max_tokens = int(self._model.config.text_config.max_position_embeddings)

    def embed(self, pixels: Pixels, prompt: str) -> tuple[Any, Any]:
        """Image and text embeddings, float32 tensors of shape (dim,) and length 1.

        A prompt that is longer than the model's limit is truncated.
        """
        import torch

        tokens = self._tokenizer(
            prompt, truncation=True, max_length=self._max_tokens, return_tensors="pt"
        )
        image = torch.from_numpy(clip_input(pixels, self._side_px)[None])
        with torch.inference_mode():
            found = self._model(
                input_ids=tokens["input_ids"],
                attention_mask=tokens["attention_mask"],
                pixel_values=image,
            )
        return found.image_embeds[0], found.text_embeds[0]


def clip_input(pixels: Pixels, side_px: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Preprocess an image for CLIP: scale the short side to `side_px`, crop the middle square,
    normalize each channel.

    Turns RGB uint8 (height, width, 3) into float32 (3, side_px, side_px).
    """
    height, width = pixels.shape[:2]
    scale = side_px / min(height, width)
    size = max(side_px, round(width * scale)), max(side_px, round(height * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = cv2.resize(pixels, size, interpolation=method)
    top, left = (size[1] - side_px) // 2, (size[0] - side_px) // 2
    square = resized[top : top + side_px, left : left + side_px].astype(np.float32) / 255
    return np.ascontiguousarray(((square - _MEAN) / _DEVIATION).transpose(2, 0, 1))


@dataclass(frozen=True, slots=True)
class PromptAlignment:
    """CLIPScore: 2.5 * max(cosine of image and prompt embedding, 0). 0: the image does not show
    the prompt; 0.7 to 0.9: good agreement."""

    model: ClipModel
    answer_key: str = "prompt_alignment"

    def measure(self, image: Examined) -> float:
        if not image.prompt:
            raise InvalidParameters.of(
                "prompt",
                None,
                "given with prompt_alignment, or in the image's recipe",
                "must be given for prompt_alignment: the image has no recipe that holds one",
            )
        seen, said = self.model.embed(image.pixels, image.prompt)
        return _WEIGHT * max(float(seen @ said), 0.0)


@dataclass(frozen=True, slots=True)
class Aesthetic:
    """A linear function of the image embedding (length 1). The range depends on the configured
    weights."""

    model: ClipModel
    weight: Any
    """Tensor of shape (dim,)."""
    bias: float
    answer_key: str = "aesthetic"

    def measure(self, image: Examined) -> float:
        seen, _ = self.model.embed(image.pixels, "")
        return float(seen @ self.weight) + self.bias


def load_metrics(config: QualityConfig) -> Mapping[str, Metric]:
    """Metric name to metric, for the models whose paths the config contains. Without paths no model
    is loaded."""
    if config.clip_model_path is None:
        return {}
    model = ClipModel(config.clip_model_path, config.threads)
    metrics: dict[str, Metric] = {"prompt_alignment": PromptAlignment(model)}
    if config.aesthetic_head_path is not None:
        metrics["aesthetic"] = _aesthetic(model, Path(config.aesthetic_head_path))
    return metrics


def _aesthetic(model: ClipModel, path: Path) -> Aesthetic:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
        return Aesthetic(model, tensors["weight"].float().flatten(), float(tensors["bias"]))
    except (OSError, KeyError, SafetensorError) as error:
        raise GenerationFailed("The configured aesthetic head does not load") from error
