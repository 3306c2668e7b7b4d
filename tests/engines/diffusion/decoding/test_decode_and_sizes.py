"""The last steps to the picture: rounding, safety, NaN, the exact size; and previews on the way."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.image_processor import VaeImageProcessor
from PIL import Image

from engines.diffusion.decoding.decode import Decoder, to_pixels
from engines.diffusion.decoding.previews import LatentPreviewer
from engines.diffusion.decoding.thumbnails import thumbnail
from engines.diffusion.models.tiny import build_tiny_pipeline
from engines.diffusion.sampling.trajectory import Trajectory
from engines.diffusion.scheduling.scheduler import LaneKey
from engines.diffusion.sizes import SizeRule, crop_center, plan, round_up
from engines.errors import Forbidden, GenerationFailed
from tests.engines.diffusion.rig import request


def gray(latents: torch.Tensor) -> torch.Tensor:
    return torch.zeros((1, 3, latents.shape[2] * 8, latents.shape[3] * 8))


def nested(height: int, width: int) -> Any:
    return np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)


class TestSizes:
    @pytest.mark.parametrize(("size", "grid", "up"), [(512, 32, 512), (520, 32, 544), (64, 8, 64)])
    def test_round_up(self, size: int, grid: int, up: int) -> None:
        assert round_up(size, grid) == up

    def test_crop_takes_the_middle(self) -> None:
        whole = nested(8, 8)
        assert (crop_center(whole, 4, 6) == whole[2:6, 1:7]).all()
        assert crop_center(whole, 8, 8).shape == (8, 8, 3)

    def test_an_odd_pixel_goes_at_the_right_and_bottom(self) -> None:
        whole = nested(5, 5)
        assert (crop_center(whole, 4, 2) == whole[0:4, 1:3]).all()

    @pytest.mark.parametrize(
        ("asked", "drawn"),
        [
            ((512, 512), (512, 512)),
            ((512, 768), (512, 768)),
            ((640, 480), (704, 512)),
            ((64, 64), (512, 512)),
            ((128, 160), (512, 640)),
            ((1024, 1024), (512, 512)),
            ((64, 1024), (512, 768)),
        ],
    )
    def test_every_size_is_drawn_with_the_short_side_that_was_trained(
        self, asked: tuple[int, int], drawn: tuple[int, int]
    ) -> None:
        rule = SizeRule(32, (512, 768))
        assert rule.drawn(*asked) == drawn
        whole = np.zeros((*drawn, 3), np.uint8)
        pixels, note = rule.fitted(whole, *asked)
        assert pixels.shape == (*asked, 3)
        assert (note is None) == (asked == drawn)

    def test_a_scaled_picture_shows_the_whole_drawing(self) -> None:
        drawing = np.zeros((256, 256, 3), np.uint8)
        drawing[:128, :128] = 255
        small, note = SizeRule(32, (512, 768)).fitted(drawing, 64, 64)
        assert note == "generated at 256x256 and scaled to 64x64"
        assert small[8, 8].tolist() == [255, 255, 255]
        assert small[56, 56].tolist() == [0, 0, 0]
        assert abs(float(small.mean()) - float(drawing.mean())) < 2

    def test_sizes_that_are_made_alike_share_a_lane(self) -> None:
        first, cost_px = plan(request(width=520, height=512), "m", SizeRule(32))
        second, _ = plan(request(width=544, height=488), "m", SizeRule(32))
        assert first == second == LaneKey("m", None, 512, 544)
        assert cost_px == 2 * 16 * 17

    @pytest.mark.parametrize(("guidance", "rows"), [(0.0, 1), (1.0, 1), (1.01, 2), (30.0, 2)])
    def test_guidance_doubles_the_rows(self, guidance: float, rows: int) -> None:
        assert plan(request(guidance_scale=guidance), "m", SizeRule(8))[1] == rows * 64

    def test_an_adapter_has_a_lane_of_its_own(self) -> None:
        assert (
            plan(request(lora="oil"), "m", SizeRule(8))[0] != plan(request(), "m", SizeRule(8))[0]
        )


class TestDecoder:
    def test_rounds_as_diffusers_does(self) -> None:
        picture = torch.linspace(-1.2, 1.2, 3 * 64).reshape(1, 3, 8, 8)
        theirs = VaeImageProcessor().postprocess(picture, output_type="pil")[0]
        assert (to_pixels(picture) == np.asarray(theirs)).all()

    def test_a_crop_is_noted(self) -> None:
        image = Decoder(gray).decode(torch.zeros((1, 4, 8, 9)), 64, 70)
        assert image.pixels.shape == (64, 70, 3)
        assert image.notes == ("generated at 72x64 and cropped from the center to 70x64",)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_latents_that_are_not_finite_are_no_picture(self, value: float) -> None:
        latents = torch.zeros((1, 4, 8, 8))
        latents[0, 1, 2, 3] = value
        with pytest.raises(GenerationFailed, match="NaN"):
            Decoder(gray).decode(latents, 64, 64)

    @pytest.mark.parametrize("flagged", [True, False])
    def test_flag_says_and_passes(self, flagged: bool) -> None:
        image = Decoder(gray, "flag", lambda pixels: flagged).decode(
            torch.zeros((1, 4, 8, 8)), 64, 64
        )
        assert image.safety == {"policy": "flag", "flagged": flagged}
        assert (image.pixels == 128).all()

    def test_block_refuses(self) -> None:
        with pytest.raises(Forbidden, match="safety checker"):
            Decoder(gray, "block", lambda pixels: True).decode(torch.zeros((1, 4, 8, 8)), 64, 64)

    def test_block_lets_the_harmless_pass(self) -> None:
        image = Decoder(gray, "block", lambda pixels: False).decode(
            torch.zeros((1, 4, 8, 8)), 64, 64
        )
        assert image.safety == {"policy": "block", "flagged": False}

    def test_a_policy_without_a_checker_is_refused(self) -> None:
        with pytest.raises(GenerationFailed, match="no safety checker"):
            Decoder(gray, "flag", None)


class TestPreviews:
    def previewer(self, **config: Any) -> LatentPreviewer:
        """Over a decoder that is linear in the first three channels."""
        pipe = build_tiny_pipeline()
        scheduler: Any = type(pipe.scheduler).from_config(pipe.scheduler.config, **config)

        def decode(latents: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.interpolate(latents[:, :3] / 2 + 0.1, scale_factor=8)

        return LatentPreviewer(decode, 4, scheduler, torch.empty(0))

    def trajectory(self, latents: torch.Tensor) -> Trajectory:
        prompt: Any = None
        generator = torch.Generator("cpu")
        return Trajectory(request(), latents, prompt, None, generator, None, None)

    def test_the_colors_are_those_of_the_decoder(self) -> None:
        latents = torch.zeros((1, 4, 8, 8))
        latents[0, 0], latents[0, 1], latents[0, 2] = 1.0, 0.0, -1.0
        jpeg = self.previewer().jpeg(self.trajectory(latents), 64)
        with Image.open(io.BytesIO(jpeg)) as picture:
            color = np.asarray(picture)[32, 32].astype(int)
        assert np.abs(color - [204, 140, 77]).max() <= 3

    @pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
    def test_the_estimate_is_the_clean_picture_for_a_perfect_model(self, kind: str) -> None:
        previewer = self.previewer(prediction_type=kind)
        clean, noise = torch.full((1, 4, 8, 8), 0.8), torch.randn((1, 4, 8, 8))
        alpha = previewer._alphas_cumprod[500]
        trajectory = self.trajectory(noise)
        trajectory.model_input = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        trajectory.predicted_at = 500.0
        trajectory.model_output = {
            "epsilon": noise,
            "v_prediction": alpha.sqrt() * noise - (1 - alpha).sqrt() * clean,
            "sample": clean,
        }[kind]
        torch.testing.assert_close(previewer._estimate(trajectory), clean, rtol=1e-3, atol=1e-3)

    def test_nan_is_a_picture_too(self) -> None:
        latents = torch.full((1, 4, 8, 8), float("nan"))
        assert self.previewer().jpeg(self.trajectory(latents), 32)

    @pytest.mark.parametrize(
        ("size", "expected"), [((64, 128), (32, 16)), ((128, 64), (16, 32)), ((1, 900), (32, 1))]
    )
    def test_thumbnails_keep_the_shape(
        self, size: tuple[int, int], expected: tuple[int, int]
    ) -> None:
        with Image.open(io.BytesIO(thumbnail(nested(*size), 32))) as picture:
            assert picture.size == expected
