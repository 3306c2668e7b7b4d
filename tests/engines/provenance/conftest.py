"""A data root, and a new development key for this test run."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from engines.datasets.recipes.png import encode_with_recipe, pixel_sha256
from engines.datasets.recipes.recipe import Recipe, RecipeParameters
from engines.protocols import Storage
from engines.provenance.config import MarksConfig
from engines.provenance.development import identity_in, new_bundle
from engines.provenance.identity import SigningIdentity
from engines.provenance.log import MarkLog
from engines.provenance.marks import Marks
from engines.provenance.signing import C2paSigner
from engines.storage.folder.storage import FolderStorage

if TYPE_CHECKING:
    from engines.types import Pixels

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def some_pixels(seed: int = 0, side: int = 64) -> Pixels:
    draw = np.random.default_rng(seed).integers(0, 255, (side, side, 3))
    return draw.astype(np.uint8)


def some_recipe(pixels: Pixels) -> Recipe:
    side = len(pixels)
    parameters = RecipeParameters("runwayml/stable-diffusion-v1-5", side, side, 4, 5.0, 42)
    return Recipe(
        image_id="image_1",
        prompt="Ms Rosa Example in front of her house",
        negative_prompt=None,
        parameters=parameters,
        served_model="inferloop/mini",
        revision="0123abc",
        noise_scheduler="DDIMScheduler",
        created_at=NOW,
        pixel_sha256=pixel_sha256(pixels),
        dataset="nature",
    )


def some_png(seed: int = 0, side: int = 64) -> tuple[bytes, Recipe]:
    pixels = some_pixels(seed, side)
    recipe = some_recipe(pixels)
    return encode_with_recipe(pixels, recipe), recipe


def encoded(pixels: Pixels, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


@pytest.fixture(scope="session")
def bundle() -> str:
    return new_bundle()


@pytest.fixture(scope="session")
def identity(bundle: str) -> SigningIdentity:
    return identity_in(bundle)[0]


@pytest.fixture(scope="session")
def signer(identity: SigningIdentity) -> C2paSigner:
    return C2paSigner(identity)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return FolderStorage(tmp_path / "root")


@pytest.fixture
def log(storage: Storage) -> MarkLog:
    return MarkLog(storage)


@pytest.fixture
def marks(signer: C2paSigner, identity: SigningIdentity, log: MarkLog) -> Marks:
    return Marks(signer, identity, log, MarksConfig())
