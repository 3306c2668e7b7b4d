"""The `inferloop` command line's grammar; each command names the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from inferloop_synthdata.cli import datasets as cli_datasets
from inferloop_synthdata.cli import declared as cli_declared
from inferloop_synthdata.cli import generation as cli_generation
from inferloop_synthdata.cli import jobs as cli_jobs
from inferloop_synthdata.cli import keys as cli_keys
from inferloop_synthdata.cli import marks as cli_marks
from inferloop_synthdata.cli import profiles as cli_profiles
from inferloop_synthdata.cli import reports as cli_reports
from inferloop_synthdata.cli import synthesize as cli_synthesize
from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.client import DEFAULT_TIMEOUT_S
from inferloop_synthdata.ray_jobs.client import DEFAULT_ADDRESS
from inferloop_synthdata.version import __version__

Run = Callable[[Session, argparse.Namespace], int]
"""Runs a command; returns the exit code."""

AddCommand = Callable[[str, Run, str], argparse.ArgumentParser]
"""Adds a command: its name, its function, one line of help."""


def parser() -> argparse.ArgumentParser:
    """The whole grammar. `run` in the namespace is the command's `Run`."""
    top = argparse.ArgumentParser(
        prog="inferloop",
        description="Synthetic image datasets: generate, validate, profile, export.",
        epilog="Exit codes: 0 done, 1 the service or the connection failed, 2 wrong usage.",
    )
    top.add_argument("--version", action="version", version=f"inferloop {__version__}")
    _connection(top)
    top.set_defaults(api_key=None, base_url=None, timeout_s=DEFAULT_TIMEOUT_S, json=False)
    add = _adder(top)
    _generate(add)
    _batch(add)
    _validate(add)
    _export(add)
    _profiles(add)
    _datasets(add)
    cli_marks.add_commands(add)
    _jobs(add)
    _synthesize(add)
    _keys(add)
    return top


