"""From a folder of real files to a runner: what is chosen, what is refused, what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import LCMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion import StableDiffusionSafetyChecker
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from transformers import CLIPConfig, CLIPImageProcessor

from engines.diffusion.backends.whole_call import WholeCallRunner
from engines.diffusion.config import FolderSource, HubSource, LoraEntry, ModelEntry, TinySource
from engines.diffusion.engine import StepEngine
from engines.diffusion.models import sources, tiny
from engines.diffusion.models.attention import use_attention_backend
from engines.diffusion.models.loading import choose_device, choose_dtype, load_runner
from engines.diffusion.sampling.runner import ModelRunner
from engines.errors import Forbidden, GenerationFailed, NotFound
from tests.engines.diffusion.rig import (
    FakeClock,
    RecordingListener,
    drive,
    engine_config,
    request,
    tiny_entry,
)


@pytest.fixture(scope="module")
def models_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders: `plain`, `fp16`, `checked` (with a safety checker), `lcm`, `pickled`, `lora`."""
    root = tmp_path_factory.mktemp("models")
    tiny.build_tiny_pipeline().save_pretrained(root / "plain")
    tiny.build_tiny_pipeline().to(torch.float16).save_pretrained(root / "fp16")
    tiny.build_tiny_pipeline().save_pretrained(root / "pickled", safe_serialization=False)
    save_checked(root / "checked")
    save_lcm(root / "lcm")
    save_lora(root / "lora")
    return root


def save_checked(folder: Path) -> None:
    torch.manual_seed(0)
    vision = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 16,
    }
    pipe = tiny.build_tiny_pipeline()
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, projection_dim=8))
    # Thresholds below every cosine: whatever it sees is flagged.
    checker.concept_embeds_weights.data.fill_(-2.0)
    size = {"height": 32, "width": 32}
    extractor = CLIPImageProcessor(size=size, crop_size=size)
    components = {**pipe.components, "safety_checker": checker, "feature_extractor": extractor}
    StableDiffusionPipeline(**components).save_pretrained(folder)


def save_lcm(folder: Path) -> None:
    pipe = tiny.build_tiny_pipeline()
    unet = UNet2DConditionModel.from_config(pipe.unet.config, time_cond_proj_dim=8)
    scheduler = LCMScheduler.from_config(pipe.scheduler.config)
    components = {**pipe.components, "unet": unet, "scheduler": scheduler}
    StableDiffusionPipeline(**components, requires_safety_checker=False).save_pretrained(folder)


def save_lora(folder: Path) -> None:
    torch.manual_seed(5)
    unet = tiny.build_tiny_pipeline().unet
    unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"], init_lora_weights=False))
    StableDiffusionPipeline.save_lora_weights(folder, get_peft_model_state_dict(unet))


def entry(path: str, **changes: Any) -> ModelEntry:
    return tiny_entry(source=FolderSource(path=path), **changes)


def load(models_root: Path, path: str, **changes: Any) -> Any:
    wanted = entry(path, **changes)
    return load_runner(wanted, engine_config(wanted), models_root)


def heard_of(models_root: Path, wanted: ModelEntry, **changes: Any) -> RecordingListener:
    engine = StepEngine(engine_config(wanted), FakeClock(), models_root)
    listener = RecordingListener()
    engine.submit(request(**changes), listener)
    drive(engine, [listener])
    engine.shutdown()
    return listener


class TestFolders:
    def test_a_folder_serves_what_was_saved(self, models_root: Path) -> None:
        listener = heard_of(models_root, entry("plain"))
        built = heard_of(models_root, tiny_entry())
        assert listener.image is not None
        assert built.image is not None
        assert (listener.image.pixels == built.image.pixels).all()
        assert str(listener.image.revision).startswith("sha256:")

    def test_half_precision_files_are_served_in_float32_on_the_cpu(self, models_root: Path) -> None:
        runner = load(models_root, "fp16")
        assert runner.family.pipe.unet.dtype == torch.float32
        assert runner.info.memory_bytes == load(models_root, "plain").info.memory_bytes

    def test_pickled_weights_are_refused(self, models_root: Path) -> None:
        with pytest.raises(GenerationFailed, match="cannot be loaded"):
            load(models_root, "pickled")

    def test_an_absent_folder_is_not_found(self, models_root: Path) -> None:
        with pytest.raises(NotFound, match="nowhere"):
            load(models_root, "nowhere")

    def test_the_noise_scheduler_is_the_entry_s(self, models_root: Path) -> None:
        runner = load(models_root, "plain", noise_scheduler="unipc")
        assert runner.info.noise_scheduler == "UniPCMultistepScheduler"

    def test_a_model_that_takes_guidance_as_an_input_is_called_whole(
        self, models_root: Path
    ) -> None:
        assert isinstance(load(models_root, "lcm"), WholeCallRunner)
        assert isinstance(load(models_root, "plain"), ModelRunner)
        listener = heard_of(models_root, entry("lcm"), num_inference_steps=2)
        assert listener.image is not None
        assert listener.steps == [1, 2]

    def test_vae_options_are_set(self, models_root: Path) -> None:
        runner = load(models_root, "plain", vae={"tiling": True, "slicing": True})
        vae = runner.family.pipe.vae
        assert (vae.use_tiling, vae.use_slicing) == (True, True)


