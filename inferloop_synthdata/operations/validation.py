"""Endpoints that judge images, and make them fit to be shown."""

from __future__ import annotations

from collections.abc import Sequence

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import OnProgress, Operation, read_answer
from inferloop_synthdata.operations.parts import given, listed


def validate_quality(
    image_path: str, *, metrics: Sequence[str] | None = None, prompt: str | None = None
) -> Operation[answers.QualityVerdict]:
    """Judge the quality of an image (`POST /validate/quality`); None is the default metrics.

    `prompt` is for metrics that judge agreement with it.
    """
    body = given(image_path=image_path, metrics=listed(metrics), prompt=prompt)
    parse = read_answer(answers.QualityVerdict, "passed")
    return Operation("POST", "/validate/quality", parse, True, body=body)


def validate_privacy(
    image_path: str, *, check_faces: bool | None = None, check_text: bool | None = None
) -> Operation[answers.PrivacyVerdict]:
    """Look for faces, text and personal data in an image (`POST /validate/privacy`)."""
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
    """Judge every image of a dataset for quality and privacy (`POST /validate/dataset`).

    `on_progress(done, total)` hears how many images are judged.
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
    """Write a copy without faces and personal data (`POST /anonymize`): its path and verdict.

    `method` is how they are covered, such as "blur" (the default), "pixelate" or "box".
    """
    body = given(image_path=image_path, method=method)
    parse = read_answer(answers.Anonymized, "image_path")
    return Operation("POST", "/anonymize", parse, False, body=body)
