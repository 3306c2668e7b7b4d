"""One encoder for all who need it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from engines.evidence.encoders.choosing import chosen_encoder
from engines.evidence.encoders.encoder import EncoderUnavailable

if TYPE_CHECKING:
    from engines.evidence.config import EvidenceConfig
    from engines.evidence.encoders.encoder import ImageEncoder


class EncoderHolder:
    """The encoder, loaded when it is first needed; shared by all spaces and threads."""

    def __init__(
        self,
        config: EvidenceConfig,
        load: Callable[[EvidenceConfig], ImageEncoder] = chosen_encoder,
    ) -> None:
        self._config = config
        self._load = load
        self._lock = threading.Lock()

    def get(self) -> tuple[ImageEncoder | None, str]:
        """The encoder, or why there is none. Blocks the first time."""
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> tuple[ImageEncoder | None, str]:
        try:
            return self._load(self._config), ""
        except EncoderUnavailable as error:
            return None, str(error)
