"""A profile of images that are not on the server yet: upload them, then have it made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from inferloop_synthdata.answers import Profile
from inferloop_synthdata.cli.usage import UsageProblem
from inferloop_synthdata.client import SyntheticImageClient
from inferloop_synthdata.errors import InvalidParameters, PayloadTooLarge, UnexpectedAnswer
from inferloop_synthdata.sources.images import SourceImage


@dataclass(frozen=True, slots=True)
class UploadedFolder:
    """What lies on the server now."""

    source_dir: str
    uploaded_count: int
    refused: tuple[str, ...]
    """Images that the server does not take, each with its reason."""


def upload_folder(
    client: SyntheticImageClient,
    images: Iterable[SourceImage],
    folder: str,
    max_images: int | None = None,
    progress: Callable[[int], None] = lambda uploaded_count: None,
) -> UploadedFolder:
    """Upload at most `max_images` into `uploads/<folder>/`.

    A picture that the server refuses is left out and named; any other error ends the upload.
    """
    source_dir: str | None = None
    uploaded_count = 0
    refused: list[str] = []
    for image in islice(images, max_images):
        try:
            answer = client.upload_image(image.content, folder=folder, file_name=image.name)
        except (InvalidParameters, PayloadTooLarge) as error:
            # Refused alike from the first on, it is not the picture that is wrong.
            if isinstance(error, InvalidParameters) and error.details.get("parameter") == "folder":
                raise
            refused.append(f"{image.name}: {error.message}")
            continue
        # No path library here: a data root in S3 ("s3://bucket/...") has to keep its two slashes.
        source_dir = answer["image_path"].rpartition("/")[0]
        # A profile of all that anybody uploaded would be a wrong one.
        if source_dir.rpartition("/")[2] != folder:
            raise UnexpectedAnswer("This server does not keep uploads in folders of their own")
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
    """Make (or with `update` extend) the profile of what was uploaded."""
    return client.create_profile(
        name,
        source_dir=uploaded.source_dir,
        update=True if update else None,
        keep_hashes=True if keep_hashes else None,
        keep_features=True if keep_features else None,
    )
