"""`inferloop dataset images` lists the images of a dataset. `inferloop image review` rates, tags,
accepts or rejects images."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from itertools import islice

from inferloop_synthdata.answers.looking import ListedImage, ShortVerdict
from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.console import fields, table
from inferloop_synthdata.cli.grammar import AddCommand, add_label, given_values
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.operations.datasets.looking import ImageCriteria

_STATES = ("passed", "failed", "unchecked")
_DECISIONS = ("accepted", "rejected", "undecided")
_REVIEWED_TOGETHER = 1000
_PROMPT_CHARS = 60


def add_commands(group: AddCommand) -> None:
    """Add `images` to the group `dataset`."""
    command = group("images", images, "list a dataset's images, or their paths, or their counts")
    command.add_argument("name")
    command.add_argument("--sort", choices=("created", "score", "rating", "seed"))
    command.add_argument("--desc", action="store_true", help="in descending order")
    command.add_argument(
        "--limit", type=v.positive, default=50, metavar="N", help="most images (50)"
    )
    shown = command.add_mutually_exclusive_group()
    shown.add_argument(
        "--paths", action="store_true", help="only paths, one per line, for `image review -`"
    )
    shown.add_argument("--summary", action="store_true", help="only counts")
    _criteria_options(command)


def add_review(group: AddCommand) -> None:
    """Add `review` to the group `image`."""
    command = group("review", review, "rate, tag, accept or reject images")
    command.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="on the server; - reads paths from standard input, one per line",
    )
    command.add_argument(
        "--rating", type=int, choices=range(6), help="1 to 5; 0 removes the rating"
    )
    command.add_argument(
        "--tag", action="append", metavar="TAG", help="add a tag; can be given several times"
    )
    command.add_argument(
        "--untag", action="append", metavar="TAG", help="remove a tag; can be given several times"
    )
    decision = command.add_mutually_exclusive_group()
    for name, value in (("accept", "accepted"), ("reject", "rejected"), ("undecide", "undecided")):
        decision.add_argument(f"--{name}", dest="decision", action="store_const", const=value)


def _criteria_options(command: ArgumentParser) -> None:
    chosen = command.add_argument_group("only these images")
    add_label(chosen)
    chosen.add_argument("--quality", choices=_STATES)
    chosen.add_argument("--privacy", choices=_STATES)
    chosen.add_argument("--prompt", metavar="TEXT", help="images whose prompt contains this text")
    chosen.add_argument("--seed", type=int)
    for bound in ("--min-score", "--max-score"):
        chosen.add_argument(bound, type=float, metavar="0..1")
    for bound in ("--min-rating", "--max-rating"):
        chosen.add_argument(bound, type=int, metavar="0..5")
    chosen.add_argument(
        "--tag",
        dest="tags",
        action="append",
        metavar="TAG",
        help="images with this tag; can be given several times",
    )
    chosen.add_argument("--decision", choices=_DECISIONS)
    chosen.add_argument("--cluster", metavar="ID", help="an image and its near-duplicates")


def images(session: Session, arguments: Namespace) -> int:
    """Print a table of the images, their paths, or their counts."""
    wanted = _criteria(arguments)
    with session.client() as client:
        if arguments.summary:
            counts = client.datasets.summarize_images(arguments.name, **wanted)
            session.console.answer(counts, fields(counts))
            return 0
        found = client.datasets.images(
            arguments.name,
            sort=arguments.sort,
            descending=arguments.desc,
            page_size=min(arguments.limit, 1000),
            **wanted,
        )
        shown = list(islice(found, arguments.limit))
    session.console.answer({"images": shown}, _lines(shown, arguments.paths))
    return 0


def review(session: Session, arguments: Namespace) -> int:
    """Review the images, in calls of up to a thousand."""
    asked = (arguments.rating, arguments.tag, arguments.untag, arguments.decision)
    if all(each is None for each in asked):
        raise UsageProblem(
            "nothing to do: give --rating, --tag, --untag, --accept, --reject or --undecide"
        )
    paths = list(_paths(session, arguments.paths))
    reviewed = []
    with session.client() as client:
        for start in range(0, len(paths), _REVIEWED_TOGETHER):
            answer = client.datasets.review(
                paths[start : start + _REVIEWED_TOGETHER],
                rating=arguments.rating,
                add_tags=arguments.tag,
                remove_tags=arguments.untag,
                decision=arguments.decision,
            )
            reviewed += answer.images
    lines = [f"{each.image_path}  {_review_words(each['review'])}" for each in reviewed]
    session.console.answer({"images": reviewed}, lines)
    return 0


def _paths(session: Session, given: Iterable[str]) -> Iterable[str]:
    for path in given:
        if path == "-":
            yield from filter(None, map(str.strip, session.surroundings.stdin))
        else:
            yield path


def _criteria(arguments: Namespace) -> ImageCriteria:
    return {
        "labels": given_values(arguments.labels),
        "quality": arguments.quality,
        "privacy": arguments.privacy,
        "prompt": arguments.prompt,
        "seed": arguments.seed,
        "min_score": arguments.min_score,
        "max_score": arguments.max_score,
        "min_rating": arguments.min_rating,
        "max_rating": arguments.max_rating,
        "tags": arguments.tags,
        "decision": arguments.decision,
        "cluster": arguments.cluster,
    }


def _lines(shown: list[ListedImage], only_paths: bool) -> list[str]:
    if only_paths:
        return [image.image_path for image in shown]
    heads = ("ID", "QUALITY", "PRIVACY", "REVIEW", "LABELS", "PROMPT")
    return list(table(heads, [_row(image) for image in shown]))


def _row(image: ListedImage) -> tuple[str, ...]:
    labels = ",".join(f"{name}={value}" for name, value in image.labels.items())
    prompt = image.prompt or "-"
    if len(prompt) > _PROMPT_CHARS:
        prompt = f"{prompt[: _PROMPT_CHARS - 3]}..."
    verdicts = _verdict_words(image.quality), _verdict_words(image.privacy)
    return (image.id, *verdicts, _review_words(image["review"]), labels or "-", prompt)


def _verdict_words(verdict: ShortVerdict | None) -> str:
    if verdict is None:
        return "-"
    if verdict.passed:
        return f"{verdict.score:g}"
    why = ",".join(dict.fromkeys(factor.code for factor in verdict.factors))
    return f"{verdict.score:g} {why}".strip()


def _review_words(given: Mapping[str, object]) -> str:
    rating, tags = given["rating"], given["tags"]
    words = [f"{rating}/5" if rating else "", str(given["decision"] or "")]
    words += map(str, tags) if isinstance(tags, list) else []
    return " ".join(filter(None, words)) or "-"
