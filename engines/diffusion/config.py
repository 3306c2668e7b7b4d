"""The engine's configuration: which models it serves and its limits. Validated before loading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, FiniteFloat, PositiveInt, model_validator

from engines.diffusion.model_options import GenerationDefaults, GuidanceOptions, VaeOptions
from engines.diffusion.speed import SpeedModes
from engines.types.frozen import FrozenModel

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
    """A local folder in diffusers' layout (`model_index.json`, safetensors weights)."""

    kind: Literal["folder"] = Field(default="folder", description="A folder on this machine.")
    path: str = Field(description="Absolute, or relative to the engine's models root.")


class HubSource(FrozenModel):
    """A repository on the Hugging Face hub, at one revision."""

    kind: Literal["hub"] = Field(default="hub", description="A repository on the hub.")
    repository: str = Field(description='"owner/name" on the hub.')
    revision: str | None = Field(default=None, description="Branch, tag or commit; None is main.")
    variant: str | None = Field(default=None, description='Weight file variant, e.g. "fp16".')

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a full commit hash, so that the weights cannot change."""
        return re.fullmatch(r"[0-9a-f]{40}", self.revision or "") is not None


class TinySource(FrozenModel):
    """A tiny pipeline of real diffusers classes with random weights, for tests."""

    kind: Literal["tiny"] = Field(default="tiny", description="Random weights, for tests.")
    seed: int = Field(default=0, description="Seed of the random weights.")
    family: Literal["sd", "sdxl"] = Field(default="sd", description="Family of the pipeline.")


Source = Annotated[FolderSource | HubSource | TinySource, Field(discriminator="kind")]


class LoraEntry(FrozenModel):
    """A LoRA adapter that requests may name."""

    name: str = Field(min_length=1, description="Name that requests give in `lora`.")
    source: FolderSource | HubSource = Field(discriminator="kind")
    weight_name: str = Field(
        default="pytorch_lora_weights.safetensors", description="Weight file in the source."
    )
    scale: FiniteFloat = Field(default=1.0, description="Strength of the adapter; 1: as trained.")


class ModelEntry(FrozenModel):
    """One model that the engine serves."""

    id: str = Field(min_length=1, description="Id that requests give in `model_id`.")
    aliases: tuple[str, ...] = Field(default=(), description="Other ids of the same model.")
    stand_in_for: tuple[str, ...] = Field(
        default=(),
        description="Ids of other models for which this model is used instead; answers and "
        "recipes say so.",
    )
    source: Source
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = Field(
        default="auto", description="Dtype of the weights; auto: float16 on CUDA, else float32."
    )
    native_size_px: int = Field(
        default=512,
        gt=0,
        description="Side length the model was trained at, pixels. The replica's queue limits "
        "assume requests of this size.",
    )
    drawn_sides_px: tuple[int, int] | None = Field(
        default=None,
        description="(short side, longest long side), pixels. Every picture is generated with "
        "this short side, its long side at most the second number, and then scaled to the "
        "requested size; the recipe notes that. None: generated at the requested size.",
    )
    defaults: GenerationDefaults = GenerationDefaults()
    guidance: GuidanceOptions = Field(
        default=GuidanceOptions(), description="How a request's guidance scale is converted."
    )
    guidance_rescale: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Default for requests without `guidance_rescale`: how much of the contrast "
        "that guidance adds is removed, 0..1 (arXiv:2305.08891). None: the pipeline's default, "
        "which is 0 for most.",
    )
    speed: SpeedModes = Field(
        default=SpeedModes(), description="The speed modes, and which of them is the default."
    )
    noise_scheduler: NoiseSchedulerName | None = Field(
        default=None, description="Noise scheduler; None: the one that the model's folder names."
    )
    attention_backend: AttentionBackend = Field(
        default="native",
        description="auto: the fastest that works here. If the named backend does not work, "
        "native is used and the recipe notes that.",
    )
    backend: Literal["auto", "native", "traced", "onnx"] = Field(
        default="auto",
        description="How the denoiser runs on a CPU. native: called from Python. traced: recorded "
        "by TorchScript at warm-up and replayed without Python, with bit-identical results. auto: "
        "the faster of these two, measured at warm-up. onnx: ONNX Runtime, faster still, with "
        "small numerical differences; needs the package onnx. GPUs, adapters and torch_compile "
        "always use native.",
    )
    torch_compile: Literal["off", "default", "reduce-overhead", "max-autotune"] = Field(
        default="off",
        description="torch.compile mode of the denoiser; the first steps take minutes.",
    )
    compile_backend: str = Field(
        default="inductor",
        description="torch.compile backend. eager and aot_eager help to find out whether a fault "
        "is in inductor.",
    )
    compile_scope: Literal["denoiser", "blocks"] = Field(
        default="denoiser",
        description="What torch.compile compiles: the whole denoiser as one graph, or only its "
        "repeated transformer blocks, which takes far less time and gains less speed.",
    )
    cuda_graph_rows: int = Field(
        default=0,
        ge=0,
        description="Steps of at most this many rows replay a CUDA graph of the denoiser, which "
        "is recorded at the first step of each shape. Saves kernel launches, and takes memory "
        "for activations. 0: no graphs. Not allowed with adapters, nor with torch_compile modes "
        "that record graphs themselves.",
    )
    vae: VaeOptions = VaeOptions()
    safety_checker: Literal["off", "flag", "block"] = Field(
        default="off",
        description="The model's safety checker. off: not loaded. flag: its verdict is in the "
        "recipe. block: flagged images are refused.",
    )
    watermark: Literal["off", "rivagan"] = Field(
        default="off",
        description="rivagan: every image gets an invisible watermark of 32 bits, which takes 1 "
        "to 2 s of a CPU core per image and changes pixels (docs/provenance.md).",
    )
    loras: tuple[LoraEntry, ...] = Field(default=(), description="Adapters that requests may name.")
    long_prompts: Literal["chunk", "cut"] = Field(
        default="chunk",
        description="Prompts longer than the text encoder's window: encode the rest in further "
        "windows (chunk), or drop it (cut). The recipe notes both.",
    )
    memory_bytes: int | None = Field(
        default=None,
        gt=0,
        description="Memory that the model needs, bytes; None: computed from the weight files.",
    )
    load_at_start: bool = Field(
        default=False, description="Load the model at start instead of at its first request."
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Every id that a request may use for this model."""
        return (self.id, *self.aliases, *self.stand_in_for)

    def lora(self, name: str) -> LoraEntry | None:
        """The adapter of that name; None if the config does not list it."""
        return next((lora for lora in self.loras if lora.name == name), None)

    @model_validator(mode="after")
    def _sides_are_a_range(self) -> Self:
        if self.drawn_sides_px and not 0 < self.drawn_sides_px[0] <= self.drawn_sides_px[1]:
            raise ValueError(f"model {self.id}: drawn_sides_px needs 0 < short <= long")
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
    """Configuration of one engine, which runs on one device."""

    models: tuple[ModelEntry, ...] = Field(min_length=1, description="The models it serves.")
    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$",
        description="auto: CUDA if available, else the CPU.",
    )
    max_step_latent_px: int = Field(
        default=65_536,
        gt=0,
        description="Largest denoiser forward: rows x latent height x latent width. A guided "
        "request takes two rows. A request larger than this limit runs alone.",
    )
    calibration_s: float = Field(
        default=2.0,
        ge=0,
        description="Largest time, seconds, for measuring a model that is loaded and warmed up at "
        "start, once there was no request for 5 s. Steps then hold at most the number of rows "
        "beyond which the time per row no longer falls. 0: not measured; steps may hold "
        "max_step_latent_px.",
    )
    max_queued: int = Field(
        default=64, gt=0, description="Largest number of requests waiting for their first step."
    )
    max_decoding: int = Field(
        default=4,
        gt=0,
        description="With this many finished latents waiting for the VAE decoder, no further "
        "denoising step begins.",
    )
    model_memory_bytes: int = Field(
        default=16 * 2**30, gt=0, description="Largest size of all loaded weights, bytes."
    )
    prompt_cache_entries: int = Field(
        default=512, ge=0, description="Prompt embeddings kept per model."
    )
    preview_interval_s: float = Field(
        default=0.5, gt=0, description="Shortest time between two previews of a request, seconds."
    )
    preview_max_side_px: int = Field(
        default=128, ge=16, description="Longer side of a preview, pixels."
    )
    torch_threads: PositiveInt | Literal["all"] | None = Field(
        default=None,
        description="Threads of one CPU operator. all: as many as this process has cores; for "
        "machines with a single replica. None: torch's default, which in a Ray actor is its "
        "num_cpus.",
    )
    warm: bool = Field(
        default=True,
        description="Warm up the models that are loaded at start, by one step and one decode.",
    )

    def find(self, model_id: str) -> ModelEntry | None:
        """The model that serves this id, alias or stand-in id; None if there is none."""
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