class TestSafetyChecker:
    def test_off_is_not_even_loaded(self, models_root: Path) -> None:
        assert load(models_root, "checked").family.pipe.safety_checker is None

    def test_flag_says_and_shows_the_picture(self, models_root: Path) -> None:
        listener = heard_of(models_root, entry("checked", safety_checker="flag"))
        assert listener.image is not None
        assert listener.image.safety == {"policy": "flag", "flagged": True}
        assert listener.image.pixels.std() > 1, "the picture is not blackened"

    def test_block_refuses(self, models_root: Path) -> None:
        listener = heard_of(models_root, entry("checked", safety_checker="block"))
        assert isinstance(listener.error, Forbidden)

    def test_a_policy_for_a_model_without_a_checker_is_refused(self, models_root: Path) -> None:
        with pytest.raises(GenerationFailed, match="no safety checker"):
            load(models_root, "plain", safety_checker="flag")


class TestLora:
    def test_only_who_asks_gets_the_adapter(self, models_root: Path) -> None:
        """In one engine, interleaved; each equals plain diffusers with or without the adapter."""
        lora = LoraEntry(name="style", source=FolderSource(path="lora"), scale=0.8)
        engine = StepEngine(engine_config(entry("plain", loras=(lora,))), FakeClock(), models_root)
        with_it, without = RecordingListener(), RecordingListener()
        engine.submit(request("with", lora="style"), with_it)
        engine.submit(request("without"), without)
        drive(engine, [with_it, without])
        engine.shutdown()
        pipe = tiny.build_tiny_pipeline()
        bare = self.plain(pipe)
        pipe.load_lora_weights(str(models_root / "lora"), adapter_name="style")
        pipe.set_adapters(["style"], [0.8])
        styled = self.plain(pipe)
        assert np.abs(styled - bare).max() > 2
        for listener, expected in ((with_it, styled), (without, bare)):
            assert listener.image is not None
            assert np.abs(listener.image.pixels.astype(int) - expected).max() <= 1

    @staticmethod
    def plain(pipe: Any) -> Any:
        image = pipe(
            "a fox",
            height=64,
            width=64,
            num_inference_steps=3,
            generator=torch.Generator("cpu").manual_seed(1),
        ).images[0]
        return np.asarray(image).astype(int)


class TestAttention:
    @pytest.mark.parametrize("wanted", ["native", "auto"])
    def test_native_and_auto_need_no_note(self, wanted: Any) -> None:
        assert use_attention_backend(tiny.build_tiny_pipeline(), wanted) == ("native", ())

    @pytest.mark.parametrize("wanted", ["xformers", "flash", "sage"])
    def test_what_the_cpu_cannot_do_falls_back_and_is_said(
        self, models_root: Path, wanted: Any
    ) -> None:
        listener = heard_of(models_root, entry("plain", attention_backend=wanted))
        assert listener.image is not None
        (note,) = listener.image.notes
        assert note.startswith(f"attention backend {wanted} is not available")


class TestSources:
    def test_weight_bytes_come_from_the_headers(self, models_root: Path) -> None:
        for folder in ("plain", "fp16"):
            expected = load(models_root, folder).info.memory_bytes
            estimate = sources.weight_bytes(entry(folder), models_root, "cpu")
            assert abs(estimate - expected) < 0.02 * expected

    def test_half_precision_needs_half(self, models_root: Path) -> None:
        whole = sources.weight_bytes(entry("plain"), models_root, "cpu")
        half = sources.weight_bytes(entry("plain", dtype="bfloat16"), models_root, "cpu")
        assert half * 2 == whole

    def test_a_checker_that_is_off_weighs_nothing(self, models_root: Path) -> None:
        off = sources.weight_bytes(entry("checked"), models_root, "cpu")
        on = sources.weight_bytes(entry("checked", safety_checker="flag"), models_root, "cpu")
        assert off == sources.weight_bytes(entry("plain"), models_root, "cpu") < on

    def test_the_grid_is_the_vae_s(self, models_root: Path, tmp_path: Path) -> None:
        assert sources.grid_px(FolderSource(path="plain"), models_root) == 8
        vae = tmp_path / "deep" / "vae"
        vae.mkdir(parents=True)
        (vae / "config.json").write_text('{"block_out_channels": [8, 8, 8, 8, 8, 8]}')
        assert sources.grid_px(FolderSource(path="deep"), tmp_path) == 32
        assert sources.grid_px(HubSource(repository="owner/name"), tmp_path) == 8
        assert sources.grid_px(TinySource(), tmp_path) == 8

    def test_the_revision_is_a_digest_of_the_weights(self, models_root: Path) -> None:
        plain = sources.revision_of(entry("plain"), models_root / "plain")
        assert plain == sources.revision_of(entry("plain"), models_root / "plain")
        assert plain != sources.revision_of(entry("fp16"), models_root / "fp16")


class TestChoices:
    def test_the_cpu_computes_in_float32(self) -> None:
        assert choose_dtype("auto", torch.device("cpu")) == torch.float32
        assert choose_dtype("auto", torch.device("cuda")) == torch.float16
        assert choose_dtype("bfloat16", torch.device("cpu")) == torch.bfloat16

    def test_auto_takes_the_device_that_is_there(self) -> None:
        expected = "cuda" if torch.cuda.is_available() else "cpu"
        assert choose_device("auto").type == expected
        assert choose_device("cpu").type == "cpu"
