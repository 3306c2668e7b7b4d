"""`inferloop profiles` and `profile create | show | compare | delete`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from inferloop_synthdata.answers import Profile
from inferloop_synthdata.cli.console import fields, table
from inferloop_synthdata.cli.outputs import check_file
from inferloop_synthdata.cli.session import Session
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.sources.images import SourceImage, folder_images, s3_images
from inferloop_synthdata.sources.profile_upload import create_profile, upload_folder
from inferloop_synthdata.sources.unsplash import unsplash_images
from inferloop_synthdata.sources.video import live_frames, open_cv, video_file_frames

CAPTURE_LIMIT = 100
"""Images taken of a source that has no end of its own, where `--max-images` does not say."""


def profiles(session: Session, arguments: Namespace) -> int:
    """Every profile of the service."""
    with session.client() as client:
        answer = client.list_profiles()
    rows = [
        (entry["name"], entry["sample_count"], entry["created_at"]) for entry in answer["profiles"]
    ]
    session.console.answer(answer, table(("NAME", "IMAGES", "CREATED"), rows))
    return 0


def show(session: Session, arguments: Namespace) -> int:
    """One profile with its statistics."""
    with session.client() as client:
        profile = client.get_profile(arguments.name)
    session.console.answer(profile, fields(profile))
    return 0


def delete(session: Session, arguments: Namespace) -> int:
    """Remove a profile."""
    with session.client() as client:
        client.delete_profile(arguments.name)
    session.console.answer({"deleted": arguments.name}, [f"deleted {arguments.name}"])
    return 0


def compare(session: Session, arguments: Namespace) -> int:
    """How far a dataset or another profile lies from a profile."""
    check_file("--plot", arguments.plot)
    with session.client() as client:
        comparison = client.compare_profile(
            arguments.name, dataset=arguments.dataset, profile=arguments.profile
        )
        try:
            if arguments.plot is not None:
                client.plot_comparison(
                    arguments.name,
                    to=arguments.plot,
                    dataset=arguments.dataset,
                    profile=arguments.profile,
                )
                session.console.note(f"drew {arguments.plot}")
        finally:
            session.console.answer(comparison, fields(comparison))
    return 0


def create(session: Session, arguments: Namespace) -> int:
    """A profile of what the server can read itself, or of images that are uploaded first."""
    by_server = arguments.s3 is not None and not arguments.s3_here
    if by_server and (arguments.s3_endpoint is not None or arguments.max_images is not None):
        raise UsageProblem("--s3-endpoint and --max-images go with --s3-here: the server reads all")
    with session.client() as client:
        if by_server or arguments.source_dir is not None:
            profile = client.create_profile(
                arguments.name,
                source_dir=arguments.source_dir,
                source_url=arguments.s3,
                update=True if arguments.update else None,
                keep_hashes=True if arguments.keep_hashes else None,
            )
        else:
            profile = _uploaded_profile(session, client, arguments)
    lines = [f"{profile['name']}: {profile['sample_count']} images", profile["path"]]
    session.console.answer(profile, lines)
    return 0


def _uploaded_profile(
    session: Session, client: SyntheticImageClient, arguments: Namespace
) -> Profile:
    # A folder of its own for every run: with --update, no picture is counted a second time.
    folder = f"{arguments.name[:50]}-{session.surroundings.suffix()}"
    finite = arguments.folder is not None or arguments.s3 is not None
    limit = arguments.max_images or (None if finite else CAPTURE_LIMIT)
    with session.console.bar("uploading") as bar:
        uploaded = upload_folder(
            client,
            source_images(session, arguments),
            folder,
            limit,
            lambda uploaded_count: bar.show(uploaded_count, limit),
        )
    for reason in uploaded.refused:
        session.console.note(f"left out {reason}")
    session.console.note(f"uploaded {uploaded.uploaded_count} images to {uploaded.source_dir}")
    return create_profile(client, arguments.name, uploaded, arguments.update, arguments.keep_hashes)


def source_images(session: Session, arguments: Namespace) -> Iterator[SourceImage]:
    """The images of the one source that was asked for."""
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
