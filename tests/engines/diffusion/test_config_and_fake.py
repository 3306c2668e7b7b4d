"""The config refuses what cannot be meant; the fake engine is the real one without a model."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from engines.diffusion.config import (
    EngineConfig,
    FolderSource,
    HubSource,
    LoraEntry,
    ModelEntry,
    TinySource,
)
from engines.errors import Canceled, NotFound
from engines.testing.diffusion import FakeEngine, fake_picture
from tests.engines.diffusion.rig import RecordingListener, request, tiny_entry
from tests.waiting import wait_for


class TestConfig:
    @pytest.mark.parametrize(
        ("source", "kind"),
        [
            ({"kind": "folder", "path": "mini"}, FolderSource),
            ({"kind": "hub", "repository": "a/b", "revision": "main"}, HubSource),
            ({"kind": "tiny"}, TinySource),
        ],
    )
    def test_the_source_is_chosen_by_its_kind(self, source: dict[str, str], kind: type) -> None:
        assert isinstance(ModelEntry.model_validate({"id": "m", "source": source}).source, kind)

    @pytest.mark.parametrize(
        "change",
        [
            {"source": {"kind": "pickle", "path": "x"}},
            {"source": {"kind": "folder", "path": "x", "trust_remote_code": True}},
            {"noise_scheduler": "magic"},
            {"dtype": "int8"},
            {"safety_checker": "maybe"},
            {"unknown": 1},
            {"defaults": {"width": 100}},
            {"defaults": {"num_inference_steps": 151}},
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, change: dict[str, Any]) -> None:
        fields = {"id": "m", "source": {"kind": "tiny"}} | change
        with pytest.raises(ValidationError):
            ModelEntry.model_validate(fields)

    @pytest.mark.parametrize("field", ["aliases", "stand_in_for"])
    def test_no_two_models_share_a_name(self, field: str) -> None:
        with pytest.raises(ValidationError, match="listed twice"):
            EngineConfig(models=(tiny_entry(id="a"), tiny_entry(None, id="b", **{field: ("a",)})))

    def test_no_two_adapters_share_a_name(self) -> None:
        lora = LoraEntry(name="style", source=FolderSource(path="x"))
        with pytest.raises(ValidationError, match="same name"):
            tiny_entry(loras=(lora, lora))

    def test_any_name_finds_the_model(self) -> None:
        config = EngineConfig(models=(tiny_entry(aliases=("x",), stand_in_for=("y",)),))
        assert {config.find(name) for name in ("tiny", "x", "y")} == {config.models[0]}
        assert config.find("z") is None

    @pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1"])
    def test_devices(self, device: str) -> None:
        assert EngineConfig(models=(tiny_entry(),), device=device).device == device

    @pytest.mark.parametrize("device", ["gpu", "cuda:x", ""])
    def test_devices_that_are_none(self, device: str) -> None:
        with pytest.raises(ValidationError):
            EngineConfig(models=(tiny_entry(),), device=device)

    def test_it_survives_json_and_is_frozen(self) -> None:
        config = EngineConfig(models=(tiny_entry("euler"),))
        assert EngineConfig.model_validate_json(config.model_dump_json()) == config
        with pytest.raises(ValidationError):
            config.device = "cuda"  # type: ignore[misc]

    def test_every_field_is_described(self) -> None:
        schema = TypeAdapter(EngineConfig).json_schema()
        for definition in (schema, *schema["$defs"].values()):
            for name, field in definition["properties"].items():
                plain = {"kind", "source", "defaults", "vae"}
                assert "description" in field or name in plain, name


class TestFakeEngine:
    def test_it_serves_the_reference_s_default_model(self) -> None:
        engine = FakeEngine()
        engine.start()
        listener = RecordingListener()
        wanted = request(model_id="runwayml/stable-diffusion-v1-5", width=96, previews=True)
        engine.submit(wanted, listener)
        wait_for(lambda: listener.ended)
        assert listener.image is not None
        assert listener.steps == [1, 2, 3]
        assert listener.events[0].preview_jpeg is not None
        assert (listener.image.pixels == fake_picture(wanted)).all()
        assert listener.image.pixels.shape == (64, 96, 3)
        assert "stood in" in listener.image.notes[0]
        engine.shutdown()

    def test_slow_steps_can_be_canceled(self) -> None:
        engine = FakeEngine(step_s=0.01)
        engine.start()
        listener = RecordingListener()
        engine.submit(request(model_id="inferloop-fake", num_inference_steps=150), listener)
        wait_for(lambda: len(listener.events) >= 2)
        engine.cancel("image")
        wait_for(lambda: listener.ended)
        assert isinstance(listener.error, Canceled)
        engine.shutdown()

    def test_another_config_s_sources_are_not_looked_at(self) -> None:
        entry = ModelEntry(id="far", source=HubSource(repository="a/b"), load_at_start=True)
        engine = FakeEngine(config=EngineConfig(models=(entry,)))
        engine.start()
        assert engine.stats().models_loaded == ("far",)
        with pytest.raises(NotFound):
            engine.submit(request(model_id="near"), RecordingListener())
        engine.shutdown()

    def test_pictures_differ_by_prompt_and_seed(self) -> None:
        pictures = [
            fake_picture(request()),
            fake_picture(request(seed=2)),
            fake_picture(request(prompt="b")),
            fake_picture(request(negative_prompt="b")),
        ]
        assert len({picture.tobytes() for picture in pictures}) == 4

    def test_it_loads_no_torch(self) -> None:
        code = (
            "import sys; from engines.testing.diffusion import FakeEngine; "
            "engine = FakeEngine(); engine.start(); engine.shutdown(); "
            "assert not {'torch', 'diffusers', 'ray'} & sys.modules.keys()"
        )
        subprocess.run([sys.executable, "-c", code], check=True)
