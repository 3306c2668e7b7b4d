"""Load a model of the config: safetensors weights only, and no code from the repository."""

from __future__ import annotations

import gc
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from diffusers import AutoencoderTiny, DiffusionPipeline

from engines.diffusion.backends.sd import StableDiffusionFamily
from engines.diffusion.backends.sdxl import StableDiffusionXLFamily
from engines.diffusion.backends.whole_call import WholeCallRunner
from engines.diffusion.config import FolderSource, HubSource, TinySource
from engines.diffusion.contract import RunnerInfo
from engines.diffusion.decoding.decode import Decoder
from engines.diffusion.decoding.linear_tail import fold_linear_tail
from engines.diffusion.denoiser.graphs import CudaRecorder, GraphedDenoiser
from engines.diffusion.denoiser.row_parts import RowParts, one_thread_each
from engines.diffusion.denoiser.traced import TracedDenoiser
from engines.diffusion.models import hub, sources
from engines.diffusion.models.attention import use_attention_backend
from engines.diffusion.models.loras import LoraSwitch
from engines.diffusion.models.safety import safety_check
from engines.diffusion.models.threads import choose_threads
from engines.diffusion.sampling import noise_schedules
from engines.diffusion.sampling.runner import ModelRunner
from engines.diffusion.sampling.text import PromptEncoder
from engines.diffusion.sizes import SizeRule
from engines.diffusion.workers import Workers
from engines.errors import GenerationFailed, InferloopError

if TYPE_CHECKING:
    from engines.diffusion.backends.family import Family
    from engines.diffusion.config import EngineConfig, ModelEntry
    from engines.diffusion.contract import AnyRunner

logger = logging.getLogger(__name__)


def load_runner(entry: ModelEntry, config: EngineConfig, models_root: Path) -> AnyRunner:
    """Load the model onto the device. Blocks for seconds to minutes; any thread may call it.

    Raises `NotFound` if the folder or repository does not exist, and `GenerationFailed` if the
    model cannot be loaded.
    """
    if config.torch_threads is not None:
        torch.set_num_threads(choose_threads(config.torch_threads))
    try:
        device = choose_device(config.device)
        pipe, revision = _pipeline(entry, device, models_root)
        return runner_over(pipe.to(device), entry, config, models_root, revision)
    except InferloopError:
        raise
    except (OSError, ValueError, RuntimeError, ImportError, TypeError, KeyError) as error:
        logger.exception("model %s cannot be loaded", entry.id)
        raise GenerationFailed(
            f"Model {entry.id} cannot be loaded ({type(error).__name__})"
        ) from error


def choose_device(wanted: str) -> torch.device:
    """The torch device; "auto" is CUDA if available, else the CPU."""
    if wanted != "auto":
        return torch.device(wanted)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """The dtype of the weights; "auto" is float16 on CUDA, else float32.

    Not bfloat16 on a CPU, because CPUs without bfloat16 units are slower with it than with float32
    (figures in docs/engine.md).
    """
    if wanted == "auto":
        return torch.float16 if device.type == "cuda" else torch.float32
    dtype: torch.dtype = getattr(torch, wanted)
    return dtype


def _pipeline(entry: ModelEntry, device: torch.device, models_root: Path) -> tuple[Any, str | None]:
    dtype = choose_dtype(entry.dtype, device)
    if isinstance(entry.source, TinySource):
        # Imported here: only a config with a tiny model needs it.
        from engines.diffusion.models import tiny

        builders = {"sd": tiny.build_tiny_pipeline, "sdxl": tiny.build_tiny_xl_pipeline}
        pipe = builders[entry.source.family](entry.source.seed).to(dtype)
        return pipe, f"tiny:{entry.source.seed}"
    folder = _folder(entry, entry.source, models_root)
    options: dict[str, Any] = {"variant": getattr(entry.source, "variant", None)}
    index = DiffusionPipeline.load_config(str(folder))
    if entry.safety_checker == "off" and "safety_checker" in index:
        options |= {"safety_checker": None, "requires_safety_checker": False}
    pipe = DiffusionPipeline.from_pretrained(
        str(folder),
        dtype=dtype,
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
        **options,
    )
    return pipe, sources.revision_of(entry, folder)


def _folder(entry: ModelEntry, source: FolderSource | HubSource, models_root: Path) -> Path:
    if isinstance(source, HubSource):
        return hub.pipeline_folder(source, with_safety_checker=entry.safety_checker != "off")
    return sources.folder_of(source, models_root)


