"""LoRA adapters: loaded with the model, and switched between steps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.diffusion.config import HubSource
from engines.diffusion.models import hub, sources

if TYPE_CHECKING:
    from engines.diffusion.config import LoraEntry


class LoraSwitch:
    """Loads the adapters of a pipeline, and keeps at most one of them active.

    Loading changes the pipeline's modules.
    """

    def __init__(self, pipe: Any, entries: tuple[LoraEntry, ...], models_root: Path) -> None:
        self._pipe = pipe
        self._scales = {entry.name: entry.scale for entry in entries}
        self._active: str | None = None
        for entry in entries:
            folder = _folder(entry, models_root)
            pipe.load_lora_weights(
                str(folder),
                weight_name=entry.weight_name,
                adapter_name=entry.name,
                use_safetensors=True,
                local_files_only=True,
            )
        if entries:
            pipe.disable_lora()

    def activate(self, name: str | None) -> None:
        """Make the named adapter the only active one; None: no adapter."""
        if name == self._active:
            return
        if name is None:
            self._pipe.disable_lora()
        else:
            self._pipe.enable_lora()
            self._pipe.set_adapters([name], [self._scales[name]])
        self._active = name


def _folder(entry: LoraEntry, models_root: Path) -> Path:
    if isinstance(entry.source, HubSource):
        return hub.adapter_folder(entry.source, entry.weight_name)
    return sources.folder_of(entry.source, models_root)
