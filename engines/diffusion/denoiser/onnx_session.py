"""Run the denoiser in ONNX Runtime. Its kernels give slightly different numbers than torch."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

_OPSET = 17
"""The newest opset that torch's TorchScript-based exporter writes."""
_PICTURE_AXES = {0: "rows", 2: "height", 3: "width"}
_TEXT_AXES = {0: "rows", 1: "tokens"}


def exported(
    module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]
) -> Callable[..., torch.Tensor]:
    """A function that runs the module in ONNX Runtime, for any rows, picture size and text length.

    Exporting blocks for seconds. The session holds a second copy of the weights.

    Raises:
        ImportError: the package `onnx` is not installed.
    """
    import onnx  # noqa: F401 - fail before the export if the package is missing
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Otherwise its threads keep the cores busy between two steps.
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
    """Export the module to `path`; returns the names of the graph's inputs."""
    names = [f"input{index}" for index in range(len(inputs))]
    axes = [_axes(each) for each in inputs]
    with warnings.catch_warnings():
        # Expected warnings: the exporter is deprecated, and Python branches are not recorded.
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
    """Dimensions whose size varies: 4-dimensional inputs are latents, 3-dimensional ones text."""
    return {4: _PICTURE_AXES, 3: _TEXT_AXES}.get(tensor.dim(), {0: "rows"})
