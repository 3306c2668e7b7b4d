"""What generation asks for, streams and stores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engines.types.limits import Speed
from engines.types.validation import Verdicts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engines.errors import JsonValue

    Pixels = NDArray[np.uint8]
    """RGB image, uint8, shape (height, width, 3), values 0..255."""


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One image to make. Every choice is made by now: the same request gives the same image."""

    image_id: str
    """Unique without coordination; also the file's stem, so a repeated run finds its own image."""
    prompt: str
    model_id: str
    """As the client asked for it; the pool's config says which model really serves it."""
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int
    negative_prompt: str | None = None
    dataset: str | None = None
    """Name of the folder under `generated/`; None is the area itself."""
    profile: str | None = None
    """Profile whose color statistics the image is matched to after decoding."""
    profile_strength: float = 1.0
    """0..1: how far the colors move towards the profile's."""
    lora: str | None = None
    """Name of an adapter that the model's config lists."""
    progress: bool = True
    """Whether a deployment streams the steps; without them, only the end."""
    previews: bool = False
    """Whether the listener wants small JPEGs of the current estimate (at most two a second)."""
    deadline_s: float | None = None
    """Seconds from submission after which the engine gives the request up."""
    guidance_rescale: float | None = None
    """0..1: how far the contrast that guidance adds is taken back (Lin et al., 2023); None: as the
    model's config says."""
    speed: Speed | None = None
    """How much of the work may be left out; None: as the model's config says."""
    space: str | None = None
    """The tenant whose folders hold dataset, profile and image; None: outside every space."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What the image is of, for training: {"animal": "fox"}."""
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the caller wants to keep beside the image."""
    alone: bool = False
    """Whether it shares no step with others: sharing changes the last bits of some pixels."""
    fingerprint: bool = False
    """Whether the answer shall bring the image's perceptual hashes."""
    repeated: bool = False
    """Whether an earlier run may have stored the image: it is looked for before any work."""


@dataclass(frozen=True, slots=True)
class StepProgress:
    """`step` of `total_steps` is completed; strictly increasing within a request."""

    step: int
    total_steps: int
    preview_jpeg: bytes | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time of an image in the engine went, seconds. Their sum is its `engine_s`."""

    queued_s: float = 0.0
    """From its admission to its first step."""
    denoising_s: float = 0.0
    """From its first step to the end of its last, with the steps of others between them."""
    waiting_s: float = 0.0
    """From its last step until the decoder is free."""
    decoding_s: float = 0.0


@dataclass(frozen=True, slots=True)
class GeneratedImage:
    """What the engine hands out, before anything is stored."""

    pixels: Pixels
    served_model: str
    """Id of the model that really made the image."""
    revision: str | None
    """Commit of the hub repository, or a digest of the local weights."""
    noise_scheduler: str
    """Class name, for example "DDIMScheduler"."""
    safety: Mapping[str, JsonValue]
    """Of the model's safety checker: {"policy": "off"|"flag"|"block", "flagged": bool|None}."""
    notes: tuple[str, ...] = ()
    """What a reader of the recipe must know (stand-in model, prompt cut at N tokens, cropped)."""
    engine_s: float = 0.0
    """Seconds from admission to the decoded image, queueing included."""
    guidance: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the model was run with: {"scale": float, "rescale": float|None}."""
    watermark: Mapping[str, JsonValue] = field(default_factory=dict)
    """Of the watermark in the pixels: method, word, strength, agreeing_bits; empty without one."""
    speed: Mapping[str, JsonValue] = field(default_factory=dict)
    """The mode, {"mode": "exact"|"balanced"|"fast"}, and what it left out."""
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True, slots=True)
class StoredImage:
    """The last event of a generation: the image and its recipe are written."""

    key: str
    served_model: str
    seed: int
    sha256: str
    size_bytes: int
    engine_s: float = 0.0
    hashes: tuple[int, int] | None = None
    """Perceptual hash of the image and of its mirror, 64 bits each, where they were asked for."""
    tries: int = 1
    """Images made until one met what was required."""
    verdicts: Verdicts | None = None
    """On an image that had to meet requirements."""


GenerationEvent = StepProgress | StoredImage
"""What a diffusion deployment streams: progress, then exactly one `StoredImage` (or it raises)."""
