"""`inferloop generate` and `batch`."""

from __future__ import annotations

import codecs
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any, cast

from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.grammar import AddCommand, add_as_job, add_label, given_labels
from inferloop_synthdata.cli.outputs import check_target, fetch, make_folder
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import (
    ClientError,
    Conflict,
    Forbidden,
    InvalidParameters,
    NotFound,
    Unauthorized,
    UnexpectedAnswer,
)
from inferloop_synthdata.operations.batches import PROMPTS_PER_CALL, batch_calls, new_key
from inferloop_synthdata.operations.generation import GenerationOptions, generate_image
from inferloop_synthdata.operations.operation import Operation
from inferloop_synthdata.transport.generation_stream import Result

_TOO_LONG = (
    "this service accepts fewer prompts in one call: inferloop batch --per-call N sends N in each "
    "call; inferloop dataset create FILE makes a dataset of any size as one job"
)


def add_commands(add: AddCommand) -> None:
    """Add the commands with their options."""
    one = add("generate", generate, "generate one image")
    one.add_argument("prompt")
    one.add_argument(
        "--out", type=v.target, metavar="PATH", help="download to a file, a folder/, or - (stdout)"
    )
    one.add_argument("--no-stream", action="store_true", help="use REST, without a progress bar")
    add_as_job(one)
    _options(one)
    many = add("batch", batch, "generate an image for each prompt")
    many.add_argument("prompts", nargs="*", metavar="PROMPT")
    many.add_argument("--file", metavar="FILE", help="one prompt per line; - is standard input")
    many.add_argument(
        "--batch-size", type=v.positive, metavar="N", help="images generated at the same time"
    )
    many.add_argument(
        "--per-call",
        type=v.positive,
        default=PROMPTS_PER_CALL,
        metavar="N",
        help=f"prompts in one call, if the service accepts fewer than {PROMPTS_PER_CALL}",
    )
    many.add_argument(
        "--key", metavar="KEY", help="key of this list: a second run within a day continues it"
    )
    many.add_argument("--out", type=Path, metavar="FOLDER", help="download into a folder")
    add_as_job(many)
    _options(many)


def _options(command: ArgumentParser) -> None:
    group = command.add_argument_group("generation (defaults are those of the server)")
    group.add_argument("--negative-prompt", metavar="TEXT")
    group.add_argument("--model-id", metavar="ID", help="one of: inferloop models")
    group.add_argument("--width", type=int, metavar="PX")
    group.add_argument("--height", type=int, metavar="PX")
    group.add_argument("--steps", dest="num_inference_steps", type=int, metavar="N")
    group.add_argument("--guidance-scale", type=float, metavar="X")
    group.add_argument("--seed", type=int, metavar="N")
    group.add_argument("--dataset", metavar="NAME", help="store in generated/NAME/")
    group.add_argument("--profile", metavar="NAME", help="match the colors to this profile")
    group.add_argument("--profile-strength", type=float, metavar="0..1")
    group.add_argument("--lora", metavar="NAME")
    group.add_argument("--guidance-rescale", type=float, metavar="0..1")
    group.add_argument(
        "--speed",
        choices=("exact", "balanced", "fast"),
        help="exact does all work; balanced and fast leave out parts of it",
    )
    add_label(group)
    group.add_argument("--require", type=v.requirements, metavar="quality,privacy")
    group.add_argument(
        "--max-tries", type=v.positive, metavar="N", help="with --require: most attempts"
    )
    group.add_argument(
        "--metadata", type=v.json_object, metavar="JSON", help="stored with the image"
    )


def generation_options(arguments: Namespace) -> GenerationOptions:
    """The given options, by their names in the API."""
    names = GenerationOptions.__annotations__
    options = {name: getattr(arguments, name) for name in names}
    options["labels"] = given_labels(arguments.labels)
    return cast(GenerationOptions, options)


def generate(session: Session, arguments: Namespace) -> int:
    """Generate one image, with a progress bar, and print its path."""
    target = arguments.out
    check_target(session, "--out", target)
    with session.client() as client:
        if arguments.as_job:
            options = generation_options(arguments)
            return _submit(session, client, [generate_image(prompt=arguments.prompt, **options)])
        document = _generated(session, client, arguments)
        image_path = str(document["image_path"])
        console = session.console
        if target is not None and target.is_stdout:
            console = console.aside()
        try:
            if target is not None:

                def download(file: Path) -> Path:
                    return client.download_image(image_path, to=file)

                saved = fetch(session, target, image_path, download)
                document |= {} if saved is None else {"saved_to": str(saved)}
        finally:  # The image exists, even if downloading it failed.
            console.answer(document, [image_path])
    return 0


