"""`inferloop profiles` and `profile create | show | compare | delete`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from inferloop_synthdata.answers import Profile, UploadedImage
from inferloop_synthdata.cli import values as v
from inferloop_synthdata.cli.console import fields, table
from inferloop_synthdata.cli.grammar import AddCommand, add_group, add_yes
from inferloop_synthdata.cli.outputs import check_file
from inferloop_synthdata.cli.pictures import answer_awaited, discard_all, ended_by_exception
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import ConnectionFailed, Forbidden, NotFound
from inferloop_synthdata.sources.images import SourceImage, folder_images, s3_images
from inferloop_synthdata.sources.profile_upload import create_profile, upload_folder
from inferloop_synthdata.sources.unsplash import unsplash_images
from inferloop_synthdata.sources.video import live_frames, open_cv, video_file_frames

CAPTURE_LIMIT = 100
"""Number of images from a source without an end, such as a camera, without `--max-images`."""
_STAY = "; they stay there; --remove-uploads removes them"


def add_commands(add: AddCommand) -> None:
    """Add the commands of the group `profile`, and `profiles`."""
    group = add_group(add, "profile", "list, make, show, compare, delete profiles")
    group("list", profiles, "list the profiles")
    add("profiles", profiles, "list the profiles")
    _create_options(group("create", create, "make a profile of real images"))
    group("show", show, "show a profile").add_argument("name")
    gone = group("delete", delete, "delete a profile")
    gone.add_argument("name")
    add_yes(gone)
    held = group("compare", compare, "compare a dataset or a profile with a profile")
    held.add_argument("name")
    other = held.add_mutually_exclusive_group(required=True)
    other.add_argument("--dataset", metavar="DATASET_DIR", help="on the server")
    other.add_argument("--profile", metavar="NAME")
    held.add_argument("--plot", type=Path, metavar="FILE", help="save a plot as SVG")


def _create_options(command: ArgumentParser) -> None:
    command.add_argument("name")
    source = command.add_argument_group("source (one of)").add_mutually_exclusive_group(
        required=True
    )
    source.add_argument("--folder", type=Path, metavar="FOLDER", help="local images")
    source.add_argument("--source-dir", metavar="PATH", help="a folder on the server")
    source.add_argument(
        "--s3", metavar="s3://BUCKET/PREFIX", help="the server reads it; see --s3-here"
    )
    source.add_argument(
        "--video", type=Path, metavar="FILE", help="a video; needs the extra camera"
    )
    source.add_argument("--webcam", type=int, metavar="N", help="needs the extra camera")
    source.add_argument("--rtsp", metavar="URL", help="needs the extra camera")
    source.add_argument("--unsplash", metavar="QUERY", help="needs an access key of Unsplash")
    command.add_argument("--max-images", type=v.positive, metavar="N", help="most images")
    command.add_argument(
        "--every-s", type=v.seconds, default=1.0, metavar="S", help="seconds between frames (1)"
    )
    command.add_argument("--update", action="store_true", help="add to an existing profile")
    command.add_argument(
        "--keep-hashes", action="store_true", help="store hashes, to find near-duplicates"
    )
    command.add_argument(
        "--keep-features", action="store_true", help="store features, for reports with this profile"
    )
    command.add_argument(
        "--s3-here",
        action="store_true",
        help="read S3 with this machine's credentials (needs boto3) and upload the images",
    )
    command.add_argument(
        "--s3-endpoint", metavar="URL", help="with --s3-here; default: INFERLOOP_S3_ENDPOINT_URL"
    )
    command.add_argument(
        "--remove-uploads",
        action="store_true",
        help="remove the uploaded images from the server when the profile is made",
    )
    command.add_argument("--unsplash-key", metavar="KEY", help="default: UNSPLASH_ACCESS_KEY")


def profiles(session: Session, arguments: Namespace) -> int:
    """List the profiles of the service."""
    with session.client() as client:
        answer = client.list_profiles()
    rows = [
        (entry["name"], entry["sample_count"], entry["created_at"]) for entry in answer["profiles"]
    ]
    session.console.answer(answer, table(("NAME", "IMAGES", "CREATED"), rows))
    return 0


def show(session: Session, arguments: Namespace) -> int:
    """Show a profile with its statistics."""
    with session.client() as client:
        profile = client.get_profile(arguments.name)
    session.console.answer(profile, fields(profile))
    return 0


def delete(session: Session, arguments: Namespace) -> int:
    """Delete a profile, after a question."""
    if not arguments.yes:
        session.confirm(f"Delete the profile {arguments.name}?")
    with session.client() as client:
        client.delete_profile(arguments.name)
    session.console.answer({"deleted": arguments.name}, [f"deleted {arguments.name}"])
    return 0


def compare(session: Session, arguments: Namespace) -> int:
    """Compare a dataset or another profile with a profile, and print the distances."""
    check_file("--plot", arguments.plot)
    with session.client() as client:
        comparison = client.compare_profile(
            arguments.name, dataset=arguments.dataset, profile=arguments.profile
        )
        try:
            if arguments.plot is not None:
                drawn = client.plot_comparison(
                    arguments.name,
                    to=arguments.plot,
                    dataset=arguments.dataset,
                    profile=arguments.profile,
                )
                session.console.note(f"drew {drawn}")
        finally:
            session.console.answer(comparison, fields(comparison))
    return 0


def create(session: Session, arguments: Namespace) -> int:
    """Create a profile. If the server cannot read the source itself, the images are uploaded
    first."""
    by_server = arguments.s3 is not None and not arguments.s3_here
    if by_server and (arguments.s3_endpoint is not None or arguments.max_images is not None):
        raise UsageProblem(
            "--s3-endpoint and --max-images need --s3-here: otherwise the server reads all images"
        )
    with session.client() as client:
        if by_server or arguments.source_dir is not None:
            profile = client.create_profile(
                arguments.name,
                source_dir=arguments.source_dir,
                source_url=arguments.s3,
                update=True if arguments.update else None,
                keep_hashes=True if arguments.keep_hashes else None,
                keep_features=True if arguments.keep_features else None,
            )
        else:
            _check_name(client, arguments)
            with ended_by_exception():
                profile = _uploaded_profile(session, client, arguments)
    lines = [f"{profile['name']}: {profile['sample_count']} images", profile["path"]]
    session.console.answer(profile, lines)
    return 0


def _check_name(client: SyntheticImageClient, arguments: Namespace) -> None:
    """Raise `UsageProblem` if there is a profile of this name, before anything is uploaded. Without
    the right to read profiles, this checks nothing."""
    if arguments.update:
        return
    with suppress(NotFound, Forbidden):
        client.get_profile(arguments.name)
        raise UsageProblem(
            f"there is a profile {arguments.name} already: extend it with --update, or delete it"
        )


def _uploaded_profile(
    session: Session, client: SyntheticImageClient, arguments: Namespace
) -> Profile:
    # Every run has its own folder, so that with --update no image is counted a second time.
    folder = f"{arguments.name[:50]}-{session.surroundings.suffix()}"
    finite = arguments.folder is not None or arguments.s3 is not None
    limit = arguments.max_images or (None if finite else CAPTURE_LIMIT)
    stored: list[str] = []

    def upload(*given: Any, **options: Any) -> UploadedImage:
        with answer_awaited(session):
            answer = client.upload_image(*given, **options)
            stored.append(answer["image_path"])
        return answer

    try:
        with session.console.bar("uploading") as bar:
            uploaded = upload_folder(
                client,
                source_images(session, arguments),
                folder,
                limit,
                lambda uploaded_count: bar.show(uploaded_count, limit),
                upload,
            )
        for reason in uploaded.refused:
            session.console.note(f"left out {reason}")
        session.console.note(
            f"uploaded {uploaded.uploaded_count} images to {uploaded.source_dir}"
            + ("" if arguments.remove_uploads else _STAY)
        )
        keeps = arguments.keep_hashes, arguments.keep_features
        profile = create_profile(client, arguments.name, uploaded, arguments.update, *keeps)
    except BaseException as error:
        if isinstance(error, ConnectionFailed) and error.request_sent:
            # The server may still be making the profile, and would leave out what is removed now.
            session.console.note(
                f"{len(stored)} images stay on the server: {', '.join(stored[:1])}"
            )
        else:
            discard_all(session, client, stored)
        raise
    if arguments.remove_uploads:
        discard_all(session, client, stored)
    return profile


def source_images(session: Session, arguments: Namespace) -> Iterator[SourceImage]:
    """The images of the chosen source."""
    surroundings = session.surroundings
    if arguments.folder is not None:
        note = session.console.note
        return folder_images(arguments.folder, lambda name: note(f"left out {name}: not an image"))
    if arguments.s3 is not None:
        endpoint = arguments.s3_endpoint or surroundings.environ.get("INFERLOOP_S3_ENDPOINT_URL")
        return s3_images(arguments.s3, endpoint)
    if arguments.unsplash is not None:
        key = arguments.unsplash_key or surroundings.environ.get("UNSPLASH_ACCESS_KEY")
        return unsplash_images(arguments.unsplash, key, surroundings.transport)
    if arguments.video is not None:
        if not arguments.video.is_file():
            raise UsageProblem(f"not a file: {arguments.video}")
        return video_file_frames(open_cv(), str(arguments.video), arguments.every_s)
    live = arguments.webcam if arguments.webcam is not None else arguments.rtsp
    return live_frames(open_cv(), live, arguments.every_s)
