"""Endpoints that check the quality and the privacy of images, and anonymize them."""

from __future__ import annotations

from collections.abc import Sequence

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import OnProgress, Operation, read_answer
from inferloop_synthdata.operations.parts import given, listed


def validate_quality(
    image_path: str, *, metrics: Sequence[str] | None = None, prompt: str | None = None
) -> Operation[answers.QualityVerdict]:
    """Check the quality of an image on the server (`POST /validate/quality`).

    `metrics` are names of metrics; None means the server's default ones. `prompt` is used by
    metrics that measure how well the image matches it.
    """
    body = given(image_path=image_path, metrics=listed(metrics), prompt=prompt)
    parse = read_answer(answers.QualityVerdict, "passed")
    return Operation("POST", "/validate/quality", parse, True, body=body)


def validate_privacy(
    image_path: str, *, check_faces: bool | None = None, check_text: bool | None = None
) -> Operation[answers.PrivacyVerdict]:
    """Look for faces, text and personal data in an image on the server
    (`POST /validate/privacy`)."""
    body = given(image_path=image_path, check_faces=check_faces, check_text=check_text)
    parse = read_answer(answers.PrivacyVerdict, "passed")
    return Operation("POST", "/validate/privacy", parse, True, body=body)


def validate_dataset(
    dataset_dir: str,
    *,
    metrics: Sequence[str] | None = None,
    check_faces: bool | None = None,
    check_text: bool | None = None,
    on_progress: OnProgress | None = None,
) -> Operation[answers.DatasetVerdict]:
    """Check the quality and the privacy of every image of a dataset (`POST /validate/dataset`).

    `on_progress(done, total)` counts the images that are checked.
    """
    body = given(
        dataset_dir=dataset_dir,
        metrics=listed(metrics),
        check_faces=check_faces,
        check_text=check_text,
    )
    parse = read_answer(answers.DatasetVerdict, "image_count", "quality", "privacy")
    return Operation("POST", "/validate/dataset", parse, True, body=body, on_progress=on_progress)


def anonymize(image_path: str, *, method: str | None = None) -> Operation[answers.Anonymized]:
    """Store a copy of an image in which faces and personal data are covered (`POST /anonymize`).
    The answer has the copy's path and its privacy verdict.

    `method` says how they are covered, such as "blur" (the default), "pixelate" or "box".
    """
    body = given(image_path=image_path, method=method)
    parse = read_answer(answers.Anonymized, "image_path")
    return Operation("POST", "/anonymize", parse, False, body=body)
