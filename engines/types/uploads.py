"""Images of others that become part of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DatasetUpload:
    """Where an uploaded image goes, and what its owner says of it."""

    dataset: str
    """Name of the dataset."""
    prompt: str | None = None
    """What the image shows, in words: a caption for training; None: not said."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Name to value, as a request for generation has them."""
