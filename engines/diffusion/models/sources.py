"""Read a model's files without loading it. Does not import torch."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from engines.diffusion.config import FolderSource, HubSource, TinySource
from engines.diffusion.sizes import SizeRule
from engines.errors import NotFound

if TYPE_CHECKING:
    from engines.diffusion.config import EngineConfig, ModelEntry

_LATENT_DIFFUSION_GRID_PX = 8
"""Pixels per latent pixel of all SD 1.x, 2.x and SDXL VAEs; assumed before a download."""
_TINY_BYTES = 32 * 2**20


def folder_of(source: FolderSource, models_root: Path) -> Path:
    """The local folder of a source. Raises `NotFound` if it does not exist."""
    folder = models_root / source.path
    if not folder.is_dir():
        raise NotFound("model folder", source.path)
    return folder


def grid_px(source: FolderSource | HubSource | TinySource, models_root: Path) -> int:
    """Pixels per latent pixel: from the VAE's config file if it is local, else assumed to be 8."""
    if isinstance(source, FolderSource):
        config_file = models_root / source.path / "vae" / "config.json"
        if config_file.is_file():
            blocks = json.loads(config_file.read_text()).get("block_out_channels")
            if blocks:
                return 2 ** (len(blocks) - 1)
    if isinstance(source, TinySource):
        return TINY_GRID_PX
    return _LATENT_DIFFUSION_GRID_PX


def size_rules(config: EngineConfig, models_root: Path) -> dict[str, SizeRule]:
    """Model id to the sizes that the model can generate, from its config and local files."""
    return {
        each.id: SizeRule(grid_px(each.source, models_root), each.drawn_sides_px)
        for each in config.models
    }


TINY_GRID_PX = 8
"""Pixels per latent pixel of the models in `engines.diffusion.models.tiny`."""


def weight_bytes(entry: ModelEntry, models_root: Path, device: str) -> int:
    """Memory that the model's weights will take, bytes, from the headers of its files; 0 for a hub
    model, whose size is unknown before the download."""
    if isinstance(entry.source, TinySource):
        return _TINY_BYTES
    if isinstance(entry.source, HubSource):
        return 0
    # For dtype "auto": 2 bytes on CUDA; 4 bytes, the larger, if the device is not known yet.
    width = 2 if entry.dtype in ("float16", "bfloat16") or device.startswith("cuda") else 4
    folder = folder_of(entry.source, models_root)
    return sum(
        _element_count(file) * width
        for file in folder.rglob("*.safetensors")
        if entry.safety_checker != "off" or "safety_checker" not in file.relative_to(folder).parts
    )


def _element_count(file: Path) -> int:
    """Number of tensor elements in a safetensors file, from its header (8 bytes of length, then
    JSON)."""
    with file.open("rb") as opened:
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
    return sum(
        math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__"
    )


def revision_of(entry: ModelEntry, folder: Path) -> str | None:
    """The commit of a hub model; for a local folder, "sha256:..." of the names and contents of its
    weight files."""
    if isinstance(entry.source, HubSource):
        return folder.name
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.safetensors")):
        digest.update(file.relative_to(folder).as_posix().encode())
        with file.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return f"sha256:{digest.hexdigest()}"
