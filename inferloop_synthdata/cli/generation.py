"""`inferloop generate`, `batch` and `validate`."""

from __future__ import annotations

import codecs
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any, cast

from inferloop_synthdata.answers import PrivacyVerdict, QualityVerdict
from inferloop_synthdata.cli.console import fields
from inferloop_synthdata.cli.outputs import check_file, make_folder
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.cli.verdicts import dataset_passed, dataset_table
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import UnexpectedAnswer
from inferloop_synthdata.operations.batches import PROMPTS_PER_CALL, batch_calls, new_key
from inferloop_synthdata.operations.generation import GenerationOptions, generate_image
from inferloop_synthdata.operations.operation import Operation
from inferloop_synthdata.transport.generation_stream import Result


def generation_options(arguments: Namespace) -> GenerationOptions:
    """The options that were given; the parser's names are the contract's."""
    names = GenerationOptions.__annotations__
    options = {name: getattr(arguments, name) for name in names}
    options["labels"] = dict(arguments.labels) if arguments.labels else None
    return cast(GenerationOptions, options)


def generate(session: Session, arguments: Namespace) -> int:
    """One image, with a live bar over the WebSocket; its path on standard output."""
    check_file("--out", arguments.out)
    with session.client() as client:
        if arguments.as_job:
            options = generation_options(arguments)
            return _submit(session, client, [generate_image(prompt=arguments.prompt, **options)])
        document = _generated(session, client, arguments)
        image_path = str(document["image_path"])
        try:
            if arguments.out is not None:
                saved = client.download_image(image_path, to=arguments.out)
                document["saved_to"] = str(saved)
                session.console.note(f"saved to {saved}")
        finally:  # the image is there, whatever became of its copy
            session.console.answer(document, [image_path])
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
    """An image for each prompt; their paths on standard output, in the order of the prompts."""
    prompts = list(_prompts(session, arguments))
    if not prompts:
        raise UsageProblem("no prompts: give some, or --file")
    folder: Path | None = arguments.out
    make_folder("--out", folder)
    with session.client() as client:
        if arguments.as_job:
            options, key = generation_options(arguments), arguments.key or new_key()
            calls = batch_calls(prompts, key, arguments.batch_size, **options)
            return _submit(session, client, calls)
        answer = _batched(session, client, arguments, prompts)
        paths = [image["image_path"] for image in answer["images"]]
        try:
            if folder is not None:
                _save_all(session, client, paths, folder)
        finally:  # the images are there, whatever became of their copies
            session.console.answer(answer, paths)
    return 0


def _submit(session: Session, client: SyntheticImageClient, calls: Iterable[Operation[Any]]) -> int:
    """The calls as jobs; their ids on standard output."""
    jobs = [client.jobs.submit(call) for call in calls]
    session.console.answer({"jobs": jobs}, [job["id"] for job in jobs])
    return 0


def _batched(
    session: Session, client: SyntheticImageClient, arguments: Namespace, prompts: Sequence[str]
) -> Mapping[str, Any]:
    """One call where the list fits in; else one bar over all calls."""
    options, key = generation_options(arguments), arguments.key
    if len(prompts) <= PROMPTS_PER_CALL:
        return client.generate_batch(
            prompts=prompts,
            batch_size=arguments.batch_size,
            idempotency_key=None if key is None else f"{key}-0",
            **options,
        )
    if key is None:
        key = new_key()
        session.console.note(f"to go on with this list after a failure: --key {key}")
    with session.console.bar("generating") as bar:
        images = client.generate_many(
            prompts, key=key, batch_size=arguments.batch_size, on_progress=bar.show, **options
        )
    return {"images": images}


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
    # Windows editors begin a file with a byte order mark; it is no part of the first prompt.
    lines = text.removeprefix("\ufeff").splitlines()
    yield from (line.strip() for line in lines if line.strip())


def _text_of(path: Path) -> str:
    """UTF-8, or UTF-16 by its byte order mark, as PowerShell's `>` writes it."""
    content = path.read_bytes()
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8")


def validate(session: Session, arguments: Namespace) -> int:
    """Verdicts on an image, or on a whole dataset."""
    # Without --quality and --privacy, both are checked.
    both = arguments.quality == arguments.privacy
    with session.client() as client:
        if arguments.dataset:
            with session.console.bar("validating") as bar:
                verdict = client.validate_dataset(
                    arguments.image_path, metrics=arguments.metrics, on_progress=bar.show
                )
            checks = [name for name in ("quality", "privacy") if both or getattr(arguments, name)]
            session.console.answer(verdict, dataset_table(verdict, checks))
            return int(arguments.fail and not dataset_passed(verdict, checks))
        verdicts: dict[str, QualityVerdict | PrivacyVerdict] = {}
        if both or arguments.quality:
            verdicts["quality"] = client.validate_quality(
                arguments.image_path, metrics=arguments.metrics
            )
        if both or arguments.privacy:
            verdicts["privacy"] = client.validate_privacy(arguments.image_path)
    session.console.answer(verdicts, fields(verdicts))
    return int(arguments.fail and not all(verdict["passed"] for verdict in verdicts.values()))