def _adder(parent: argparse.ArgumentParser) -> AddCommand:
    commands = parent.add_subparsers(title="commands", metavar="COMMAND", required=True)
    common = argparse.ArgumentParser(add_help=False)
    _connection(common)

    def add(name: str, run: Run, summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name, parents=[common], help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        command.set_defaults(run=run)
        return command

    return add


def _connection(target: argparse.ArgumentParser) -> None:
    # Taken before and after the command. SUPPRESS: where it is not given, it hides no other.
    group = target.add_argument_group("connection and output", argument_default=argparse.SUPPRESS)
    group.add_argument("--api-key", help="default: INFERLOOP_API_KEY")
    group.add_argument(
        "--base-url", metavar="URL", help="default: INFERLOOP_BASE_URL or http://localhost:8000"
    )
    group.add_argument(
        "--timeout-s",
        type=v.seconds,
        metavar="S",
        help="seconds an answer may be silent (300)",
    )
    group.add_argument("--json", action="store_true", help="print the answer as JSON")


def _generation_options(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("generation (the server's defaults for what is left out)")
    group.add_argument("--negative-prompt", metavar="TEXT")
    group.add_argument("--model-id", metavar="ID")
    group.add_argument("--width", type=int, metavar="PX")
    group.add_argument("--height", type=int, metavar="PX")
    group.add_argument("--steps", dest="num_inference_steps", type=int, metavar="N")
    group.add_argument("--guidance-scale", type=float, metavar="X")
    group.add_argument("--seed", type=int, metavar="N")
    group.add_argument("--dataset", metavar="NAME", help="collect in generated/NAME/")
    group.add_argument("--profile", metavar="NAME", help="match the colors to this profile")
    group.add_argument("--profile-strength", type=float, metavar="0..1")
    group.add_argument("--lora", metavar="NAME")
    group.add_argument("--guidance-rescale", type=float, metavar="0..1")
    group.add_argument(
        "--label",
        dest="labels",
        action="append",
        type=v.label,
        metavar="NAME=VALUE",
        help="repeat it",
    )
    group.add_argument("--require", type=v.requirements, metavar="quality,privacy")
    group.add_argument("--max-tries", type=v.positive, metavar="N", help="with --require")
    group.add_argument("--metadata", type=v.json_object, metavar="JSON", help="kept with the image")


def _generate(add: AddCommand) -> None:
    command = add("generate", cli_generation.generate, "generate one image")
    command.add_argument("prompt")
    command.add_argument("--out", type=Path, metavar="PATH", help="download to a file or folder")
    command.add_argument("--no-stream", action="store_true", help="plain REST, no progress bar")
    _as_job(command)
    _generation_options(command)


def _batch(add: AddCommand) -> None:
    command = add("batch", cli_generation.batch, "generate an image for each prompt")
    command.add_argument("prompts", nargs="*", metavar="PROMPT")
    command.add_argument("--file", metavar="FILE", help="prompts, one a line; - is standard input")
    command.add_argument("--batch-size", type=v.positive, metavar="N", help="images in flight")
    command.add_argument(
        "--key", metavar="KEY", help="name of this list: a second run within a day goes on"
    )
    command.add_argument("--out", type=Path, metavar="FOLDER", help="download into a folder")
    _as_job(command)
    _generation_options(command)


def _as_job(command: argparse.ArgumentParser) -> None:
    words = "do not wait: print the job's id (see: inferloop job wait)"
    command.add_argument("--async", dest="as_job", action="store_true", help=words)


def _validate(add: AddCommand) -> None:
    command = add("validate", cli_generation.validate, "judge an image or a dataset")
    command.add_argument("image_path", metavar="PATH", help="on the server")
    command.add_argument("--dataset", action="store_true", help="PATH is a dataset's folder")
    command.add_argument("--quality", action="store_true", help="only quality")
    command.add_argument("--privacy", action="store_true", help="only privacy")
    command.add_argument("--metrics", type=v.names, metavar="A,B", help="of quality")
    command.add_argument(
        "--fail", action="store_true", help="end with 1 if an image did not pass (for CI)"
    )


def _export(add: AddCommand) -> None:
    command = add("export", cli_datasets.export, "write a dataset out")
    command.add_argument("format", choices=cli_datasets.FORMATS)
    command.add_argument("dataset_dir", metavar="DATASET_DIR", help="on the server")
    command.add_argument("--output", metavar="PATH", help="on the server, under exports/")
    command.add_argument("--download", type=Path, metavar="PATH", help="fetch the file too")
    command.add_argument("--split", action="append", type=v.share, default=[], metavar="NAME=SHARE")
    command.add_argument("--split-by", choices=("id", "cluster"), help="near-duplicates together")
    command.add_argument("--class-label", metavar="NAME", help="where a format takes one label")
    command.add_argument("--no-metadata", action="store_true")
    command.add_argument("--no-annotations", action="store_true")
    s3 = command.add_argument_group("s3")
    s3.add_argument("--bucket", metavar="NAME")
    s3.add_argument("--prefix", default="", metavar="PREFIX")
    s3.add_argument("--public-read", action="store_true")
    chosen = command.add_argument_group("only these images")
    chosen.add_argument("--quality-passed", action="store_true")
    chosen.add_argument("--privacy-passed", action="store_true")
    chosen.add_argument("--min-quality-score", type=float, metavar="0..1")
    chosen.add_argument("--since", metavar="ISO_TIME")
    chosen.add_argument(
        "--label",
        dest="labels",
        action="append",
        type=v.label,
        metavar="NAME=VALUE",
        help="repeat it",
    )


def _profiles(add: AddCommand) -> None:
    add("profiles", cli_profiles.profiles, "list the profiles")
    group = _adder(add("profile", cli_profiles.profiles, "make, show, compare, delete a profile"))
    _profile_create(group)
    group("show", cli_profiles.show, "show a profile").add_argument("name")
    group("delete", cli_profiles.delete, "delete a profile").add_argument("name")
    compare = group("compare", cli_profiles.compare, "hold a dataset or profile against a profile")
    compare.add_argument("name")
    other = compare.add_mutually_exclusive_group(required=True)
    other.add_argument("--dataset", metavar="DATASET_DIR", help="on the server")
    other.add_argument("--profile", metavar="NAME")
    compare.add_argument("--plot", type=Path, metavar="FILE", help="draw it, SVG")


def _profile_create(add: AddCommand) -> None:
    command = add("create", cli_profiles.create, "make a profile of real images")
    command.add_argument("name")
    source = command.add_argument_group("source (one of)").add_mutually_exclusive_group(
        required=True
    )
    source.add_argument("--folder", type=Path, metavar="FOLDER", help="local images")
    source.add_argument("--source-dir", metavar="PATH", help="a folder that the server has")
    source.add_argument(
        "--s3", metavar="s3://BUCKET/PREFIX", help="read by the server; see --s3-here"
    )
    source.add_argument("--video", type=Path, metavar="FILE", help="needs the camera extra")
    source.add_argument("--webcam", type=int, metavar="N", help="needs the camera extra")
    source.add_argument("--rtsp", metavar="URL", help="needs the camera extra")
    source.add_argument("--unsplash", metavar="QUERY", help="needs an access key")
    command.add_argument("--max-images", type=v.positive, metavar="N")
    command.add_argument(
        "--every-s", type=v.seconds, default=1.0, metavar="S", help="between frames"
    )
    command.add_argument("--update", action="store_true", help="extend the profile")
    command.add_argument(
        "--keep-hashes", action="store_true", help="for the search after near-duplicates"
    )
    command.add_argument(
        "--s3-here",
        action="store_true",
        help="read S3 with this machine's credentials (needs boto3) and upload the images",
    )
    command.add_argument(
        "--s3-endpoint", metavar="URL", help="with --s3-here; default: INFERLOOP_S3_ENDPOINT_URL"
    )
    command.add_argument("--unsplash-key", metavar="KEY", help="default: UNSPLASH_ACCESS_KEY")


def _datasets(add: AddCommand) -> None:
    command = add("datasets", cli_datasets.datasets, "list datasets, show or delete one")
    command.add_argument("name", nargs="?")
    command.add_argument("--delete", action="store_true")
    group = _adder(add("dataset", cli_reports.report, "declare, preview, report a dataset"))
    _declared(group)
    cli_reports.add_arguments(group("report", cli_reports.report, "counts, evidence"))


def _declared(add: AddCommand) -> None:
    create = add("create", cli_declared.create, "make it, go on with it, or enlarge it")
    preview = add("preview", cli_declared.preview, "show what it would be")
    for command in (create, preview):
        command.add_argument("spec", type=Path, metavar="FILE", help="YAML or JSON")
    _as_job(create)
    for option in ("--images", "--rows"):
        preview.add_argument(option, type=int, metavar="N", help="how many")
    preview.add_argument("--out", type=Path, metavar="FOLDER")


def _jobs(add: AddCommand) -> None:
    every = add("jobs", cli_jobs.jobs, "list the jobs, the newest first")
    states = ("queued", "running", "succeeded", "failed", "canceled")
    every.add_argument("--state", choices=states)
    every.add_argument("--kind", metavar="KIND", help="generate, generate.batch, export.jsonl, ...")
    every.add_argument("--dataset", metavar="NAME")
    every.add_argument("--since", metavar="ISO_TIME")
    every.add_argument("--limit", type=v.positive, metavar="N")
    group = _adder(add("job", cli_jobs.show, "show, wait for, cancel a job"))
    for name, run, summary in (
        ("show", cli_jobs.show, "show a job as it stands"),
        ("wait", cli_jobs.wait, "wait for a job, and print its result"),
        ("cancel", cli_jobs.cancel, "cancel a job"),
    ):
        group(name, run, summary).add_argument("job_id", metavar="JOB_ID")


def _synthesize(add: AddCommand) -> None:
    command = add("synthesize", cli_synthesize.synthesize, "run a large batch as a Ray job")
    command.add_argument("--config", required=True, metavar="FILE", help="as the job sees it")
    command.add_argument(
        "--ray-address", metavar="URL", help=f"default: RAY_API_SERVER_ADDRESS or {DEFAULT_ADDRESS}"
    )
    command.add_argument(
        "--working-dir",
        metavar="DIR",
        help="repository to send along (or its URI); default: the cluster has the service",
    )
    command.add_argument("--submission-id", metavar="ID")
    command.add_argument("--no-wait", action="store_true", help="print the job's id and leave")


def _keys(add: AddCommand) -> None:
    group = _adder(add("keys", cli_keys.list_keys, "make, list, revoke keys of a service here"))
    create = group("create", cli_keys.create, "make a key and print it once")
    create.add_argument("name")
    create.add_argument("--scopes", type=v.names, default=[], metavar="A,B", help="all but admin")
    create.add_argument("--space", metavar="NAME", help="the one space that the key sees")
    create.add_argument("--expires", metavar="WHEN", help="12h, 90d, 4w, or a date")
    create.add_argument(
        "--rate", action="append", type=v.own_rate, default=[], metavar="generate=100/minute"
    )
    create.add_argument("--stored-bytes", type=v.positive, metavar="N", help="storage quota")
    every = group("list", cli_keys.list_keys, "list the keys, without the keys themselves")
    revoke = group("revoke", cli_keys.revoke, "remove a key")
    revoke.add_argument("name")
    for command in (create, every, revoke):
        command.add_argument("--file", metavar="FILE", help="default: INFERLOOP_API_KEYS_FILE")
