"""`inferloop synthesize`: package, submit, follow; against Ray's job API as it is documented."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from inferloop_synthdata import ApiError, ConnectionFailed
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.ray_jobs.client import RayJobs
from inferloop_synthdata.ray_jobs.package import ignore_rules, package_folder, package_name
from tests.sdk.cli.command_line import CommandLine
from tests.sdk.conftest import Waits


class Ray:
    """The job API of one cluster; a job goes through `states`, printing a line in each."""

    def __init__(self, states: tuple[str, ...] = ("PENDING", "RUNNING", "SUCCEEDED")) -> None:
        self.states = states
        self.polls = 0
        self.packages: dict[str, bytes] = {}
        self.submitted: list[dict[str, object]] = []
        self.tokens: set[str | None] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.tokens.add(request.headers.get("Authorization"))
        path = request.url.path
        if path.startswith("/api/packages/gcs/"):
            return self._package(request, path.rpartition("/")[2])
        if path == "/api/jobs/" and request.method == "POST":
            self.submitted.append(json.loads(request.content))
            return httpx.Response(
                200, json={"job_id": "raysubmit_1", "submission_id": "raysubmit_1"}
            )
        if path == "/api/jobs/raysubmit_1":
            self.polls = min(self.polls + 1, len(self.states))
            status = self.states[self.polls - 1]
            return httpx.Response(200, json={"status": status, "message": f"It {status}."})
        if path == "/api/jobs/raysubmit_1/logs":
            return httpx.Response(
                200, json={"logs": "".join(f"line {n}\n" for n in range(self.polls))}
            )
        return httpx.Response(404, text="no such route")

    def _package(self, request: httpx.Request, name: str) -> httpx.Response:
        if request.method == "PUT":
            self.packages[name] = request.content
        return httpx.Response(200 if name in self.packages else 404)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The parts of this repository that a job's package is about."""
    files = {
        "batch/synthesize.py": "",
        "batch/example.yaml": "prompts: []",
        "engines/types.py": "",
        "data/big.bin": "x" * 100,
        ".git/HEAD": "ref",
        ".venv/lib/torch.py": "",
        ".gitignore": "/data/\n.venv/\n*.pyc\n",
        ".rayignore": "# more\nengines/cache\n",
        "engines/cache/x": "",
        "engines/types.pyc": "",
    }
    for name, text in files.items():
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "repo"


def test_a_job_is_submitted_and_followed_to_its_end() -> None:
    ray = Ray()
    line = CommandLine(ray)
    assert line.run("synthesize", "--config", "batch/my config.yaml") == 0
    assert ray.submitted == [
        {"entrypoint": "python -m batch.synthesize --config 'batch/my config.yaml'"}
    ]
    # Each line once, however often the whole log was fetched.
    assert line.out == "line 0\nline 1\nline 2\n"
    assert line.err == ("submitted raysubmit_1 to http://127.0.0.1:8265\nraysubmit_1 succeeded\n")
    assert line.waits.slept_s == [2.0, 2.0]


@pytest.mark.parametrize("end", ["FAILED", "STOPPED"])
def test_a_job_that_fails_is_no_success(end: str) -> None:
    line = CommandLine(Ray(("RUNNING", end)))
    assert line.run("synthesize", "--config", "c.yaml") == 1
    assert line.err.endswith(f"inferloop: raysubmit_1 {end.lower()}: It {end}.\n")


def test_without_waiting_the_id_is_printed() -> None:
    line = CommandLine(Ray())
    argv = ("synthesize", "--config", "c.yaml", "--no-wait", "--submission-id", "mine", "--json")
    assert line.run(*argv) == 0
    assert json.loads(line.out) == {"submission_id": "raysubmit_1"}


def test_the_repository_travels_along_once(repository: Path) -> None:
    ray = Ray()
    line = CommandLine(ray, environ={"RAY_AUTH_TOKEN": "token"})
    argv = ("synthesize", "--config", "batch/example.yaml", "--working-dir", str(repository))
    assert line.run(*argv, "--no-wait") == 0
    [(name, content)] = ray.packages.items()
    assert ray.submitted[0]["runtime_env"] == {"working_dir": f"gcs://{name}"}
    assert sorted(zipfile.ZipFile(io.BytesIO(content)).namelist()) == [
        ".gitignore",
        ".rayignore",
        "batch/example.yaml",
        "batch/synthesize.py",
        "engines/types.py",
    ]
    assert ray.tokens == {"Bearer token"}
    # The same files again: the package is there by its name, and nothing is sent.
    ray.packages[name] = b"as it was"
    assert line.run(*argv, "--no-wait") == 0
    assert ray.packages == {name: b"as it was"}


def test_a_remote_working_directory_is_handed_on() -> None:
    ray = Ray()
    uri = "s3://bucket/service.zip"
    argv = ("synthesize", "--config", "c.yaml", "--working-dir", uri, "--no-wait")
    assert CommandLine(ray).run(*argv) == 0
    assert ray.submitted[0]["runtime_env"] == {"working_dir": uri}


