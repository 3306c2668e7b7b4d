"""Loads the encoder of the config once, for all spaces and threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from engines.evidence.encoders.efficientnet import EfficientNetLite0
from engines.evidence.encoders.encoder import EncoderUnavailable
from engines.evidence.encoders.files import open_encoder

if TYPE_CHECKING:
    from engines.evidence.config import EvidenceConfig
    from engines.evidence.encoders.encoder import ImageEncoder


def chosen_encoder(config: EvidenceConfig) -> ImageEncoder:
    """The encoder that the config names. Blocks while it loads.

    Limits torch to `threads` threads in the whole process. Raises `EncoderUnavailable`.
    """
    import torch

    torch.set_num_threads(config.threads)
    if config.encoder is None:
        return EfficientNetLite0.from_package()
    return open_encoder(config.encoder, config.threads)


class EncoderHolder:
    """Holds the encoder. It is loaded at the first use, and shared by all spaces and threads."""

    def __init__(
        self,
        config: EvidenceConfig,
        load: Callable[[EvidenceConfig], ImageEncoder] = chosen_encoder,
    ) -> None:
        self._config = config
        self._load = load
        self._lock = threading.Lock()

    def get(self) -> tuple[ImageEncoder | None, str]:
        """The encoder, or None and the reason why there is none. Blocks the first time."""
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> tuple[ImageEncoder | None, str]:
        try:
            return self._load(self._config), ""
        except EncoderUnavailable as error:
            return None, str(error)
