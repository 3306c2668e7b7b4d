"""The start, up to the moment at which Ray would start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml

from deployments.local import serving

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
PREPARE = """
import json, os
from deployments.local.serving import prepare_environment
from deployments.settings import Settings
from local_ray.environment import closed_ray
os.environ.update(closed_ray(os.environ))
key, made = prepare_environment(Settings())
print(json.dumps({"key": key, "made": made, "environment": dict(os.environ)}))
"""


def prepared(tmp_path: Path, **environment: str) -> dict[str, object]:
    """What a start from another folder leaves in the environment; a process of its own, because
    that is what it changes."""
    done = subprocess.run(
        [sys.executable, "-c", PREPARE],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def environment_of(found: dict[str, object]) -> dict[str, str]:
    environment = found["environment"]
    assert isinstance(environment, dict)
    return environment


def test_a_key_is_made_once_where_there_is_none(tmp_path: Path) -> None:
    first, second = prepared(tmp_path), prepared(tmp_path)
    assert (first["made"], second["made"]) == (True, False)
    assert first["key"] == second["key"] == environment_of(second)["INFERLOOP_API_KEYS"]


def test_a_given_key_is_taken(tmp_path: Path) -> None:
    found = prepared(tmp_path, INFERLOOP_API_KEYS="mine,yours")
    assert (found["key"], found["made"]) == ("mine", False)
    assert not (tmp_path / ".local/state/inferloop/api_key").exists()


def test_rays_processes_find_everything_from_any_folder(tmp_path: Path) -> None:
    environment = environment_of(prepared(tmp_path, INFERLOOP_DATA_ROOT="here"))
    assert environment["INFERLOOP_DATA_ROOT"] == str(tmp_path / "here")
    assert environment["INFERLOOP_MODELS_ROOT"] == str(ROOT / "models")
    assert environment["PYTHONPATH"].split(":")[0] == str(ROOT)


def test_ray_is_closed_before_it_starts(tmp_path: Path) -> None:
    """What Ray reads while it is imported, so nothing that the launcher imports may import it; nor
    what only the service needs, because everybody waits for the launcher."""
    code = (
        "import sys, deployments.local.launch\n"
        "heavy = {'ray', 'fastapi', 'torch', 'numpy'} & set(sys.modules)\n"
        "import batch.synthesize\n"
        "sys.exit(f'imported: {heavy}' if heavy or 'ray' in sys.modules else 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("module", ["deployments.local.launch", "batch.synthesize"])
def test_who_asks_for_an_open_ray_is_told_why_there_is_none(tmp_path: Path, module: str) -> None:
    config = "batch/example.yaml" if module.startswith("batch") else "configs/local.yaml"
    done = subprocess.run(
        [sys.executable, "-m", module, "--config", str(ROOT / config)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "RAY_AUTH_MODE": "disabled"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "RAY_AUTH_MODE=disabled is set" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_config_is_named_before_ray_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = yaml.safe_load((ROOT / "configs" / "local.yaml").read_text(encoding="utf-8"))
    document["applications"][0]["args"]["pools"][0]["engine"]["max_qeued"] = 3
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert serving.main(["--ray-folder", str(tmp_path), "--config", str(path)]) == 2
    said = capsys.readouterr().err
    assert str(path) in said
    assert "max_qeued" in said


WRONG_CONFIGS = [
    "{",
    "",
    "[]",
    "a: 1",
    "applications: []",
    "applications: [{}]",
    "\0",
    "a: 1\na: 2",
]


@pytest.mark.parametrize("text", WRONG_CONFIGS)
def test_whatever_is_no_config_is_named(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    assert serving.main(["--ray-folder", str(tmp_path), "--config", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}: ")


def test_a_file_that_is_no_text_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert serving.main(["--ray-folder", str(tmp_path), "--config", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("variable", "value", "module"),
    [
        ("INFERLOOP_PORT", "abc", "launch"),
        ("INFERLOOP_S3_EXPORT_BUCKETS", "No Bucket", "launch"),
        ("INFERLOOP_EDGE_STALL_S", "-1", "serving"),
    ],
)
def test_a_wrong_variable_is_named_without_a_traceback(
    variable: str, value: str, module: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"deployments.local.{module}"]
        + (["--ray-folder", str(tmp_path)] if module == "serving" else []),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), variable: value},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("The service does not start: ")
    assert variable in done.stderr
    assert "Traceback" not in done.stderr


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "deployments.local.serving", "--ray-folder", str(tmp_path)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "INFERLOOP_STATE_DIR": str(tmp_path / "file" / "state")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("The service does not start: ")
    assert str(tmp_path / "file") in done.stderr


def test_a_short_key_is_refused_before_ray_starts_where_strangers_reach_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deployments.local.launch"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "INFERLOOP_HOST": "0.0.0.0",
            "INFERLOOP_API_KEYS": "hunter2",
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "16" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Ray" not in done.stdout


def test_a_missing_secret_of_webhooks_is_named_before_ray_starts(tmp_path: Path) -> None:
    document = yaml.safe_load((ROOT / "configs" / "local.yaml").read_text(encoding="utf-8"))
    api = document["applications"][0]["args"].setdefault("api", {})
    api["webhooks"] = {"allowed_hosts": ["hooks.example.com"]}
    (tmp_path / "hooks.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    options = ["--ray-folder", str(tmp_path / "ray"), "--config", str(tmp_path / "hooks.yaml")]
    done = subprocess.run(
        [sys.executable, "-m", "deployments.local.serving", *options],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "INFERLOOP_WEBHOOK_SECRET must be set" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Ray" not in done.stdout


def test_a_keys_file_is_found_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("keys: []")
    found = prepared(tmp_path, INFERLOOP_API_KEYS_FILE="keys")
    assert environment_of(found)["INFERLOOP_API_KEYS_FILE"] == str(tmp_path / "keys")
    assert (found["key"], found["made"]) == ("", False)


def test_an_absent_config_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        serving.main(["--ray-folder", str(tmp_path), "--config", str(tmp_path / "none.yaml")]) == 2
    )
    assert "none.yaml" in capsys.readouterr().err


def test_the_end_of_the_input_asks_for_the_end_and_what_is_written_to_it_does_not() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as input_, os.fdopen(writing, "w") as output:
        asked = threading.Event()
        assert serving.stop_at_end_of_input(input_, asked) is asked
        output.write("hello\n")
        output.flush()
        assert not asked.wait(0.05)
        output.close()
        assert asked.wait(60)


def test_an_exit_does_not_wait_for_an_input_that_stays_open() -> None:
    code = (
        "import sys\n"
        "from deployments.local.serving import stop_at_end_of_input\n"
        "stop_at_end_of_input(sys.stdin)\n"
        "print('done')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.wait(60) == 0