def runner_over(
    pipe: Any,
    entry: ModelEntry,
    config: EngineConfig,
    models_root: Path = Path(),
    revision: str | None = None,
) -> AnyRunner:
    """A runner for a loaded diffusers pipeline, which must be on its device and in its dtype.

    Changes the pipeline: its options, memory format and noise scheduler are set from the entry.
    Raises `GenerationFailed` for a safety checker policy or adapters that the pipeline's backend
    does not support.
    """
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = noise_schedules.chosen(entry.noise_scheduler, pipe.scheduler)
    backend, notes = use_attention_backend(pipe, entry.attention_backend)
    if entry.vae.tiling:
        pipe.vae.enable_tiling()
    if entry.vae.slicing:
        pipe.vae.enable_slicing()
    loras = LoraSwitch(pipe, entry.loras, models_root)
    workers = one_thread_each(torch.get_num_threads() if pipe.device.type == "cpu" else 1)
    denoiser, graph_notes = _denoiser(pipe, entry)
    info = RunnerInfo(
        noise_scheduler=type(pipe.scheduler).__name__,
        revision=revision,
        memory_bytes=_memory_bytes(pipe),
        sizes=SizeRule(int(getattr(pipe, "vae_scale_factor", 8)), entry.drawn_sides_px),
        attention_backend=backend,
        notes=(*notes, *graph_notes),
        workers=workers,
    )
    _shape_for_speed(pipe)
    recording = denoiser if isinstance(denoiser, TracedDenoiser) else None
    family = _family(pipe, RowParts(recording, workers) if recording else denoiser)
    if family is None:
        if entry.loras or entry.safety_checker != "off":
            raise GenerationFailed(
                f"{type(pipe).__name__} is called as a whole, so it supports neither adapters "
                "nor a safety checker policy"
            )
        workers.close()  # pipeline calls share components, so they must not run in parallel
        return WholeCallRunner(pipe, replace(info, workers=Workers()), free_memory)
    _compile(pipe.unet, entry)
    check = safety_check(pipe) if entry.safety_checker != "off" else None
    return ModelRunner(
        family,
        pipe.scheduler,
        info,
        PromptEncoder(family, entry.long_prompts, config.prompt_cache_entries),
        Decoder(family.decode, entry.safety_checker, check),
        loras,
        free_memory,
        entry.speed,
        recording,
    )


def _shape_for_speed(pipe: Any) -> None:
    """Make the pipeline faster without changing its results.

    Channels-last convolutions make decoding 1.7 times and small batches 1.3 times faster on a CPU.
    Folding the last layers of an `AutoencoderTiny` makes decoding another 2.8 times faster.
    """
    for name in ("unet", "vae"):
        module = getattr(pipe, name, None)
        if isinstance(module, torch.nn.Module):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # not in its stubs
    vae = getattr(pipe, "vae", None)
    if isinstance(vae, AutoencoderTiny) and vae.dtype == torch.float32:
        vae.decoder.layers = fold_linear_tail(vae.decoder.layers)


def _denoiser(pipe: Any, entry: ModelEntry) -> tuple[Any, tuple[str, ...]]:
    """The UNet or its replacement, and notes for the recipe.

    On a CPU a `TracedDenoiser` if the model allows it; on CUDA a `GraphedDenoiser` if the entry
    asks for one.
    """
    unet = getattr(pipe, "unet", None)
    if unet is None:
        return None, ()
    if entry.cuda_graph_rows == 0:
        return (TracedDenoiser(unet, entry.backend) if _is_traceable(pipe, entry) else unet), ()
    if pipe.device.type != "cuda":
        note = f"CUDA graphs need CUDA, the device is {pipe.device.type}; steps run without them"
        logger.warning(note)
        return unet, (note,)
    return GraphedDenoiser(unet, CudaRecorder(), entry.cuda_graph_rows), ()


def _is_traceable(pipe: Any, entry: ModelEntry) -> bool:
    """Whether the UNet may be recorded: a recording could follow neither changes of weights by
    adapters nor torch.compile."""
    return pipe.device.type == "cpu" and not entry.loras and entry.torch_compile == "off"


def _compile(unet: Any, entry: ModelEntry) -> None:
    """Compile as the entry says, with dynamic shapes: the number of rows changes from step to
    step, and each would be compiled separately."""
    if entry.torch_compile == "off":
        return
    compile_ = unet.compile if entry.compile_scope == "denoiser" else unet.compile_repeated_blocks
    compile_(backend=entry.compile_backend, mode=entry.torch_compile, dynamic=True)


def _family(pipe: Any, denoiser: Any) -> Family | None:
    """The pipeline's family; None if its steps cannot be batched."""
    unet_config = getattr(getattr(pipe, "unet", None), "config", None)
    if unet_config is None or unet_config.time_cond_proj_dim is not None:
        return None
    if type(pipe).__name__ == "StableDiffusionPipeline":
        masked = getattr(pipe.text_encoder.config, "use_attention_mask", False)
        return None if masked else StableDiffusionFamily(pipe, denoiser)
    if type(pipe).__name__ == "StableDiffusionXLPipeline" and pipe.text_encoder is not None:
        return StableDiffusionXLFamily(pipe, denoiser)
    return None


def _memory_bytes(pipe: Any) -> int:
    """Bytes of all weights and buffers of the pipeline."""
    modules = [each for each in pipe.components.values() if isinstance(each, torch.nn.Module)]
    tensors = [
        *(p for m in modules for p in m.parameters()),
        *(b for m in modules for b in m.buffers()),
    ]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def free_memory() -> None:
    """Free the memory of a closed model: Python's reference cycles and CUDA's cached blocks."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
