"""The encoder that the config names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engines.evidence.encoders.efficientnet import EfficientNetLite0
from engines.evidence.encoders.files import open_encoder

if TYPE_CHECKING:
    from engines.evidence.config import EvidenceConfig
    from engines.evidence.encoders.encoder import ImageEncoder


def chosen_encoder(config: EvidenceConfig) -> ImageEncoder:
    """Blocks while loading, and bounds torch to `threads` threads in the whole process. Raises
    `EncoderUnavailable`."""
    import torch

    torch.set_num_threads(config.threads)
    if config.encoder is None:
        return EfficientNetLite0.from_package()
    return open_encoder(config.encoder, config.threads)
