"""`GET /whoami` and `GET /keys`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter

from serve_app.access.caller import Caller
from serve_app.access.keys_file import KeyRecord
from serve_app.access.policy import requires
from serve_app.budgets.rate_limits import rate_texts
from serve_app.context import Context, InContext
from serve_app.paging import PageQuery, cut
from serve_app.routing import ApiRoute
from serve_app.schemas.service.callers import BudgetOut, KeyList, KeyOut

MAX_KEYS = 100
"""Largest page; limited, because the budgets of each key are looked up."""

router = APIRouter(tags=["keys"], route_class=ApiRoute)


@router.get("/whoami", dependencies=[requires(None, budget="read")])
async def get_whoami(context: InContext) -> KeyOut:
    """Get the API key of this request: its name, its scopes, and what is left of its budgets."""
    record = context.keys.record_of(context.caller) or KeyRecord(context.caller)
    return await _key_out(context, record)


@router.get(
    "/keys",
    dependencies=[requires("admin", budget="read")],
    response_model_exclude_unset=True,
)
async def list_keys(page: PageQuery, context: InContext) -> KeyList:
    """List the API keys with their names, scopes and budgets, without the keys themselves. A key of
    a space sees only the keys of that space."""
    seen = [each for each in context.keys.records() if _sees(context.caller, each.caller)]
    page = page.model_copy(update={"limit": min(page.limit, MAX_KEYS)})
    every = sorted(seen, key=lambda each: each.caller.name)
    rest = [each for each in every if page.cursor is None or each.caller.name > page.cursor]
    shown, cursor = cut(rest[: page.limit + 1], page, lambda each: each.caller.name)
    keys = list(await asyncio.gather(*(_key_out(context, each) for each in shown)))
    return KeyList(callers=keys) if cursor is None else KeyList(callers=keys, next_cursor=cursor)


def _sees(caller: Caller, other: Caller) -> bool:
    return caller.sees_every_space or caller.space == other.space


async def _key_out(context: Context, record: KeyRecord) -> KeyOut:
    caller = record.caller
    states = await context.limiter.look(caller.key_hash, caller.rates)
    rates = {**rate_texts(context.config.rates), **caller.rates}
    return KeyOut(
        name=caller.name,
        scopes=sorted(caller.scopes),
        space=caller.space,
        max_stored_bytes=caller.max_stored_bytes,
        expires_at=record.expires,
        budgets=[
            BudgetOut(
                name=bucket,
                rate=rates[bucket],
                limit=state.limit,
                remaining=state.remaining,
                resets_at=datetime.fromtimestamp(state.reset_epoch_s, UTC),
            )
            for bucket, state in states.items()
        ],
    )
