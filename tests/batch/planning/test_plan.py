"""The plan: stable, whole, and refusing another job's output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from batch.config import JobConfig
from batch.planning.plan import Plan, ensure_plan, identified, read_rows
from batch.planning.rows import ParsedRow, parse_row
from engines.errors import Conflict, InvalidParameters
from engines.storage.folder.storage import FolderStorage

MakeConfig = Callable[..., JobConfig]


class Prompts:
    """An input of prompts; fails after `until` rows where that is given."""

    def __init__(self, *prompts: str, until: int | None = None) -> None:
        self._prompts, self._until = prompts, until

    def digest(self) -> str:
        return "\n".join(self._prompts)

    def rows(self) -> Iterator[ParsedRow]:
        for number, prompt in enumerate(self._prompts):
            if number == self._until:
                raise KeyboardInterrupt
            yield parse_row({"prompt": prompt}, frozenset())


def now() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)


TEN = Prompts(*(f"bird {n}" for n in range(10)))


def ids(storage: FolderStorage, plan: Plan) -> list[str]:
    return [row.row_id for n in range(plan.shards) for row in read_rows(storage, n)]


def test_rows_are_cut_into_shards_in_order(storage: FolderStorage, make_config: MakeConfig) -> None:
    plan = ensure_plan(storage, make_config(), TEN, now)
    assert (plan.rows, plan.shards) == (10, 3)
    shards = [read_rows(storage, n) for n in range(3)]
    assert [len(shard) for shard in shards] == [4, 4, 2]
    assert [row.index for shard in shards for row in shard] == list(range(10))
    assert shards[2][1].parameters == {"prompt": "bird 9"}


def test_equal_rows_get_different_ids_whatever_lies_between() -> None:
    rows = list(identified(Prompts("a", "b", "a", "a").rows()))
    assert len({row.row_id for row in rows}) == 4
    moved = list(identified(Prompts("b", "a", "a", "a").rows()))
    assert {row.row_id for row in rows} == {row.row_id for row in moved}


def test_a_second_submission_finds_the_plan(
    storage: FolderStorage, make_config: MakeConfig
) -> None:
    first = ensure_plan(storage, make_config(), TEN, now)
    later = ensure_plan(storage, make_config(), TEN, lambda: datetime(2027, 1, 1, tzinfo=UTC))
    assert later == first


def test_a_plan_cut_short_is_made_again(storage: FolderStorage, make_config: MakeConfig) -> None:
    prompts = [f"bird {n}" for n in range(10)]
    with pytest.raises(KeyboardInterrupt):
        ensure_plan(storage, make_config(), Prompts(*prompts, until=7), now)
    assert Plan.load(storage) is None
    plan = ensure_plan(storage, make_config(), TEN, now)
    assert len(set(ids(storage, plan))) == 10


def test_how_much_of_the_cluster_it_takes_may_change(
    storage: FolderStorage, make_config: MakeConfig
) -> None:
    first = ensure_plan(storage, make_config(), TEN, now)
    more = make_config(resources={"generators": 8}, tries={"deaths": 9, "images": 3})
    assert ensure_plan(storage, more, TEN, now) == first


@pytest.mark.parametrize(
    ("parts", "source", "named"),
    [
        ({}, Prompts("another"), "input"),
        ({"defaults": {"width": 128}}, TEN, "defaults"),
        ({"tries": {"images": 1}}, TEN, "tries"),
        ({"name": "dogs"}, TEN, "name"),
    ],
)
def test_another_job_may_not_use_the_output(
    storage: FolderStorage,
    make_config: MakeConfig,
    parts: dict[str, object],
    source: Prompts,
    named: str,
) -> None:
    ensure_plan(storage, make_config(), TEN, now)
    with pytest.raises(Conflict, match=rf"\({named} differ\)"):
        ensure_plan(storage, make_config(**parts), source, now)


def test_an_empty_input_is_refused(storage: FolderStorage, make_config: MakeConfig) -> None:
    with pytest.raises(InvalidParameters, match="at least one row"):
        ensure_plan(storage, make_config(), Prompts(), now)
