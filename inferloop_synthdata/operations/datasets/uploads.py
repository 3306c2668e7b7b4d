"""Uploads many local images to a dataset, with one call for each."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from inferloop_synthdata.answers import UploadedImage
from inferloop_synthdata.errors import ClientError, InvalidParameters, PayloadTooLarge
from inferloop_synthdata.operations.datasets.library import upload_image
from inferloop_synthdata.operations.operation import OnProgress, Operation
from inferloop_synthdata.sources.labeled import LabeledPicture


@dataclass(frozen=True, slots=True)
class UploadedPictures:
    """Result of an upload."""

    image_paths: list[str] = field(default_factory=list)
    """Paths on the server of the images that were uploaded, in the order of the local files."""
    refused: dict[Path, str] = field(default_factory=dict)
    """Local files that the service refused, with its reason."""


def upload_calls(
    name: str, pictures: Sequence[LabeledPicture], on_progress: OnProgress | None
) -> Generator[Operation[UploadedImage], UploadedImage | ClientError, UploadedPictures]:
    """A generator that yields one call for each image. The client sends it the answer or the error.
    It returns the result of the whole upload.

    A file that the service refuses as an image is skipped and listed in `refused`. Any other error
    is raised and ends the upload. `on_progress(done, total)` counts the files.
    """
    result = UploadedPictures()
    for number, picture in enumerate(pictures, 1):
        answer = yield upload_image(
            picture.file, dataset=name, labels=picture.labels, prompt=picture.prompt
        )
        if not isinstance(answer, ClientError):
            result.image_paths.append(answer["image_path"])
        elif is_of_the_picture(answer):
            result.refused[picture.file] = str(getattr(answer, "message", answer))
        else:
            raise answer
        if on_progress is not None:
            on_progress(number, len(pictures))
    return result


def is_of_the_picture(error: ClientError) -> bool:
    """Whether the service refused the file because of its content or size, not because of another
    argument of the call."""
    if isinstance(error, InvalidParameters):
        return error.details.get("parameter") == "image"
    return isinstance(error, PayloadTooLarge)
