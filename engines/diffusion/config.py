"""What the engine serves and within which bounds: a frozen tree, checked before anything loads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, PositiveInt, model_validator

from engines.diffusion.speed import SpeedModes
from engines.types.frozen import FrozenModel
from engines.types.limits import Guidance, Side, Steps

NoiseSchedulerName = Literal[
    "ddim",
    "ddpm",
    "deis",
    "dpmsolver++",
    "dpmsolver++-singlestep",
    "euler",
    "euler-ancestral",
    "heun",
    "lms",
    "pndm",
    "unipc",
]
AttentionBackend = Literal["auto", "native", "xformers", "flash", "sage"]


class FolderSource(FrozenModel):
    """A diffusers folder (`model_index.json`, safetensors weights)."""

    kind: Literal["folder"] = Field(default="folder", description="A folder of this machine.")
    path: str = Field(description="Absolute, or relative to the engine's models root.")


class HubSource(FrozenModel):
    """A repository of the Hugging Face hub, at one revision."""

    kind: Literal["hub"] = Field(default="hub", description="A repository of the hub.")
    repository: str = Field(description='"owner/name" on the hub.')
    revision: str | None = Field(default=None, description="Branch, tag or commit; None is main.")
    variant: str | None = Field(default=None, description='Weight file variant, e.g. "fp16".')

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a whole commit hash, so that the weights cannot change."""
        return re.fullmatch(r"[0-9a-f]{40}", self.revision or "") is not None


class TinySource(FrozenModel):
    """Real diffusers classes at a tiny size with random weights: for tests, never for pictures."""

    kind: Literal["tiny"] = Field(default="tiny", description="Random weights, for tests.")
    seed: int = Field(default=0, description="Of the random weights.")
    family: Literal["sd", "sdxl"] = Field(default="sd", description="Which pipeline class.")


Source = Annotated[FolderSource | HubSource | TinySource, Field(discriminator="kind")]


class LoraEntry(FrozenModel):
    """An adapter that requests may name."""

    name: str = Field(min_length=1, description="What a request's `lora` says.")
    source: FolderSource | HubSource = Field(discriminator="kind")
    weight_name: str = Field(
        default="pytorch_lora_weights.safetensors", description="File within the source."
    )
    scale: FiniteFloat = Field(default=1.0, description="Strength of the adapter, 1 is as trained.")


class GenerationDefaults(FrozenModel):
    """What a request that names this model gets where it leaves a choice out. None: what the
    service gives for every model."""

    width: Side | None = Field(default=None, description="Pixels.")
    height: Side | None = Field(default=None, description="Pixels.")
    num_inference_steps: Steps | None = Field(default=None, description="Denoising steps.")
    guidance_scale: Guidance | None = Field(
        default=None, description="Classifier-free guidance weight; <= 1 is without."
    )


class GuidanceOptions(FrozenModel):
    """What a request's guidance scale means for this model."""

    gain: float = Field(
        default=1.0,
        gt=0,
        le=10,
        allow_inf_nan=False,
        description="The model is run at 1 + gain x (guidance_scale - 1), which the recipe notes. "
        "1: as asked. Below 1 for models whose pictures spoil at the customary 7.5.",
    )

    def effective(self, guidance_scale: float) -> float:
        """The scale that the model is run with; 1 stays 1, and what is below it stays below."""
        if self.gain == 1:
            return guidance_scale
        return round(1 + self.gain * (guidance_scale - 1), 6)


class VaeOptions(FrozenModel):
    """Memory savers of the decoder; both cost time."""

    tiling: bool = Field(default=False, description="Decode in overlapping tiles.")
    slicing: bool = Field(default=False, description="Decode one image of a batch at a time.")


