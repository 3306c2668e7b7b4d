"""`/profiles`: list, look, make, compare, remove."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict

from engines.errors import InvalidParameters
from engines.types import Profile, ProfileRequest
from serve_app.connection import answer_within
from serve_app.context import Context, InContext
from serve_app.deadlines import within
from serve_app.paths import COMPARED_DATASET, SOURCE_DIR
from serve_app.schemas.base import NAME_PATTERN, Name, WirePath
from serve_app.schemas.library import (
    ComparisonOut,
    Deleted,
    ProfileBody,
    ProfileList,
    ProfileOut,
    ProfileSummaryOut,
)

router = APIRouter(tags=["profiles"])

ProfileName = Annotated[str, Path(pattern=NAME_PATTERN)]


class CompareQuery(BaseModel):
    """Exactly one of the two."""

    model_config = ConfigDict(extra="forbid")

    dataset: WirePath | None = None
    profile: Name | None = None


@router.get("/profiles")
async def list_profiles(context: InContext) -> ProfileList:
    """Every profile."""
    profiles = await within(context.config.deadlines.lookup_s, context.services.profiles.list())
    return ProfileList(
        profiles=[
            ProfileSummaryOut(
                name=profile.name,
                created_at=profile.created_at,
                sample_count=profile.sample_count,
                path=context.paths.to_wire(profile.key),
            )
            for profile in profiles
        ]
    )


@router.post("/profiles")
async def create_profile(request: Request, context: InContext) -> ProfileOut:
    """Make a profile of every image under a folder, or extend one."""
    body: ProfileBody = context.bodies.profile.parse(await request.body())
    key = context.paths.to_key(body.source_dir, SOURCE_DIR)
    order = ProfileRequest(name=body.name, source_key=key, update=body.update)
    with context.paths.named(body.source_dir, key, SOURCE_DIR):
        work = context.services.profiles.create(order)
        profile = await answer_within(context.config.deadlines.profile_s, request, work)
    return _profile_out(profile, context)


@router.get("/profiles/{profile_name}")
async def get_profile(profile_name: ProfileName, context: InContext) -> ProfileOut:
    """One profile with its statistics."""
    work = context.services.profiles.get(profile_name)
    return _profile_out(await within(context.config.deadlines.lookup_s, work), context)


@router.delete("/profiles/{profile_name}")
async def delete_profile(profile_name: ProfileName, context: InContext) -> Deleted:
    """Remove a profile."""
    work = context.services.profiles.delete(profile_name)
    await within(context.config.deadlines.lookup_s, work)
    return Deleted(name=profile_name)


@router.get("/profiles/{profile_name}/compare")
async def compare_profile(
    request: Request,
    profile_name: ProfileName,
    query: Annotated[CompareQuery, Query()],
    context: InContext,
) -> ComparisonOut:
    """How far a dataset (its path, or its name) or another profile lies from this one."""
    if (query.dataset is None) == (query.profile is None):
        raise InvalidParameters.of(
            "dataset", query.dataset, "one of: dataset, profile", "or profile must be given"
        )
    compare = context.services.profiles.compare
    if query.dataset is None:
        found = await answer_within(
            context.config.deadlines.profile_s, request, compare(profile_name, None, query.profile)
        )
    else:
        path = query.dataset
        if "/" not in path:
            path = context.paths.to_wire(f"generated/{path}")
        key = context.paths.to_key(path, COMPARED_DATASET)
        with context.paths.named(path, key, COMPARED_DATASET):
            found = await answer_within(
                context.config.deadlines.profile_s, request, compare(profile_name, key, None)
            )
    return ComparisonOut(
        conformance=found.conformance,
        distances=dict(found.distances),
        left=found.left,
        right=found.right,
    )


def _profile_out(profile: Profile, context: Context) -> ProfileOut:
    return ProfileOut(
        name=profile.name,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
        sample_count=profile.sample_count,
        path=context.paths.to_wire(profile.key),
        statistics=dict(profile.statistics),
    )
