"""Lists in pages: at most `limit` entries after `cursor`, and the cursor of the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from serve_app.schemas.base import Name

Item = TypeVar("Item")
MAX_PAGE = 1000


class Page(BaseModel):
    """`limit` and `cursor` of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(
        default=MAX_PAGE, ge=1, le=MAX_PAGE, description="Largest number of entries in a page."
    )
    cursor: Name | None = Field(
        default=None,
        description="`next_cursor` of the previous page. If left out: the first page.",
    )


PageQuery = Annotated[Page, Query()]


def cut(
    found: Sequence[Item], page: Page, name_of: Callable[[Item], str]
) -> tuple[Sequence[Item], str | None]:
    """The page and the cursor of the next one, if any.

    `found` has one entry more than a page when there are more.
    """
    if len(found) <= page.limit:
        return found, None
    shown = found[: page.limit]
    return shown, name_of(shown[-1])