class ModelEntry(FrozenModel):
    """One model that the pool serves."""

    id: str = Field(min_length=1, description="Id under which requests name it.")
    aliases: tuple[str, ...] = Field(default=(), description="Other ids of the same model.")
    stand_in_for: tuple[str, ...] = Field(
        default=(), description="Ids that it serves in place of the real model, and says so."
    )
    source: Source
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = Field(
        default="auto", description="Of the weights; auto: float16 on CUDA, float32 on CPU."
    )
    native_size_px: int = Field(
        default=512,
        gt=0,
        description="Side it was trained at, pixels: what a usual request costs (`capacity`).",
    )
    drawn_sides_px: tuple[int, int] | None = Field(
        default=None,
        description="Short side that it draws and longest long side, pixels: every size is drawn "
        "so and scaled, which the recipe notes. None: every size is drawn as it is.",
    )
    defaults: GenerationDefaults = GenerationDefaults()
    guidance: GuidanceOptions = Field(
        default=GuidanceOptions(), description="What a request's guidance scale means for it."
    )
    guidance_rescale: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Where a request leaves it out: how far the contrast that guidance adds is "
        "taken back, 0..1 (arXiv:2305.08891). None: the pipeline's own, which is 0 for most.",
    )
    speed: SpeedModes = Field(
        default=SpeedModes(), description="What a request's `speed` means; its default mode."
    )
    noise_scheduler: NoiseSchedulerName | None = Field(
        default=None, description="None keeps the one that the model's folder names."
    )
    attention_backend: AttentionBackend = Field(
        default="native",
        description="auto: the fastest there is. An absent one falls back to native, and says so.",
    )
    backend: Literal["auto", "native", "traced", "onnx"] = Field(
        default="auto",
        description="How a CPU runs the denoiser. native: from Python. traced: recorded at warm-up "
        "and replayed without Python: the same bits. auto: the quicker of these two, measured when "
        "a model is warmed at start. onnx: ONNX Runtime, quicker still, with other last digits; "
        "needs the package onnx. Native on GPUs, with adapters and with torch_compile.",
    )
    torch_compile: Literal["off", "default", "reduce-overhead", "max-autotune"] = Field(
        default="off", description="torch.compile mode of the denoiser; first steps take minutes."
    )
    compile_backend: str = Field(
        default="inductor",
        description="torch.compile backend; eager and aot_eager tell whether a fault is its own.",
    )
    compile_scope: Literal["denoiser", "blocks"] = Field(
        default="denoiser",
        description="What torch.compile takes: the denoiser as one graph, or each of its repeated "
        "transformer blocks, which compiles in a fraction of the time and gains less.",
    )
    cuda_graph_rows: int = Field(
        default=0,
        ge=0,
        description="Steps of at most so many rows replay a CUDA graph of the denoiser, recorded "
        "at the first step of each shape: no launches to wait for, and memory for its "
        "activations. 0: none. Not with adapters, nor with a compile mode that has its own.",
    )
    vae: VaeOptions = VaeOptions()
    safety_checker: Literal["off", "flag", "block"] = Field(
        default="off",
        description="off: not loaded. flag: verdict in the recipe. block: the image is refused.",
    )
    watermark: Literal["off", "rivagan"] = Field(
        default="off",
        description="rivagan: every image gets an invisible watermark of 32 bits. It takes 1 to 2 "
        "s of a CPU core, and the pixels are no longer the model's own (docs/provenance.md).",
    )
    loras: tuple[LoraEntry, ...] = Field(default=(), description="Adapters that requests may name.")
    long_prompts: Literal["chunk", "cut"] = Field(
        default="chunk",
        description="Beyond the text window: encode in further windows, or cut. Noted either way.",
    )
    memory_bytes: int | None = Field(
        default=None, gt=0, description="Room the model needs; None: from the weight files."
    )
    load_at_start: bool = Field(default=False, description="Otherwise at its first request.")

    @property
    def names(self) -> tuple[str, ...]:
        """Every id that a request may use for this model."""
        return (self.id, *self.aliases, *self.stand_in_for)

    def lora(self, name: str) -> LoraEntry | None:
        """The listed adapter of that name; None where the config does not list it."""
        return next((lora for lora in self.loras if lora.name == name), None)

    @model_validator(mode="after")
    def _sides_are_a_range(self) -> Self:
        if self.drawn_sides_px and not 0 < self.drawn_sides_px[0] <= self.drawn_sides_px[1]:
            raise ValueError(f"model {self.id}: drawn_sides_px is not (short, long)")
        return self

    @model_validator(mode="after")
    def _graphs_have_one_owner(self) -> Self:
        if self.cuda_graph_rows and self.loras:
            raise ValueError(f"model {self.id}: a CUDA graph cannot switch adapters")
        if self.cuda_graph_rows and self.torch_compile in ("reduce-overhead", "max-autotune"):
            raise ValueError(
                f"model {self.id}: torch_compile {self.torch_compile} has its own CUDA graphs"
            )
        return self

    @model_validator(mode="after")
    def _lora_names_differ(self) -> Self:
        if len({lora.name for lora in self.loras}) != len(self.loras):
            raise ValueError(f"model {self.id}: two LoRA adapters have the same name")
        return self


class EngineConfig(FrozenModel):
    """One engine, on one device."""

    models: tuple[ModelEntry, ...] = Field(min_length=1, description="Every model it may serve.")
    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="auto: CUDA where there is one, else the CPU.",
    )
    max_step_latent_px: int = Field(
        default=65_536,
        gt=0,
        description="Budget of one denoiser forward: rows x latent height x latent width. "
        "A guided request takes two rows; one larger than the budget runs alone.",
    )
    calibration_s: float = Field(
        default=2.0,
        ge=0,
        description="Seconds at most in which a model that is loaded at start is measured, when "
        "it is warmed: from how many rows on a step makes rows no cheaper. Its steps hold no more "
        "than that. 0: not measured, steps may hold max_step_latent_px.",
    )
    max_queued: int = Field(default=64, gt=0, description="Requests waiting for their first step.")
    max_decoding: int = Field(
        default=4, gt=0, description="Finished latents waiting; beyond it decoding goes first."
    )
    model_memory_bytes: int = Field(
        default=16 * 2**30, gt=0, description="Bound on the weights held at once, bytes."
    )
    prompt_cache_entries: int = Field(
        default=512, ge=0, description="Prompt embeddings kept per model."
    )
    preview_interval_s: float = Field(
        default=0.5, gt=0, description="Least seconds between two previews of one request."
    )
    preview_max_side_px: int = Field(default=128, ge=16, description="Longer side of a preview.")
    torch_threads: PositiveInt | Literal["all"] | None = Field(
        default=None,
        description="Threads of one CPU operator. all: as many as the machine has cores, where "
        "one replica has them to itself. None: torch decides, which in a Ray actor is its "
        "whole num_cpus.",
    )
    warm: bool = Field(
        default=True, description="Run one step and one decode of what is loaded at start."
    )

    def find(self, model_id: str) -> ModelEntry | None:
        """The entry that serves this id, alias or stand-in; None where there is none."""
        return next((entry for entry in self.models if model_id in entry.names), None)

    @property
    def watermarked(self) -> frozenset[str]:
        """Ids of the models whose images get a watermark."""
        return frozenset(entry.id for entry in self.models if entry.watermark != "off")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        seen: set[str] = set()
        for name in _all_names(self.models):
            if name in seen:
                raise ValueError(f"model id {name!r} is listed twice")
            seen.add(name)
        return self


def _all_names(models: tuple[ModelEntry, ...]) -> Iterator[str]:
    for entry in models:
        yield from entry.names
