"""Loads the encoder in the config: ONNX, TorchScript, or a folder in the layout of transformers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.evidence.encoders.encoder import (
    Distances,
    EncoderUnavailable,
    planes,
    to_unit_length,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.evidence.config import EncoderConfig
    from engines.types import Pixels

Run = Callable[["NDArray[np.float32]"], "NDArray[np.floating]"]
"""Takes float32 (n, 3, side, side), and returns (n, d) or (n, tokens, d)."""

_CHUNK_BYTES = 2**20
_VECTOR_AXES, _TOKEN_AXES = 2, 3


class FileEncoder:
    """An encoder that is given as a function of arrays. If the function returns tokens, the first
    one is used, which is the class token of a vision transformer."""

    def __init__(self, config: EncoderConfig, run: Run, digest: str) -> None:
        """Runs the encoder once with a gray image. Raises `EncoderUnavailable` if that fails."""
        self._config = config
        self._run = run
        self.name = f"{Path(config.path).name}@{digest[:12]}{_preparation(config)}"
        self.distances = Distances(config.near_distance, config.alike_distance)
        gray = np.full((config.side_px, config.side_px, 3), 128, dtype=np.uint8)
        self.dimensions = int(self.encode([gray]).shape[1])

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        side, mean, deviation = self._config.side_px, self._config.mean, self._config.deviation
        batch = np.stack([planes(pixels, side, mean, deviation) for pixels in pictures])
        try:
            found = self._run(batch)
        except Exception as error:  # onnxruntime's exceptions have no common base class.
            raise EncoderUnavailable(f"{self.name} fails on pictures") from error
        if found.ndim == _TOKEN_AXES:
            found = found[:, 0]
        if found.ndim != _VECTOR_AXES or len(found) != len(pictures):
            raise EncoderUnavailable(f"{self.name} gives no vector for each picture")
        if not np.isfinite(found).all():
            raise EncoderUnavailable(f"{self.name} gives values that are not finite")
        return to_unit_length(found)


def _preparation(config: EncoderConfig) -> str:
    """A suffix of the name for settings that differ from the defaults, so that the same file with
    other settings has another name. Empty for the defaults."""
    fields = type(config).model_fields
    given = {name: getattr(config, name) for name in ("side_px", "mean", "deviation")}
    if all(value == fields[name].default for name, value in given.items()):
        return ""
    return f"-{hashlib.sha256(repr(given).encode()).hexdigest()[:8]}"


def open_encoder(config: EncoderConfig, threads: int = 1) -> FileEncoder:
    """Load the encoder. Blocks. Raises `EncoderUnavailable` if there is no such file or it does not
    load."""
    path = Path(config.path)
    if not path.exists():
        raise EncoderUnavailable(f"There is no encoder {path.name}")
    if path.is_dir():
        return FileEncoder(config, _transformers(path), _digest(path / "model.safetensors"))
    loaders = {".onnx": lambda: _onnx(path, threads), ".pt": lambda: _torchscript(path)}
    load = loaders.get(path.suffix.lower())
    if load is None:
        raise EncoderUnavailable(f"{path.name} is neither .onnx, nor .pt, nor a folder")
    return FileEncoder(config, load(), _digest(path))


def _onnx(path: Path, threads: int) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # Its exceptions have no common base class.
        raise EncoderUnavailable(f"{path.name} does not load: {error}") from error
    name = session.get_inputs()[0].name
    return lambda batch: np.asarray(session.run(None, {name: batch})[0])


def _torchscript(path: Path) -> Run:
    import torch

    try:
        module: Any = torch.jit.load(str(path), map_location="cpu").eval()
    except RuntimeError as error:
        raise EncoderUnavailable(f"{path.name} does not load") from error
    return _of_torch(module)


def _transformers(path: Path) -> Run:
    from transformers import AutoModel

    try:
        model: Any = AutoModel.from_pretrained(
            path, local_files_only=True, use_safetensors=True, trust_remote_code=False
        ).eval()
    except (OSError, ValueError, KeyError) as error:
        raise EncoderUnavailable(f"{path.name} does not load") from error
    if hasattr(model, "get_image_features"):
        return _of_torch(lambda batch: _vectors(model.get_image_features(pixel_values=batch)))
    return _of_torch(lambda batch: _vectors(model(pixel_values=batch)))


def _vectors(output: Any) -> Any:
    """The tensor with the vectors, from an output that may have several tensors."""
    pooled = getattr(output, "pooler_output", None)
    return getattr(output, "last_hidden_state", output) if pooled is None else pooled


def _of_torch(function: Callable[[Any], Any]) -> Run:
    import torch

    def run(batch: NDArray[np.float32]) -> NDArray[np.floating]:
        with torch.inference_mode():
            found: NDArray[np.floating] = function(torch.from_numpy(batch)).float().numpy()
        return found

    return run


def _digest(path: Path) -> str:
    hashed = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                hashed.update(chunk)
    except OSError as error:
        raise EncoderUnavailable(f"{path.name} is not readable") from error
    return hashed.hexdigest()
