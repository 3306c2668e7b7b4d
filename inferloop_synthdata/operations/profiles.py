"""Endpoints of profiles: create, read, compare, delete."""

from __future__ import annotations

from pathlib import Path

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import Operation, read_answer
from inferloop_synthdata.operations.parts import delete, get, given, inside, saved, segment


def list_profiles() -> Operation[answers.ProfileList]:
    """All profiles (`GET /profiles`)."""
    return get("/profiles", answers.ProfileList, "profiles")


def get_profile(name: str) -> Operation[answers.Profile]:
    """One profile with its statistics (`GET /profiles/{profile_name}`)."""
    return get(f"/profiles/{segment(name)}", answers.Profile, "statistics")


def create_profile(
    name: str,
    *,
    source_dir: str | None = None,
    source_url: str | None = None,
    update: bool | None = None,
    keep_hashes: bool | None = None,
    keep_features: bool | None = None,
) -> Operation[answers.Profile]:
    """Create a profile of all images in a folder of the server (`source_dir`), or in `source_url`
    (s3://bucket/prefix), which the server reads with its own credentials (`POST /profiles`).

    With `update`, an existing profile is extended. The client does not retry this call, because
    images would be counted twice. With `keep_hashes`, the profile stores perceptual hashes, so that
    the privacy check finds copies of its images. With `keep_features`, it stores the features that
    an encoder computes of the images, so that `dataset_report(profile=...)` can give density,
    coverage and copies.
    """
    body = given(
        name=name,
        source_dir=source_dir,
        source_url=source_url,
        update=update,
        keep_hashes=keep_hashes,
        keep_features=keep_features,
    )
    return Operation("POST", "/profiles", read_answer(answers.Profile, "name"), False, body=body)


def delete_profile(name: str) -> Operation[None]:
    """Delete a profile (`DELETE /profiles/{profile_name}`)."""
    return delete(f"/profiles/{segment(name)}")


def compare_profile(
    name: str, *, dataset: str | None = None, profile: str | None = None
) -> Operation[answers.ProfileComparison]:
    """Compare the profile `name` with a dataset (path of its folder on the server), or with another
    profile (`GET /profiles/{profile_name}/compare`).

    Raises:
        ValueError: both `dataset` and `profile` are given, or neither.
    """
    query = _one_other(dataset, profile)
    path = f"/profiles/{segment(name)}/compare"
    return get(path, answers.ProfileComparison, "conformance", **query)


def plot_comparison(
    name: str, *, to: str | Path, dataset: str | None = None, profile: str | None = None
) -> Operation[Path]:
    """Save the comparison of `compare_profile` as a diagram in the local SVG file `to`
    (`GET /profiles/{profile_name}/compare/plot`). If `to` is a folder, the file is `<name>.svg` in
    it. Returns the file's path. Raises `ValueError` as `compare_profile` does."""
    path = f"/profiles/{segment(name)}/compare/plot"
    return saved(path, _one_other(dataset, profile), inside(to, f"{name}.svg"))


def _one_other(dataset: str | None, profile: str | None) -> dict[str, str]:
    other = {"dataset": dataset, "profile": profile}
    query = {kind: value for kind, value in other.items() if value is not None}
    if len(query) != 1:
        raise ValueError("a comparison takes either dataset or profile")
    return query
