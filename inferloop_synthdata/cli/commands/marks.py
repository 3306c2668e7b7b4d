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
from inferloop_synthdata.cli.usage import UsageProblem
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
"""Dataset of the service that a replayed image lies in until it was compared."""
SOUND, CHANGED, NOT_CHECKED, UNTRUSTED = 0, 1, 2, 3
"""Exit codes of `verify`: a script must not take a wrong name or a service that is away for a
changed file."""
Found = tuple[int, str]
"""Exit code, and what is known of the signer: trusted, development, unknown, invalid."""
_MOST_SHOWN = 20
_NO_EXTRA = "needs the extra verify: pip install 'inferloop-synthdata[verify]'"


def add_commands(add: AddCommand) -> None:
    """The grammar of the commands about marks."""
    command = add("verify", verify, "check the mark of an image, a signed dataset, or the log")
    command.set_defaults(failed=NOT_CHECKED)
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a local image")
    what.add_argument("--stored", metavar="PATH", help="an image on the server")
    what.add_argument("--dataset", type=Path, metavar="FOLDER", help="a local folder, offline")
    what.add_argument("--server-dataset", metavar="NAME", help="a dataset on the server")
    what.add_argument("--log", action="store_true", help="the server's log of marks")
    command.add_argument(
        "--watermark", action="store_true", help="read the pixels for a watermark too"
    )
    command.add_argument("--offline", action="store_true", help="FILE without the server")
    command.add_argument(
        "--trust",
        action="append",
        type=Path,
        default=[],
        metavar="PEM",
        help="with --dataset or --offline: certificates of authorities that you trust; repeat it",
    )
    command.add_argument(
        "--sheet", type=Path, metavar="FILE", help="with --dataset: a sheet outside the folder"
    )
    command.add_argument(
        "--require-trusted",
        action="store_true",
        help=f"exit code {UNTRUSTED} where nothing was changed, but the signer is not trusted",
    )
    signing = add("sign", sign, "sign a dataset: the digest of every file, counts, versions")
    signing.add_argument("name")
    signing.add_argument("--download", type=Path, metavar="PATH", help="fetch the sheet too")
    again = add("replay", replay, "make an image again from its recipe and compare")
    again.add_argument("file", type=Path, metavar="FILE", help="a local PNG with its recipe")
    again.add_argument("--out", type=Path, metavar="PATH", help="keep the new image")
    again.add_argument(
        "--keep", action="store_true", help=f"leave it on the server, in the dataset {REPLAYS}"
    )


def verify(session: Session, arguments: Namespace) -> int:
    """0 where what was asked about is as it was marked or signed, 1 where it is not, 2 where that
    could not be checked; with `--require-trusted` 3 where it is, but by somebody whom nobody here
    trusts."""
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
    """`UsageProblem` for an option that would not be looked at: who names an authority, or wants
    no server, must not believe that it was so."""
    here = arguments.offline or arguments.dataset
    if arguments.watermark and (here or arguments.log or arguments.server_dataset):
        raise UsageProblem("--watermark goes with an image, and asks the server")
    if arguments.require_trusted and arguments.log:
        raise UsageProblem("--require-trusted goes with an image or a dataset: the log has no one")
    if arguments.offline and arguments.file is None:
        raise UsageProblem("--offline goes with FILE; --dataset never asks the server")
    if arguments.trust and not here:
        raise UsageProblem("--trust goes with --offline or --dataset: the server has its own")
    if arguments.sheet and not arguments.dataset:
        raise UsageProblem("--sheet goes with --dataset")


def _verify_by_service(session: Session, arguments: Namespace) -> Found:
    mark = arguments.watermark
    with session.client() as client:
        if arguments.log:
            return _show(session, client.check_log(), "intact")
        if arguments.server_dataset is not None:
            return _show(session, client.check_dataset(arguments.server_dataset), "unchanged")
        if arguments.stored is not None:
            return _show_mark(session, client.verify_stored(arguments.stored, watermark=mark))
        return _show_mark(session, client.verify_image(arguments.file, watermark=mark))


def sign(session: Session, arguments: Namespace) -> int:
    """Sign, and maybe fetch the sheet."""
    check_file("--download", arguments.download)
    with session.client() as client:
        signed = client.sign_dataset(arguments.name)
        if arguments.download is not None:
            saved = client.download_image(signed["sheet_path"], to=arguments.download)
            session.console.note(f"saved to {saved}")
    session.console.answer(signed, fields(signed))
    if signed["signature"] == "development":
        session.console.note("signed with a development key, which nobody outside trusts")
    return 0


def replay(session: Session, arguments: Namespace) -> int:
    """0 where the new image has the same pixels, 1 where it has not."""
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
            again = client.download_image(made["image_path"], to=target).read_bytes()
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
    counts = {**report, **{name: len(paths) for name, paths in every.items()}}
    lines = [*fields(counts), *_named(every)]
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
    """The sentence first. The recipe is some thirty lines: `--json` has it."""
    told = {name: value for name, value in found.items() if name not in ("summary", "recipe")}
    sentence = [str(found["summary"])] if "summary" in found else []
    session.console.answer(found, [*sentence, *fields(told)])
    is_sound = found["mark"] == "present" and found["changed"] is False
    signature = str(found["signature"])
    return SOUND if is_sound and signature != "invalid" else CHANGED, signature


def _show(session: Session, report: Mapping[str, object], sound: str) -> Found:
    session.console.answer(report, fields(report))
    return SOUND if report[sound] is True else CHANGED, str(report.get("signature"))


def _anchors(files: Sequence[Path]) -> Anchors:
    return Anchors(trusted="\n".join(path.read_text(encoding="utf-8-sig") for path in files))
