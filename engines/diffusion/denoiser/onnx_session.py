"""The denoiser in ONNX Runtime: the same network, other kernels, numbers that differ in the last
digits."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

_OPSET = 17
"""The newest that torch's exporter of recordings writes."""
_PICTURE_AXES = {0: "rows", 2: "height", 3: "width"}
_TEXT_AXES = {0: "rows", 1: "tokens"}


def exported(
    module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]
) -> Callable[..., torch.Tensor]:
    """The module as a session of ONNX Runtime, for any number of rows, any size and any length of
    text. Blocks for seconds. Its weights are a second copy in memory.

    `ImportError` where the package `onnx` is not installed.
    """
    import onnx  # noqa: F401 - torch's exporter needs it, and says so late
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Between two steps its threads leave the cores to others.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "denoiser.onnx"
        names = _export(module, inputs, path)
        session = InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(*given: torch.Tensor) -> torch.Tensor:
        arrays = (each.contiguous().numpy() for each in given)
        (prediction,) = session.run(None, dict(zip(names, arrays, strict=True)))
        return torch.from_numpy(prediction)

    return run


def _export(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], path: Path) -> Sequence[str]:
    """Write the module's file; returns the names of its inputs."""
    names = [f"input{index}" for index in range(len(inputs))]
    axes = [_axes(each) for each in inputs]
    with warnings.catch_warnings():
        # That this exporter is deprecated, and that branches of Python are not recorded.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            inputs,
            path,
            dynamo=False,
            input_names=names,
            dynamic_axes=dict(zip(names, axes, strict=True)),
            opset_version=_OPSET,
        )
    return names


def _axes(tensor: torch.Tensor) -> dict[int, str]:
    """The dimensions that change from step to step, of latents, states of a text, or the rest."""
    return {4: _PICTURE_AXES, 3: _TEXT_AXES}.get(tensor.dim(), {0: "rows"})
