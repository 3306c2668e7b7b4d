"""`python -m batch.synthesize --spec`: what it reads, what it refuses, and that makers may die."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray.exceptions import RayActorError

from batch.command import run
from batch.declared.actors import RayWorkshop
from batch.declared.config import load_declaration, load_declared_config
from batch.declared.running import prepared, tell
from engines.datasets.spec.plan import DatasetPlan
from engines.datasets.spec.result import DatasetResult
from engines.diffusion.config import ModelEntry
from engines.errors import InvalidParameters, ReplicaLost
from engines.quality.config import QualityConfig
from engines.types import GenerationRequest, StoredImage

YAML = "name: pets\ncount: 3\nattributes: {animal: [fox, cat]}\nprompt: a {animal}\n"
IMAGE = StoredImage("generated/pets/item-00000.png", "m", 7, "", 1)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_declaration_is_read_from_yaml_and_from_json(tmp_path: Path) -> None:
    spec = load_declaration(written(tmp_path, YAML))
    again = load_declaration(written(tmp_path, spec.model_dump_json()))
    assert DatasetPlan(spec).identity == DatasetPlan(again).identity


def test_the_shipped_engine_is_that_of_the_local_service() -> None:
    import yaml

    local = yaml.safe_load(Path("configs/local.yaml").read_text(encoding="utf-8"))
    args = local["applications"][0]["args"]
    config = load_declared_config(None)
    served = args["pools"][0]["engine"]
    assert config.quality == QualityConfig.model_validate(args["quality"])
    entry = ModelEntry.model_validate(served["models"][0])
    assert config.engine.models == (entry,)
    assert config.engine.torch_threads == served["torch_threads"]
    assert config.engine.max_step_latent_px == served["max_step_latent_px"]


def test_the_data_root_is_where_the_service_would_put_it(tmp_path: Path) -> None:
    spec = written(tmp_path, YAML)
    _, _, wiring = prepared(spec, None, None, tmp_path)
    assert wiring.data_root == str(tmp_path / "data")
    _, _, wiring = prepared(spec, None, str(tmp_path / "elsewhere"), tmp_path)
    assert wiring.data_root == str(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (YAML + "colour: red\n", "colour"),
        (YAML.replace("{animal}\n", "{cow}\n"), "cow is not one"),
        ("- a\n", "valid dictionary"),
        ("name: [", "a readable YAML file"),
    ],
)
def test_what_makes_no_sense_ends_with_2_before_any_ray(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    assert run(["--spec", str(written(tmp_path, text))], None) == 2
    assert words in capsys.readouterr().err


def test_without_a_file_there_is_nothing_to_do() -> None:
    with pytest.raises(SystemExit) as ended:
        run([], None)
    assert ended.value.code == 2


def test_the_end_says_what_is_missing() -> None:
    result = DatasetResult("pets", 3, made=2, images_made=7)
    item = DatasetPlan(load_spec()).item(None, 0)
    result.miss(item, {"quality": 2, "privacy": 3})
    stream = io.StringIO()
    assert tell(result, stream) == 1
    assert stream.getvalue() == (
        "short by 1: privacy\nshort: 2 of 3 images in generated/pets, 7 made now\n"
    )


def load_spec() -> Any:
    from engines.datasets.spec.model import DatasetSpec

    return DatasetSpec.model_validate({"name": "pets", "count": 3, "prompt": "a fox"})


class Method:
    """What Ray makes of an actor's method."""

    def __init__(self, answer: Callable[[], StoredImage]) -> None:
        self._answer = answer

    async def remote(self, request: GenerationRequest) -> StoredImage:
        return self._answer()


class MortalMaker:
    """Dies under its first calls, and comes back."""

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths
        self.make = Method(self._answer)

    def _answer(self) -> StoredImage:
        if self.deaths:
            self.deaths -= 1
            raise RayActorError
        return IMAGE


async def ask(*makers: MortalMaker) -> StoredImage:
    workshop = RayWorkshop("m", makers, deaths=3)
    request = DatasetPlan(load_spec()).request(DatasetPlan(load_spec()).item(None, 0), "m")
    return await workshop.make(request)


async def test_what_a_maker_was_at_when_it_died_is_done_again() -> None:
    assert await ask(MortalMaker(2)) == IMAGE


async def test_an_image_under_which_every_maker_dies_ends_the_job() -> None:
    with pytest.raises(ReplicaLost, match="3 times while it made one image"):
        await ask(MortalMaker(9), MortalMaker(9))


def test_an_unreadable_config_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameters, match="engine"):
        load_declared_config(written(tmp_path, "quality: {profile: photo}\n"))
