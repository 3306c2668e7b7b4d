"""`/profiles`: list, get, create, compare, plot and delete profiles."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response

from engines.errors import InvalidParameters, NotFound
from engines.types import Profile, ProfileRequest, S3Folder
from engines.types.limits import NAME_PATTERN
from serve_app.access.policy import requires
from serve_app.context import Context, InContext
from serve_app.flow.connection import answer_within
from serve_app.flow.deadlines import within
from serve_app.paging import PageQuery, cut
from serve_app.paths import COMPARED_DATASET, SOURCE_DIR
from serve_app.routing import ApiRoute
from serve_app.schemas.base import Name, QueryModel, WirePath
from serve_app.schemas.library import (
    ComparisonOut,
    Deleted,
    ProfileBody,
    ProfileList,
    ProfileOut,
    ProfileSummaryOut,
)

router = APIRouter(tags=["profiles"], route_class=ApiRoute)

T = TypeVar("T")
SVG = "image/svg+xml"
ProfileName = Annotated[str, Path(pattern=NAME_PATTERN)]


class CompareQuery(QueryModel):
    """What to compare with: exactly one of `dataset` and `profile`."""

    dataset: WirePath | None = None
    profile: Name | None = None


@router.get(
    "/profiles",
    dependencies=[requires("read", budget="read")],
    response_model_exclude_unset=True,
)
async def list_profiles(request: Request, page: PageQuery, context: InContext) -> ProfileList:
    """List the profiles, ordered by name. `next_cursor` is only there if there are more."""
    work = context.services.profiles.list(page.limit + 1, page.cursor)
    found = await answer_within(context.config.deadlines.lookup_s, request, work)
    shown, cursor = cut(found, page, lambda profile: profile.name)
    profiles = [
        ProfileSummaryOut(
            name=profile.name,
            created_at=profile.created_at,
            sample_count=profile.sample_count,
            path=context.paths.to_wire(profile.key),
        )
        for profile in shown
    ]
    if cursor is None:
        return ProfileList(profiles=profiles)
    return ProfileList(profiles=profiles, next_cursor=cursor)


@router.post(
    "/profiles",
    dependencies=[requires("write", "validate", "profile.create", job="profile.create")],
    response_model_exclude_none=True,
)
async def create_profile(body: ProfileBody, request: Request, context: InContext) -> ProfileOut:
    """Create a profile from all images below a folder of the service or a bucket, or extend one."""
    if (body.source_dir is None) == (body.source_url is None):
        raise InvalidParameters.of(
            "source_dir",
            body.source_dir,
            "one of: source_dir, source_url",
            "or source_url must be given",
        )
    if body.source_dir is None:
        context.audit.add(str(body.source_url))
        wanted = _wanted(body, _s3(body.source_url))
        return _profile_out(await _created(wanted, request, context), context)
    key = context.paths.to_key(body.source_dir, SOURCE_DIR)
    wanted = _wanted(body, key)
    with context.paths.named(body.source_dir, key, SOURCE_DIR):
        return _profile_out(await _created(wanted, request, context), context)


def _wanted(body: ProfileBody, source: str | S3Folder) -> ProfileRequest:
    return ProfileRequest(
        body.name, source, body.update, body.keep_hashes, keep_features=body.keep_features
    )


async def _created(wanted: ProfileRequest, request: Request, context: Context) -> Profile:
    """The created or extended profile. Replaces the old profile in the storage quota."""
    async with context.storage_quota.room(context.caller) as room:
        work = _made(wanted, context)
        profile = await answer_within(context.config.deadlines.profile_s, request, work)
        await context.storage_quota.forget(profile.key)
        room.add(profile.key, profile.size_bytes)
    return profile


async def _made(wanted: ProfileRequest, context: Context) -> Profile:
    """The profile. An earlier run of the same request may have made it."""
    if context.run is not None and context.run.repeated:
        with suppress(NotFound):
            found = await context.services.profiles.get(wanted.name)
            changed_at = found.updated_at if wanted.update else found.created_at
            if changed_at.timestamp() >= context.run.accepted_at:
                return found
    return await context.services.profiles.create(wanted)


@router.get(
    "/profiles/{profile_name}",
    dependencies=[requires("read", budget="read")],
    response_model_exclude_none=True,
)
async def get_profile(profile_name: ProfileName, context: InContext) -> ProfileOut:
    """Get one profile with its statistics."""
    work = context.services.profiles.get(profile_name)
    return _profile_out(await within(context.config.deadlines.lookup_s, work), context)


@router.delete(
    "/profiles/{profile_name}", dependencies=[requires("delete", audit="profile.delete")]
)
async def delete_profile(profile_name: ProfileName, context: InContext) -> Deleted:
    """Delete a profile."""
    deadline_s, profiles = context.config.deadlines.lookup_s, context.services.profiles
    profile = await within(deadline_s, profiles.get(profile_name))
    await within(deadline_s, profiles.delete(profile_name))
    await context.storage_quota.forget(profile.key)
    return Deleted(name=profile_name)


@router.get(
    "/profiles/{profile_name}/compare", dependencies=[requires("validate", budget="validate")]
)
async def compare_profile(
    request: Request,
    profile_name: ProfileName,
    query: Annotated[CompareQuery, Query()],
    context: InContext,
) -> ComparisonOut:
    """Compare this profile with a dataset (its path or name) or with another profile."""
    compare = context.services.profiles.compare
    found = await _against(compare, request, profile_name, query, context)
    return ComparisonOut(
        conformance=found.conformance,
        distances=dict(found.distances),
        left=found.left,
        right=found.right,
    )


@router.get(
    "/profiles/{profile_name}/compare/plot",
    dependencies=[requires("validate", budget="validate")],
    response_class=Response,
    responses={200: {"content": {SVG: {}}, "description": "An SVG document."}},
)
async def plot_comparison(
    request: Request,
    profile_name: ProfileName,
    query: Annotated[CompareQuery, Query()],
    context: InContext,
) -> Response:
    """Plot the comparison: overlaid histograms, dominant colors, conformance."""
    plot = context.services.profiles.plot
    drawn = await _against(plot, request, profile_name, query, context)
    # An SVG that is opened directly runs with this origin, so scripts are forbidden.
    return Response(drawn, media_type=SVG, headers={"Content-Security-Policy": "sandbox"})


async def _against(
    work: Callable[[str, str | None, str | None], Coroutine[object, object, T]],
    request: Request,
    name: str,
    query: CompareQuery,
    context: Context,
) -> T:
    """Run `work` on the profile and the dataset or profile in the query."""
    deadline_s = context.config.deadlines.profile_s
    if (query.dataset is None) == (query.profile is None):
        raise InvalidParameters.of(
            "dataset", query.dataset, "one of: dataset, profile", "or profile must be given"
        )
    if query.dataset is None:
        return await answer_within(deadline_s, request, work(name, None, query.profile))
    path = query.dataset
    if "/" not in path:
        path = context.paths.to_wire(f"generated/{path}")
    key = context.paths.to_key(path, COMPARED_DATASET)
    with context.paths.named(path, key, COMPARED_DATASET):
        return await answer_within(deadline_s, request, work(name, key, None))


def _s3(url: str | None) -> S3Folder:
    bucket, _, prefix = (url or "").removeprefix("s3://").partition("/")
    return S3Folder(bucket, prefix)


def _profile_out(profile: Profile, context: Context) -> ProfileOut:
    return ProfileOut(
        name=profile.name,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
        sample_count=profile.sample_count,
        path=context.paths.to_wire(profile.key),
        statistics=dict(profile.statistics),
        kept_hashes=profile.kept_hashes or None,
        kept_features=profile.kept_features or None,
    )
