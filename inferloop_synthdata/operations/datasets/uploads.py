"""Many local pictures into a dataset, one call each, and what became of them."""

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
    """The pictures that are on the server now."""

    image_paths: list[str] = field(default_factory=list)
    """In the order of the pictures."""
    refused: dict[Path, str] = field(default_factory=dict)
    """Files that the service does not take as images, with its reason."""


def upload_calls(
    name: str, pictures: Sequence[LabeledPicture], on_progress: OnProgress | None
) -> Generator[Operation[UploadedImage], UploadedImage | ClientError, UploadedPictures]:
    """Yields each call and is sent its answer, or why it failed; returns what became of all.

    A picture that is no image is left out and named; any other error ends the upload.
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
    """Whether it is the file that is refused, and not the call."""
    if isinstance(error, InvalidParameters):
        return error.details.get("parameter") == "image"
    return isinstance(error, PayloadTooLarge)
