"""Types of generation: the request, its progress and its results."""

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
    """One image to make. The seed is already chosen, so the same request gives the same image,
    except for the last bits of pixels (see `alone`)."""

    image_id: str
    """Unique in its dataset and space; also the file's stem, so that a repeated request finds its
    stored image."""
    prompt: str
    model_id: str
    """The id in the client's request; the pool's config decides which model serves it."""
    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    seed: int
    negative_prompt: str | None = None
    dataset: str | None = None
    """Name of the folder below `generated/`; None: directly in `generated/`."""
    profile: str | None = None
    """Profile to whose color statistics the image is matched after decoding."""
    profile_strength: float = 1.0
    """0..1: how much the colors are changed towards the profile's."""
    lora: str | None = None
    """Name of an adapter in the model's config."""
    progress: bool = True
    """Whether the deployment streams an event for every step, or the result only."""
    previews: bool = False
    """Whether to send small JPEGs of the current estimate (at most two per second)."""
    deadline_s: float | None = None
    """Seconds after submission at which the engine ends the request with an error."""
    guidance_rescale: float | None = None
    """0..1: how much of the contrast that guidance adds is removed (Lin et al., 2023); None: the
    default in the model's config."""
    speed: Speed | None = None
    """Speed mode; None: the default in the model's config."""
    space: str | None = None
    """Tenant in whose folders the dataset, the profile and the image are; None: no tenant."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Training labels of the image: {"animal": "fox"}."""
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    """JSON to store with the image."""
    alone: bool = False
    """True: its steps are not batched with those of other requests, so that its pixels are the same
    to the last bit at each run. Batching changes the last bits."""
    fingerprint: bool = False
    """Whether to return the image's perceptual hashes."""
    repeated: bool = False
    """Whether an earlier run may have stored the image; if so, it is searched for first."""

    @property
    def place(self) -> str:
        """Where the image will be stored: "space/dataset/id" (the dataset may be empty),
        "dataset/id", or "id". Two requests with the same place are for the same image."""
        # Names and ids have no slash, so the number of slashes tells which of them are there.
        if self.space is not None:
            return f"{self.space}/{self.dataset or ''}/{self.image_id}"
        return self.image_id if self.dataset is None else f"{self.dataset}/{self.image_id}"


@dataclass(frozen=True, slots=True)
class StepProgress:
    """Step `step` of `total_steps` is complete. `step` increases strictly within a request."""

    step: int
    total_steps: int
    preview_jpeg: bytes | None = None
    """A small JPEG of the current estimate of the image; None for steps without a preview."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that an image spent in each phase in the engine; their sum is `engine_s`."""

    queued_s: float = 0.0
    """From admission to the first step."""
    denoising_s: float = 0.0
    """From the first step to the end of the last, including steps of other requests in between."""
    waiting_s: float = 0.0
    """From the last step until decoding began."""
    decoding_s: float = 0.0


@dataclass(frozen=True, slots=True)
class GeneratedImage:
    """The engine's result, before it is stored."""

    pixels: Pixels
    served_model: str
    """Id of the model that made the image."""
    revision: str | None
    """Commit of the hub repository, or a digest of the local weights."""
    noise_scheduler: str
    """Class name, for example "DDIMScheduler"."""
    safety: Mapping[str, JsonValue]
    """Result of the safety checker: {"policy": "off"|"flag"|"block", "flagged": bool|None}."""
    notes: tuple[str, ...] = ()
    """Sentences for the recipe about how the image differs from what was requested: another model
    was used, the prompt was too long and was cut, the picture was cropped."""
    engine_s: float = 0.0
    """Seconds from admission to the decoded image, including waiting."""
    guidance: Mapping[str, JsonValue] = field(default_factory=dict)
    """The guidance that the model was run with: {"scale": float, "rescale": float|None}."""
    watermark: Mapping[str, JsonValue] = field(default_factory=dict)
    """The invisible watermark: method, word, strength, agreeing_bits; empty without one."""
    speed: Mapping[str, JsonValue] = field(default_factory=dict)
    """The speed mode, {"mode": "exact"|"balanced"|"fast"}, with the shortcuts it took."""
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True, slots=True)
class StoredImage:
    """The last event of a generation: the image and its recipe are stored."""

    key: str
    served_model: str
    seed: int
    sha256: str
    size_bytes: int
    engine_s: float = 0.0
    hashes: tuple[int, int] | None = None
    """Perceptual hashes of the image and of its mirror image, 64 bits each, if requested."""
    tries: int = 1
    """Number of images made until one met the request's requirements."""
    verdicts: Verdicts | None = None
    """The verdicts on the image, if the request had requirements."""


GenerationEvent = StepProgress | StoredImage
"""Events of a diffusion deployment: any number of `StepProgress`, then one `StoredImage` or an
exception."""
