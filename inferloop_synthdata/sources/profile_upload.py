"""Creates a profile of images that are not on the server yet: uploads them first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from inferloop_synthdata.answers import Profile, UploadedImage
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import InvalidParameters, PayloadTooLarge, UnexpectedAnswer
from inferloop_synthdata.sources.images import SourceImage


@dataclass(frozen=True, slots=True)
class UploadedFolder:
    """Result of an upload."""

    source_dir: str
    """Path of the folder on the server."""
    uploaded_count: int
    refused: tuple[str, ...]
    """Images that the server refused, each as "<file name>: <reason>"."""


def upload_folder(
    client: SyntheticImageClient,
    images: Iterable[SourceImage],
    folder: str,
    max_images: int | None = None,
    progress: Callable[[int], None] = lambda uploaded_count: None,
    upload: Callable[..., UploadedImage] | None = None,
) -> UploadedFolder:
    """Upload at most `max_images` images (None: all) to `uploads/<folder>/` on the server. Blocks.

    `progress` is called after each image with the number of images uploaded so far. An image that
    the server refuses is skipped and listed in `refused`. `upload` is called in place of
    `client.upload_image`.

    Raises:
        UsageProblem: no image could be uploaded.
        UnexpectedAnswer: the server did not store an image in `folder`.
        ApiError, ConnectionFailed: any other error of a request ends the upload.
    """
    upload = upload or client.upload_image
    source_dir: str | None = None
    uploaded_count = 0
    refused: list[str] = []
    for image in islice(images, max_images):
        try:
            answer = upload(image.content, folder=folder, file_name=image.name)
        except (InvalidParameters, PayloadTooLarge) as error:
            # The folder's name is wrong, and would be for every other image too.
            if isinstance(error, InvalidParameters) and error.details.get("parameter") == "folder":
                raise
            refused.append(f"{image.name}: {error.message}")
            continue
        # Not with pathlib, which would change the "//" of a data root in S3 ("s3://bucket/...").
        source_dir = answer["image_path"].rpartition("/")[0]
        # In another folder there may be other images, which must not become part of the profile.
        if source_dir.rpartition("/")[2] != folder:
            raise UnexpectedAnswer("The server did not store the image in the requested folder")
        uploaded_count += 1
        progress(uploaded_count)
    if source_dir is None:
        reason = f": {refused[0]}" if refused else ""
        raise UsageProblem(f"The source gave no usable image{reason}")
    return UploadedFolder(source_dir, uploaded_count, tuple(refused))


def create_profile(
    client: SyntheticImageClient,
    name: str,
    uploaded: UploadedFolder,
    update: bool,
    keep_hashes: bool = False,
    keep_features: bool = False,
) -> Profile:
    """Create a profile of the uploaded images, or extend it (`update`). Blocks. Raises `ApiError`
    and `ConnectionFailed`. For `keep_hashes` and `keep_features` see
    `SyntheticImageClient.create_profile`."""
    return client.create_profile(
        name,
        source_dir=uploaded.source_dir,
        update=True if update else None,
        keep_hashes=True if keep_hashes else None,
        keep_features=True if keep_features else None,
    )
