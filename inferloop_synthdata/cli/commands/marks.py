"""`inferloop verify`, `sign` and `replay`."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from inferloop_synthdata.cli.console import fields
from inferloop_synthdata.cli.grammar import AddCommand
from inferloop_synthdata.cli.outputs import check_file
from inferloop_synthdata.cli.pictures import discard
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem, needs_extra
from inferloop_synthdata.marks.reading import Anchors, read_mark
from inferloop_synthdata.marks.replaying import (
    difference,
    made_otherwise,
    pixels_as_recorded,
    recipe_of,
    request_of,
)
from inferloop_synthdata.marks.sheets import check_folder

REPLAYS = "replays"
"""Dataset of the service in which a replayed image is stored until it is compared."""
SOUND, CHANGED, NOT_CHECKED, UNTRUSTED = 0, 1, 2, 3
"""Exit codes of `verify`. A wrong name or an unavailable service has another code than a changed
file, so that scripts can distinguish them."""
Found = tuple[int, str]
"""Exit code, and state of the signature: trusted, development, unknown or invalid."""
_MOST_SHOWN = 20
_NO_EXTRA = needs_extra("verify")


def add_commands(add: AddCommand) -> None:
    """Add the commands with their options."""
    command = add("verify", verify, "check the mark of an image, a signed dataset, or the log")
    command.set_defaults(failed=NOT_CHECKED)
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a local image")
    what.add_argument("--stored", metavar="PATH", help="an image on the server")
    what.add_argument("--dataset", type=Path, metavar="FOLDER", help="a local folder, offline")
    what.add_argument("--server-dataset", metavar="NAME", help="a dataset on the server")
    what.add_argument("--log", action="store_true", help="the server's log of marks")
    command.add_argument(
        "--watermark", action="store_true", help="search the pixels for a watermark too"
    )
    command.add_argument("--offline", action="store_true", help="check FILE without the server")
    command.add_argument(
        "--trust",
        action="append",
        type=Path,
        default=[],
        metavar="PEM",
        help="with --dataset or --offline: certificates of authorities that you trust; "
        "can be given several times",
    )
    command.add_argument(
        "--sheet", type=Path, metavar="FILE", help="with --dataset: a sheet outside the folder"
    )
    command.add_argument(
        "--require-trusted",
        action="store_true",
        help=f"exit with {UNTRUSTED} if nothing was changed, but the signer is not trusted",
    )
    signing = add("sign", sign, "sign a dataset: the digest of every file, counts, versions")
    signing.add_argument("name")
    signing.add_argument("--download", type=Path, metavar="PATH", help="download the sheet too")
    again = add("replay", replay, "generate an image again from its recipe, and compare both")
    again.add_argument("file", type=Path, metavar="FILE", help="a local PNG with its recipe")
    again.add_argument("--out", type=Path, metavar="PATH", help="save the new image here")
    again.add_argument(
        "--keep", action="store_true", help=f"keep it on the server, in the dataset {REPLAYS}"
    )


def verify(session: Session, arguments: Namespace) -> int:
    """Verify an image, a dataset or the log. Returns the exit code.

    0: unchanged since it was marked or signed. 1: changed. 2: it could not be checked. 3, with
    `--require-trusted`: unchanged, but the signer is not trusted.
    """
    _check_options(arguments)
    try:
        if arguments.dataset is not None:
            code, signature = _verify_folder(session, arguments)
        elif arguments.file is not None and arguments.offline:
            found = read_mark(arguments.file.read_bytes(), _anchors(arguments.trust))
            code, signature = _show_mark(session, found)
        else:
            code, signature = _verify_by_service(session, arguments)
    except ImportError:
        raise UsageProblem(_NO_EXTRA) from None
    if code == SOUND and arguments.require_trusted and signature != "trusted":
        session.console.note(f"nothing was changed, but the signer is not trusted: {signature}")
        return UNTRUSTED
    return code


def _check_options(arguments: Namespace) -> None:
    """Raise `UsageProblem` for an option that would have no effect. Otherwise the user could
    believe that, for example, an authority was used or no server was asked."""
    here = arguments.offline or arguments.dataset
    if arguments.watermark and (here or arguments.log or arguments.server_dataset):
        raise UsageProblem("--watermark is for images only, and needs the server")
    if arguments.require_trusted and arguments.log:
        raise UsageProblem("--require-trusted is for images and datasets: the log has no signer")
    if arguments.offline and arguments.file is None:
        raise UsageProblem("--offline needs FILE; --dataset never uses the server")
    if arguments.trust and not here:
        raise UsageProblem("--trust needs --offline or --dataset: the server uses its own list")
    if arguments.sheet and not arguments.dataset:
        raise UsageProblem("--sheet needs --dataset")


def _verify_by_service(session: Session, arguments: Namespace) -> Found:
    mark = arguments.watermark
    with session.client() as client:
        if arguments.log:
            log = client.check_log()
            session.console.answer(log, [_log_verdict(log), *fields(log)])
            return SOUND if log["intact"] is True else CHANGED, "none"
        if arguments.server_dataset is not None:
            found = client.check_dataset(arguments.server_dataset)
            is_sound = found["unchanged"] is True
            verdict = _dataset_verdict(found, found.get("counts", {}), is_sound)
            session.console.answer(found, [verdict, *fields(found)])
            return SOUND if is_sound else CHANGED, str(found.get("signature"))
        if arguments.stored is not None:
            return _show_mark(session, client.verify_stored(arguments.stored, watermark=mark))
        return _show_mark(session, client.verify_image(arguments.file, watermark=mark))


def sign(session: Session, arguments: Namespace) -> int:
    """Sign a dataset, and download its sheet with `--download`."""
    check_file("--download", arguments.download)
    with session.client() as client:
        signed = client.sign_dataset(arguments.name)
        if arguments.download is not None:
            saved = client.download_image(signed["sheet_path"], to=arguments.download)
            session.console.note(f"saved to {saved}")
    session.console.answer(signed, fields(signed))
    if signed["signature"] == "development":
        session.console.note("signed with a development key, which other people do not trust")
    return 0


def replay(session: Session, arguments: Namespace) -> int:
    """Generate the image again and compare. The exit code is 0 if all pixels are equal, else 1."""
    check_file("--out", arguments.out)
    content = arguments.file.read_bytes()
    recipe = recipe_of(content)
    prompt, options = request_of(recipe)
    options["dataset"] = REPLAYS
    try:
        as_recorded = pixels_as_recorded(content, recipe)
        with session.client() as client, tempfile.TemporaryDirectory() as folder:
            made = client.generate_image(prompt=prompt, **options)
            target = arguments.out or Path(folder) / "replayed.png"
            try:
                again = client.download_image(made["image_path"], to=target).read_bytes()
            finally:
                if not arguments.keep:
                    discard(session, client, made["image_path"])
    except ImportError:
        raise UsageProblem(_NO_EXTRA) from None
    apart = difference(content, again)
    report: dict[str, object] = {
        "identical": apart.is_identical,
        "max_difference": apart.max_difference,
        "mean_difference": apart.mean_difference,
        "file_as_recorded": as_recorded,
        "made_otherwise": made_otherwise(recipe, recipe_of(again)),
    }
    session.console.answer(report, fields(report))
    return 0 if apart.is_identical else 1


def _verify_folder(session: Session, arguments: Namespace) -> Found:
    sheet, found = check_folder(arguments.dataset, _anchors(arguments.trust), arguments.sheet)
    is_sound = found.is_none and sheet.signature != "invalid"
    every = {"added": found.added, "lost": found.lost, "changed": found.changed}
    report: dict[str, object] = {
        "dataset": sheet.dataset,
        "signature": sheet.signature,
        "signer": sheet.signer,
        "signed_at": sheet.signed_at,
        "files": len(sheet.files),
        "unchanged": is_sound,
        **every,
        "problems": list(sheet.problems),
    }
    counts = {name: len(paths) for name, paths in every.items()}
    verdict = _dataset_verdict(report, counts, is_sound)
    lines = [verdict, *fields({**report, **counts}), *_named(every)]
    session.console.answer(report, lines)
    return SOUND if is_sound else CHANGED, sheet.signature


def _named(every: Mapping[str, Sequence[str]]) -> list[str]:
    lines = []
    for word, paths in every.items():
        lines += [f"{word}: {path}" for path in paths[:_MOST_SHOWN]]
        if len(paths) > _MOST_SHOWN:
            lines.append(f"{word}: {len(paths) - _MOST_SHOWN} more")
    return lines


def _show_mark(session: Session, found: Mapping[str, object]) -> Found:
    """Print the summary first. The recipe is printed only with `--json`, because it is long."""
    told = {name: value for name, value in found.items() if name not in ("summary", "recipe")}
    sentence = [str(found["summary"])] if "summary" in found else []
    session.console.answer(found, [*sentence, *fields(told)])
    is_sound = found["mark"] == "present" and found["changed"] is False
    signature = str(found["signature"])
    return SOUND if is_sound and signature != "invalid" else CHANGED, signature


def _dataset_verdict(
    report: Mapping[str, object], counts: Mapping[str, int], is_sound: bool
) -> str:
    """One line that says whether the dataset is as it was signed, or what is different."""
    signature = report.get("signature")
    signed = f"(signature: {signature}, by {report.get('signer')})"
    if is_sound:
        return (
            f"Unchanged: no file was added, lost or changed since the dataset was signed {signed}."
        )
    found = [f"{count} {name}" for name, count in counts.items() if count]
    if signature == "invalid":
        found.append("the signature is not valid")
    if isinstance(lost := report.get("log_lost"), list) and lost:
        found.append(f"{len(lost)} files of the log of marks changed or shortened")
    if not found:
        found.append("see problems")
    return f"CHANGED since the dataset was signed: {', '.join(found)} {signed}."


def _log_verdict(report: Mapping[str, object]) -> str:
    if report["intact"] is True:
        return f"Intact: none of the {report.get('entries')} lines was changed or removed."
    problems = report.get("problems")
    count = len(problems) if isinstance(problems, list) else 0
    return f"CHANGED: lines of the log were changed or removed (problems: {count})."


def _anchors(files: Sequence[Path]) -> Anchors:
    return Anchors(trusted="\n".join(path.read_text(encoding="utf-8-sig") for path in files))
