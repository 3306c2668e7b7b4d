"""Endpoints of profiles: make, read, compare, remove."""

from __future__ import annotations

from pathlib import Path

from inferloop_synthdata import answers
from inferloop_synthdata.operations.operation import Operation, read_answer
from inferloop_synthdata.operations.parts import delete, get, given, inside, saved, segment


def list_profiles() -> Operation[answers.ProfileList]:
    """Every profile (`GET /profiles`)."""
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
    """Make a profile of every image under a folder of the server, or under `source_url`
    (s3://bucket/prefix), which the server reads with its own credentials (`POST /profiles`).

    With `update` it extends a profile that exists: a repetition would count images twice. With
    `keep_hashes` it serves the search after near-duplicates. With `keep_features` it keeps an
    encoder's features of the images, and `dataset_report(profile=...)` gives density, coverage
    and copies against them.
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
    """Remove a profile (`DELETE /profiles/{profile_name}`)."""
    return delete(f"/profiles/{segment(name)}")


def compare_profile(
    name: str, *, dataset: str | None = None, profile: str | None = None
) -> Operation[answers.ProfileComparison]:
    """How far a dataset (its folder on the server), or another profile, lies from a profile.

    Takes exactly one of the two.
    """
    query = _one_other(dataset, profile)
    path = f"/profiles/{segment(name)}/compare"
    return get(path, answers.ProfileComparison, "conformance", **query)


def plot_comparison(
    name: str, *, to: str | Path, dataset: str | None = None, profile: str | None = None
) -> Operation[Path]:
    """Draw what `compare_profile` says into a local SVG file
    (`GET /profiles/{profile_name}/compare/plot`), in a folder `<name>.svg`; gives the file."""
    path = f"/profiles/{segment(name)}/compare/plot"
    return saved(path, _one_other(dataset, profile), inside(to, f"{name}.svg"))


def _one_other(dataset: str | None, profile: str | None) -> dict[str, str]:
    other = {"dataset": dataset, "profile": profile}
    query = {kind: value for kind, value in other.items() if value is not None}
    if len(query) != 1:
        raise ValueError("a comparison takes either dataset or profile")
    return query
