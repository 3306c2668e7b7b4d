"""Job files, settings, and what the command line says of wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from ray.exceptions import RayError

from batch import command, synthesize
from batch.config import JobConfig, load_config
from batch.declared.config import DeclaredConfig, load_declared_config
from batch.settings import JobSettings
from batch.wiring import JobWiring
from engines.errors import Conflict, InvalidParameters, NotFound, StorageFailed

MakeConfig = Callable[..., JobConfig]
Load = Callable[[Path], JobConfig | DeclaredConfig]
ROOT = Path(__file__).resolve().parents[2]
COPY = Path("/tmp/ray/session_1/runtime_resources/working_dir_files/_ray_pkg_ab")


def write(folder: Path, body: dict[str, Any]) -> Path:
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump(body), encoding="utf-8")
    return path


def test_a_job_file_reads_back(tmp_path: Path, make_config: MakeConfig) -> None:
    config = make_config(tries={"images": 5})
    assert load_config(write(tmp_path, config.model_dump(mode="json"))) == config


def test_the_examples_load() -> None:
    config = load_config(ROOT / "batch" / "example.yaml")
    assert config.model_id == "inferloop/inferloop-mini"


@pytest.mark.parametrize(
    ("parts", "parameter"),
    [
        ({"shards": 3}, "shards"),
        ({"name": "a/b"}, "name"),
        ({"output": {"root": "/x", "format": "zip"}}, "output.format"),
        ({"defaults": {"width": 100}}, "defaults.width"),
        ({"resources": {"in_flight": 65}}, "config"),
        ({"input": {"kind": "grid", "templates": []}}, "input.grid.templates"),
    ],
)
def test_a_wrong_field_is_named(
    tmp_path: Path, make_config: MakeConfig, parts: dict[str, Any], parameter: str
) -> None:
    body = make_config().model_dump(mode="json") | parts
    with pytest.raises(InvalidParameters) as raised:
        load_config(write(tmp_path, body))
    assert raised.value.faults[0].parameter == parameter


HUB = {"kind": "hub", "repository": "a/b"}


@pytest.mark.parametrize("revision", [None, "main", "v1.0", "451f4fe"])
@pytest.mark.parametrize("load", [load_config, load_declared_config])
def test_a_hub_model_that_could_change_is_refused_as_by_the_service(
    tmp_path: Path, make_config: MakeConfig, load: Load, revision: str | None
) -> None:
    model = {"id": "a/b", "source": {**HUB, "revision": revision}}
    body: dict[str, Any] = {"engine": {"models": [model]}}
    if load is load_config:
        body = make_config().model_dump(mode="json") | body
    with pytest.raises(InvalidParameters, match="must be a commit of a/b"):
        load(write(tmp_path, body))
    load(write(tmp_path, {**body, "allow_unpinned_models": True}))


def test_the_job_of_the_cluster_names_its_model_by_a_commit() -> None:
    config = load_config(ROOT / "k8s" / "batch" / "job.yaml")
    assert not config.allow_unpinned_models


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\x00", None])
def test_what_is_no_yaml_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "job.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidParameters, match="a readable YAML file"):
        load_config(path)


def test_an_output_is_where_every_process_finds_it() -> None:
    cwd = Path("/home/me/inferloop")
    nothing_said = JobSettings(data_root=None)
    assert nothing_said.absolute("datasets/a", cwd) == "/home/me/inferloop/data/datasets/a"
    assert nothing_said.absolute("/big/a/", cwd) == "/big/a"
    assert nothing_said.absolute("s3://bucket/a/", COPY) == "s3://bucket/a"
    assert nothing_said.absolute_data_root(cwd) is None
    folder = JobSettings(data_root="/data")
    assert folder.absolute("datasets/a", COPY) == "/data/datasets/a"
    assert folder.absolute_data_root(COPY) == "/data"
    bucket = JobSettings(data_root="s3://bucket/root/")
    assert bucket.absolute("datasets/a", COPY) == "s3://bucket/root/datasets/a"
    assert bucket.absolute_data_root(COPY) == "s3://bucket/root"


def test_a_submitted_job_may_not_write_into_rays_copy() -> None:
    with pytest.raises(InvalidParameters, match="Ray deletes the folder in which a job runs"):
        JobSettings(data_root=None).absolute("datasets/a", COPY)


def test_models_are_found_from_anywhere() -> None:
    settings = JobSettings(models_root=Path("models"))
    assert settings.absolute_models_root(Path("/x")) == Path("/x/models")
    assert JobSettings(models_root=Path("/m")).absolute_models_root(COPY) == Path("/m")


def test_the_environment_is_read_by_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERLOOP_DATA_ROOT", "/shared")
    monkeypatch.setenv("INFERLOOP_MODELS_ROOT", "/weights")
    settings = JobSettings()
    assert (settings.data_root, settings.models_root) == ("/shared", Path("/weights"))


def test_a_job_is_put_together_from_file_and_environment(
    tmp_path: Path, make_config: MakeConfig
) -> None:
    config = make_config(output={"root": "datasets/a"})
    job = command.make_job(config, JobSettings(data_root=str(tmp_path)), tmp_path)
    assert isinstance(job.wiring, JobWiring)
    assert job.wiring.output_root == f"{tmp_path}/datasets/a"
    assert job.wiring.data_root == str(tmp_path)


def test_another_output_may_be_given(make_config: MakeConfig) -> None:
    assert command.with_output(make_config(), "/b").output.root == "/b"
    assert command.with_output(make_config(), None) == make_config()


def test_a_wrong_job_ends_with_two_before_ray_starts(
    tmp_path: Path, make_config: MakeConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    body = make_config(input={"kind": "file", "path": "absent.jsonl"}).model_dump(mode="json")
    assert synthesize.main(["--config", str(write(tmp_path, body))]) == 2
    assert "input.path must be an existing file" in capsys.readouterr().err


def test_a_profile_that_is_not_there_is_told_before_anything_is_made(
    tmp_path: Path, make_config: MakeConfig
) -> None:
    settings = JobSettings(data_root=str(tmp_path))
    for parts in ({"compare_profile": "nobody"}, {"defaults": {"profile": "nobody"}}):
        with pytest.raises(NotFound, match="nobody"):
            command.make_job(make_config(**parts), settings, tmp_path)
    command.make_job(make_config(compare_profile="sample_photos"), settings, tmp_path)


def test_a_profile_for_each_model_is_refused_because_no_job_reads_it(
    make_config: MakeConfig,
) -> None:
    by_model = {"quality": {"profile_by_model": {"m": "graphic"}}}
    with pytest.raises(ValidationError, match=r"set quality\.profile"):
        make_config(checks=by_model)


def test_what_stops_a_job_tells_whether_to_submit_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.stopped_by(Conflict("The output holds another job")) == 2
    assert "submit" not in capsys.readouterr().err
    assert command.stopped_by(StorageFailed("The bucket is away")) == 1
    assert "submit the job again" in capsys.readouterr().err


def test_an_engine_that_cannot_start_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    remote = "The actor died in its creation task\n  File ...\nNotFound: model folder not found: x"
    assert command.lost_to(RayError(remote)) == 1
    said = capsys.readouterr().err
    assert said == "error: the pipeline broke: NotFound: model folder not found: x\n"