@pytest.mark.parametrize("config", ["missing.yaml", "../outside.yaml"])
def test_a_config_that_the_job_will_not_see_is_told_before(repository: Path, config: str) -> None:
    (repository.parent / "outside.yaml").touch()
    ray = Ray()
    line = CommandLine(ray)
    assert line.run("synthesize", "--config", config, "--working-dir", str(repository)) == 2
    assert "the only folder that the job gets" in line.err
    assert ray.submitted == []


def test_a_folder_that_is_not_the_repository_is_told(tmp_path: Path) -> None:
    line = CommandLine(Ray())
    assert line.run("synthesize", "--config", "c", "--working-dir", str(tmp_path)) == 2
    assert "is it the repository?" in line.err


def test_a_package_that_is_too_large_is_told(repository: Path) -> None:
    with pytest.raises(UsageProblem, match="rayignore"):
        package_folder(repository, max_bytes=10)


def test_a_package_is_a_function_of_its_files(repository: Path) -> None:
    first = package_folder(repository)
    (repository / "batch" / "example.yaml").touch()
    assert package_folder(repository) == first
    (repository / "batch" / "example.yaml").write_text("prompts: [a]", encoding="utf-8")
    assert package_name(package_folder(repository)) != package_name(first)


def test_a_refusal_of_ray_is_its_last_line() -> None:
    text = "Traceback (most recent call last):\n  File x\nValueError: id is taken\n"
    jobs = RayJobs(transport=httpx.MockTransport(lambda request: httpx.Response(400, text=text)))
    with pytest.raises(ApiError) as caught:
        jobs.submit("python x")
    assert str(caught.value) == (
        "RAY_400: Ray at http://127.0.0.1:8265 refuses: ValueError: id is taken"
    )


def test_a_ray_that_is_away_is_one_line() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    line = CommandLine(handler)
    assert line.run("synthesize", "--config", "c", "--ray-address", "http://ray.test:8265") == 1
    assert line.err == "inferloop: Cannot connect to Ray at http://ray.test:8265\n"
    assert line.run("synthesize", "--config", "c", "--ray-address", "auto") == 2


def follow(blinks: int) -> tuple[list[str], list[float]]:
    """Follow a job through a network that fails `blinks` times in a row."""
    ray, waits, left = Ray(), Waits(), [blinks]

    def handler(request: httpx.Request) -> httpx.Response:
        if ray.polls == 1 and left[0] and not request.url.path.endswith("/logs"):
            left[0] -= 1
            raise httpx.ReadError("blink")
        return ray(request)

    jobs = RayJobs(transport=httpx.MockTransport(handler), sleep=waits.sleep)
    return list(jobs.follow("raysubmit_1")), waits.slept_s


def test_a_network_that_blinks_loses_no_line() -> None:
    pieces, slept_s = follow(blinks=5)
    assert "".join(pieces) == "line 0\nline 1\nline 2\n"
    assert len(slept_s) == 7


def test_a_network_that_is_gone_is_told() -> None:
    with pytest.raises(ConnectionFailed):
        follow(blinks=6)


def test_interrupted_the_job_goes_on_and_the_line_says_so() -> None:
    ray = Ray()

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/logs"):
            raise KeyboardInterrupt
        return ray(request)

    line = CommandLine(handler)
    assert line.run("synthesize", "--config", "c") == 130
    assert "the job continues; end it with: ray job stop raysubmit_1" in line.err


# --- ignore rules, against git itself -----------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "ab", "a.py", "data", "x.log"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PATTERNS = st.one_of(
    PATHS,
    PATHS.map("/{}".format),
    PATHS.map("{}/".format),
    PATHS.map("!{}".format),
    st.sampled_from(
        ["*", "*.py", "a*", "?", "**/a", "a/**", "a/**/b", "[ab]", "[!a]", "# a", "", "!*.py"]
    ),
)


@settings(max_examples=40)
@given(patterns=st.lists(PATTERNS, max_size=4), path=PATHS)
def test_the_rules_are_gits(
    tmp_path_factory: pytest.TempPathFactory, patterns: list[str], path: str
) -> None:
    repo = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", str(repo)], check=True)
    (repo / ".gitignore").write_text("\n".join(patterns), encoding="utf-8")
    (repo / path).parent.mkdir(parents=True, exist_ok=True)
    (repo / path).touch()
    asked = subprocess.run(["git", "-C", str(repo), "check-ignore", "-q", path], check=False)
    assert ignored(ignore_rules(repo), path) == (asked.returncode == 0)


def ignored(rules: GitIgnoreSpec, path: str) -> bool:
    """As the walk of `package_folder` does it: a folder that is left out takes all below along."""
    parts = path.split("/")
    folders = ["/".join(parts[:depth]) + "/" for depth in range(1, len(parts))]
    return any(map(rules.match_file, [*folders, path]))