def _generated(
    session: Session, client: SyntheticImageClient, arguments: Namespace
) -> dict[str, object]:
    options = generation_options(arguments)
    if arguments.no_stream:
        return dict(client.generate_image(prompt=arguments.prompt, **options))
    with (
        session.console.bar("generating") as bar,
        closing(client.generate_stream(prompt=arguments.prompt, **options)) as events,
    ):
        for event in events:
            if isinstance(event, Result):
                required = {"verdicts": event.verdicts, "tries": event.tries}
                return {
                    "image_path": event.image_path,
                    "prompt": event.prompt,
                    "parameters": event.parameters,
                    "job_id": event.job_id,
                    "served_model": event.served_model,
                    **(required if event.verdicts else {}),
                }
            bar.show(event.step, event.total_steps)
    raise UnexpectedAnswer("The server ended the stream without a result")


def batch(session: Session, arguments: Namespace) -> int:
    """Generate an image for each prompt, and print their paths in the order of the prompts."""
    prompts = list(_prompts(session, arguments))
    if not prompts:
        raise UsageProblem("no prompts: give some, or --file")
    folder: Path | None = arguments.out
    make_folder("--out", folder)
    with session.client() as client:
        if arguments.as_job:
            options, key = generation_options(arguments), arguments.key or new_key()
            calls = batch_calls(prompts, key, arguments.batch_size, arguments.per_call, **options)
            return _submit(session, client, calls)
        answer = _batched(session, client, arguments, prompts)
        paths = [image["image_path"] for image in answer["images"]]
        try:
            if folder is not None:
                _save_all(session, client, paths, folder)
        finally:  # The images exist, even if downloading them failed.
            session.console.answer(answer, paths)
    return 0


def _submit(session: Session, client: SyntheticImageClient, calls: Iterable[Operation[Any]]) -> int:
    """Submit the calls as jobs, and print their ids."""
    jobs = [client.jobs.submit(call) for call in calls]
    session.console.answer({"jobs": jobs}, [job["id"] for job in jobs])
    return 0


def _batched(
    session: Session, client: SyntheticImageClient, arguments: Namespace, prompts: Sequence[str]
) -> Mapping[str, Any]:
    """Generate the images in as many calls as needed, with one progress bar. If a call fails, print
    the key with which the same command continues."""
    options, key = generation_options(arguments), arguments.key or new_key()
    if arguments.key is None and len(prompts) > arguments.per_call:
        session.console.note(f"to continue this list after a failure: --key {key}")
    made = 0
    with session.console.bar("generating") as bar:

        def show(done: int, total: int) -> None:
            nonlocal made
            made = done
            bar.show(done, total)

        try:
            if len(prompts) <= arguments.per_call:
                return client.generate_batch(
                    prompts=prompts,
                    batch_size=arguments.batch_size,
                    idempotency_key=f"{key}-0",
                    on_progress=show,
                    **options,
                )
            images = client.generate_many(
                prompts,
                key=key,
                batch_size=arguments.batch_size,
                prompts_per_call=arguments.per_call,
                on_progress=show,
                **options,
            )
        except (KeyboardInterrupt, ClientError) as failure:
            if _is_too_long(failure):
                session.console.note(_TOO_LONG)
                raise
            if not made and _is_refused(failure):
                raise
            session.console.note(
                f"{made} of {len(prompts)} images were answered; finished images are stored. "
                f"The same command with --key {key} continues and makes none of them again."
            )
            raise
    return {"images": images}


def _is_refused(failure: BaseException) -> bool:
    """Whether the same request would be refused again."""
    return isinstance(failure, InvalidParameters | Unauthorized | Forbidden | NotFound | Conflict)


def _is_too_long(failure: BaseException) -> bool:
    if not isinstance(failure, InvalidParameters):
        return False
    return failure.details.get("parameter") == "prompts"


def _save_all(
    session: Session, client: SyntheticImageClient, paths: Sequence[str], folder: Path
) -> None:
    with session.console.bar("downloading") as bar:
        for done, path in enumerate(paths, start=1):
            client.download_image(path, to=folder / PurePosixPath(path).name)
            bar.show(done, len(paths))
    session.console.note(f"saved {len(paths)} images to {folder}")


def _prompts(session: Session, arguments: Namespace) -> Iterator[str]:
    yield from arguments.prompts
    if arguments.file is None:
        return
    from_stdin = arguments.file == "-"
    text = session.surroundings.stdin.read() if from_stdin else _text_of(Path(arguments.file))
    # Windows editors write a byte order mark, which is not part of the first prompt. Not
    # `str.splitlines`: it would also split at characters that a prompt may contain (U+2028).
    lines = text.removeprefix("\ufeff").split("\n")
    yield from (line.strip() for line in lines if line.strip())


def _text_of(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark (as PowerShell writes)."""
    content = path.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8")
