"""What a mark says, read by the standard's own library: in PNG, JPEG and WebP."""

from __future__ import annotations

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from c2pa import Reader
from PIL import Image

from engines.datasets.store.copies import Edit
from engines.errors import MarkingFailed
from engines.images.formats.png import without_mark
from engines.images.png_text import read_png_text
from engines.protocols import Storage
from engines.provenance.claims import RECIPE_LABEL, SYNTHETIC, created, recipe_sha256
from engines.provenance.config import MarksConfig
from engines.provenance.identity import SigningIdentity
from engines.provenance.log import LOG_FOLDER, MarkLog
from engines.provenance.marks import Marks
from engines.provenance.signing import C2paSigner
from tests.engines.provenance.conftest import encoded, some_pixels, some_png, some_recipe

BUDGET_BYTES = 4096


def manifest(content: bytes, media_type: str = "image/png") -> dict[str, Any]:
    with Reader(media_type, io.BytesIO(content)) as reader:
        assert reader.get_validation_state() == "Valid"
        active = reader.get_active_manifest()
        assert active is not None
        return active


def assertion(content: bytes, label: str, media_type: str = "image/png") -> Any:
    found = {each["label"]: each["data"] for each in manifest(content, media_type)["assertions"]}
    return found[label]


def test_a_mark_says_that_a_model_made_the_image_and_which(marks: Marks) -> None:
    png, recipe = some_png()
    marked = marks.created("generated/nature/image_1.png", png, recipe)
    (action,) = assertion(marked, "c2pa.actions.v2")["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"] == SYNTHETIC
    assert action["softwareAgent"] == {"name": "inferloop/mini", "version": "0123abc"}
    assert action["when"] == "2026-05-04T03:02:01+00:00"


def test_a_mark_holds_the_digest_of_the_recipe_that_is_in_the_file(marks: Marks) -> None:
    png, recipe = some_png()
    marked = marks.created("generated/nature/image_1.png", png, recipe)
    inside = read_png_text(io.BytesIO(marked))["inferloop.recipe"]
    said = assertion(marked, RECIPE_LABEL)
    assert said["recipe_sha256"] == hashlib.sha256(inside.encode()).hexdigest()
    assert said["pixel_sha256"] == recipe.pixel_sha256
    assert said["image_id"] == "image_1"


def test_a_mark_does_not_tell_the_prompt(marks: Marks) -> None:
    png, recipe = some_png()
    marked = marks.created("generated/nature/image_1.png", png, recipe)
    assert recipe.prompt not in json.dumps(manifest(marked))


def test_what_the_owner_says_about_training_is_in_the_mark(
    signer: C2paSigner, identity: SigningIdentity, log: MarkLog
) -> None:
    config = MarksConfig(generative_training="notAllowed")
    png, recipe = some_png()
    marked = Marks(signer, identity, log, config).created("generated/a.png", png, recipe)
    entries = assertion(marked, "cawg.training-mining")["entries"]
    assert entries["cawg.ai_generative_training"]["use"] == "notAllowed"
    assert entries["cawg.data_mining"]["use"] == "allowed"


def test_the_picture_is_the_same_with_and_without_its_mark(marks: Marks) -> None:
    png, recipe = some_png()
    marked = marks.created("generated/nature/image_1.png", png, recipe)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(marked))), some_pixels())
    assert marked != png
    assert without_mark(marked) == png


def test_two_marks_of_one_image_differ_and_what_they_mark_does_not(marks: Marks) -> None:
    png, recipe = some_png()
    first, second = (marks.created("generated/a.png", png, recipe) for _ in range(2))
    assert first != second
    assert without_mark(first) == without_mark(second)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_mark_is_small_in_every_format(kind: str, signer: C2paSigner) -> None:
    pixels = some_pixels(side=512)
    content, media_type = encoded(pixels, kind), f"image/{kind.lower()}"
    definition = created(some_recipe(pixels), "20260101T000000-0123456789ab-000001", MarksConfig())
    marked = signer.sign(content, media_type, definition)
    assert len(marked) - len(content) <= BUDGET_BYTES
    assert assertion(marked, RECIPE_LABEL, media_type)["image_id"] == "image_1"


def test_an_edit_names_its_source_by_digest_and_keeps_saying_that_it_is_synthetic(
    marks: Marks,
) -> None:
    png, _ = some_png()
    marked = marks.edited("generated/a_1.png", png, Edit("anonymize", "ab" * 32, "image/png", True))
    active = manifest(marked)
    actions = assertion(marked, "c2pa.actions.v2")["actions"]
    assert [each["action"] for each in actions] == ["c2pa.opened", "c2pa.edited"]
    assert actions[1]["digitalSourceType"] == SYNTHETIC
    (parent,) = active["ingredients"]
    assert parent["relationship"] == "parentOf"
    assert parent["instance_id"] == "sha256:" + "ab" * 32
    assert len(marked) - len(png) <= BUDGET_BYTES


def test_an_edit_of_a_real_photograph_is_not_called_synthetic(marks: Marks) -> None:
    png, _ = some_png()
    marked = marks.edited("uploads/a.png", png, Edit("anonymize", "ab" * 32, "image/jpeg", False))
    assert SYNTHETIC not in json.dumps(manifest(marked))


def test_every_mark_is_in_the_log_before_anybody_has_it(marks: Marks, storage: Storage) -> None:
    png, recipe = some_png()
    marked = marks.created("generated/nature/image_1.png", png, recipe)
    segment = assertion(marked, RECIPE_LABEL)["log"]
    (line,) = storage.read(f"{LOG_FOLDER}/{segment}.jsonl").splitlines()
    entry = json.loads(line)
    assert entry["file_sha256"] == hashlib.sha256(marked).hexdigest()
    assert entry["recipe_sha256"] == recipe_sha256(recipe)
    assert entry["key"] == "generated/nature/image_1.png"
    assert recipe.prompt not in line.decode()


def test_threads_that_mark_at_once_do_not_disturb_each_other(marks: Marks) -> None:
    png, recipe = some_png()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: marks.created(f"generated/{n}.png", png, recipe), range(64)))
    assert all(without_mark(each) == png for each in made)
    assert {manifest(each)["title"] for each in made} == {"image_1"}


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"no image at all", b"\0" * 999])
def test_what_is_no_image_cannot_be_marked(content: bytes, signer: C2paSigner) -> None:
    with pytest.raises(MarkingFailed):
        signer.sign(content, "image/png", created(some_png()[1], None, MarksConfig()))
