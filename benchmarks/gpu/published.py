"""Published figures of others for comparison: the same work with other GPUs and other weights."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    model: str
    figure: str
    source: str


PUBLISHED = (
    Published("sdxl", "1.64 img/s, one H100, 20 steps, 1024 px", "MLPerf Inference 4.0, offline"),
    Published("sdxl", "2.26 img/s a GPU of 8 H100, 20 steps, 1024 px", "MLPerf Inference 5.1"),
    Published("sdxl", "2.37 img/s, H200, 20 steps, 1024 px", "MLPerf Inference 5.0, offline"),
    Published("sd15", "1.44 s an image alone, H100 PCIe, 50 steps, 512 px", "PyTorch, eager"),
    Published("sd15", "1.11 s an image alone, H100 PCIe, 50 steps, 512 px", "torch.compile"),
    Published("sd15", ".57 to .75 s an image alone, H100, 50 steps, 512 px", "TensorRT"),
)
"""MLPerf: https://mlcommons.org/benchmarks/inference-datacenter/ (stable-diffusion-xl)."""


def published_table() -> str:
    """A table in Markdown."""
    lines = ["| model | published | by |", "|---|---|---|"]
    lines += [f"| {each.model} | {each.figure} | {each.source} |" for each in PUBLISHED]
    return "\n".join(lines)
