"""What every store owes at the ends: nothing, one, many, strange words, leases that are over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engines.errors import JsonValue, NotFound, Overloaded
from engines.jobs.model import Answer, Claimed, Draft, Lease, LeaseLost, Selection
from engines.jobs.store import JobStore
from engines.types.limits import MAX_SEED
from tests.engines.jobs.conftest import TERMS, OpenStore
from tests.engines.jobs.drafts import Clock, draft

ANSWER = Answer(200, {"X-Served-Model": "mini"}, '{"seed": 1}')
ODD_WORDS = ["", "\x00", "a\nb", "鳥 🦊", "' OR 1=1 --", "%s {} \\", "\u2028", "x" * 100_000]


def running(store: JobStore, **changes: object) -> Claimed:
    store.accept(draft(**changes))  # type: ignore[arg-type]
    found = store.claim()
    assert found is not None
    return found


def ids(store: JobStore, limit: int, before: int | None = None) -> list[str]:
    return [job.id for job in store.list(Selection(None), limit, before)]


# Words


@pytest.mark.parametrize("words", ODD_WORDS)
def test_any_words_come_back_as_they_were(store: JobStore, words: str) -> None:
    job = store.accept(draft(body=words, dataset=words)).job
    assert store.request_of(job.id).body == words
    assert store.get(job.id).dataset == words
    claimed = store.claim()
    assert claimed is not None
    store.report(claimed.lease, 1, 2, {"note": words})
    store.finish(claimed.lease, "failed", Answer(500, {"X-Note": words}, words))
    assert store.answer_of(job.id) == Answer(500, {"X-Note": words}, words)
    assert store.events(job.id, 2, 1)[0].data["note"] == words


def test_a_dataset_without_a_name_is_none(store: JobStore) -> None:
    plain, empty = store.accept(draft()).job, store.accept(draft(dataset="")).job
    assert (store.get(plain.id).dataset, store.get(empty.id).dataset) == (None, "")
    assert [job.id for job in store.list(Selection(None, dataset=""), 9, None)] == [empty.id]


@pytest.mark.parametrize("seed", [0, 1, MAX_SEED])
def test_a_seed_comes_back_exactly(store: JobStore, seed: int) -> None:
    plain = draft()
    job = store.accept(replace(plain, request=replace(plain.request, seed=seed))).job
    assert store.request_of(job.id).seed == seed


def test_previews_are_kept_with_the_request(store: JobStore) -> None:
    plain = draft()
    wanted = replace(plain, request=replace(plain.request, previews=True))
    assert store.request_of(store.accept(wanted).job.id).previews is True
    assert store.request_of(store.accept(draft()).job.id).previews is False


def test_numbers_and_lists_of_an_event_keep_their_types(store: JobStore) -> None:
    data: dict[str, JsonValue] = {"list": [1, 2.5, None, True], "inner": {"é": "狐"}, "zero": 0}
    claimed = running(store)
    store.report(claimed.lease, 3, 7, data)
    (event,) = store.events(claimed.job.id, 2, 1)
    assert dict(event.data) == {"done": 3, "total": 7, **data}
    assert isinstance(event.data["zero"], int)


# None and many


def test_a_store_of_nothing_has_nothing(store: JobStore) -> None:
    assert store.claim() is None
    assert ids(store, 10) == []
    assert store.queued() == {"low": 0, "normal": 0, "high": 0}
    assert store.purge() == 0
    assert store.deliveries.claim(1) is None
    assert list(store.deliveries.of_job("job_x")) == []


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 100])
def test_no_more_is_listed_than_was_asked_for(store: JobStore, limit: int) -> None:
    accepted = [store.accept(draft()).job.id for _ in range(3)]
    assert ids(store, limit) == accepted[::-1][:limit]


@pytest.mark.parametrize("limit", [0, 1, 2, 5, 100])
@pytest.mark.parametrize("after", [0, 1, 4, 5, 99])
def test_events_are_read_from_anywhere_in_any_portion(
    store: JobStore, limit: int, after: int
) -> None:
    claimed = running(store)
    for done in range(3):
        store.report(claimed.lease, done, 3, {})
    found = store.events(claimed.job.id, after, limit)
    assert [event.seq for event in found] == [1, 2, 3, 4, 5][after:][:limit]


@pytest.mark.parametrize("page", [1, 2, 3, 7])
def test_pages_of_a_list_hold_every_job_once(store: JobStore, page: int) -> None:
    accepted = [store.accept(draft(kind="a" if n % 3 else "b")).job for n in range(7)]
    seen: list[str] = []
    before: int | None = None
    while found := store.list(Selection(None, kind="a"), page, before):
        seen += [job.id for job in found]
        before = found[-1].seq
    assert seen == [job.id for job in accepted if job.kind == "a"][::-1]


def test_jobs_of_a_worker_with_a_slow_clock_are_listed_by_their_time(
    store: JobStore, clock: Clock
) -> None:
    """Clocks of two machines differ by a second: a job accepted later may bear an earlier time."""
    first = store.accept(draft()).job
    clock.now -= 1
    store.accept(draft())
    found = store.list(Selection(None, since=first.created_at), 10, None)
    assert [job.id for job in found] == [first.id]


@pytest.mark.parametrize("limit", [0, 1, 2, 9])
def test_forgetting_goes_in_portions(store: JobStore, clock: Clock, limit: int) -> None:
    for _ in range(3):
        store.finish(running(store).lease, "succeeded", ANSWER)
    clock.now += TERMS.keep_s
    assert store.purge(limit) == min(limit, 3)
    assert len(ids(store, 10)) == 3 - min(limit, 3)


def test_a_record_is_kept_to_the_last_second(store: JobStore, clock: Clock) -> None:
    claimed = running(store)
    store.finish(claimed.lease, "succeeded", ANSWER)
    clock.now += TERMS.keep_s - 1
    assert store.purge() == 0
    assert store.get(claimed.job.id).expires_at == clock.now + 1
    clock.now += 1
    assert store.purge() == 1


def test_what_was_forgotten_is_not_there_by_any_method(store: JobStore, clock: Clock) -> None:
    claimed = running(store, idempotency_key="k")
    store.finish(claimed.lease, "succeeded", ANSWER)
    clock.now += TERMS.keep_s
    store.purge()
    job_id = claimed.job.id
    for ask in (store.get, store.request_of, store.answer_of, store.cancel, store.standing):
        with pytest.raises(NotFound, match=job_id):
            ask(job_id)
    with pytest.raises(NotFound):
        store.events(job_id, 0, 1)
    assert store.accept(draft(idempotency_key="k", digest="another")).is_new


def test_the_last_unfinished_job_is_taken_and_one_more_is_not(store: JobStore) -> None:
    for _ in range(TERMS.max_unfinished):
        store.accept(draft())
    with pytest.raises(Overloaded, match="50 unfinished") as refused:
        store.accept(draft())
    assert refused.value.retry_after_s == 60
    store.accept(draft("bob"))
    claimed = store.claim()
    assert claimed is not None
    with pytest.raises(Overloaded):
        store.accept(draft(claimed.job.owner.key_hash))
    store.finish(claimed.lease, "failed", None)
    store.accept(draft(claimed.job.owner.key_hash))


def test_a_known_job_is_found_also_where_there_is_no_room(store: JobStore) -> None:
    first = store.accept(draft(idempotency_key="k"))
    for _ in range(TERMS.max_unfinished - 1):
        store.accept(draft())
    assert store.accept(draft(idempotency_key="k")).job.id == first.job.id


# Leases that are over


def over(store: JobStore, how: str, clock: Clock) -> Lease:
    claimed = running(store)
    if how == "finished":
        store.finish(claimed.lease, "succeeded", ANSWER)
    elif how == "released":
        store.release(claimed.lease, "shutdown")
    elif how == "forgotten":
        store.forget(claimed.lease)
    elif how == "taken over":
        clock.now += TERMS.lease_s
        assert store.claim() is not None
    elif how == "made up":
        return Lease(claimed.job.id, "0" * 32)
    else:
        return Lease("job_absent", claimed.lease.token)
    return claimed.lease


@pytest.mark.parametrize(
    "how", ["finished", "released", "forgotten", "taken over", "made up", "absent"]
)
def test_nobody_goes_on_with_a_lease_that_is_over(store: JobStore, clock: Clock, how: str) -> None:
    lease = over(store, how, clock)
    for use in (
        lambda: store.renew(lease),
        lambda: store.report(lease, 1, 2, {}),
        lambda: store.release(lease, "again"),
        lambda: store.forget(lease),
    ):
        with pytest.raises(LeaseLost, match=lease.job_id):
            use()
    assert store.finish(lease, "failed", ANSWER) is False


def test_a_lease_that_is_renewed_in_time_is_never_taken_over(store: JobStore, clock: Clock) -> None:
    claimed = running(store)
    for _ in range(3):
        clock.now += TERMS.lease_s - 1
        assert store.renew(claimed.lease) is False
        assert store.claim() is None
    clock.now += TERMS.lease_s
    again = store.claim()
    assert again is not None
    assert (again.job.id, again.job.tries) == (claimed.job.id, 2)
    assert again.lease.token != claimed.lease.token


def test_a_lease_that_is_over_but_not_taken_still_ends_the_job(
    store: JobStore, clock: Clock
) -> None:
    """Nobody else has begun: what was made is not thrown away."""
    claimed = running(store)
    clock.now += 10 * TERMS.lease_s
    assert not store.get(claimed.job.id).leased
    assert store.finish(claimed.lease, "succeeded", ANSWER)
    assert store.claim() is None


@pytest.mark.parametrize("state", ["succeeded", "failed", "canceled"])
def test_an_ending_is_told_once_and_stays(store: JobStore, clock: Clock, state: str) -> None:
    claimed = running(store)
    assert store.finish(claimed.lease, state, None)  # type: ignore[arg-type]
    ended = store.get(claimed.job.id)
    clock.now += 5
    assert store.cancel(claimed.job.id) == (ended, False)
    assert [event.type for event in store.events(ended.id, 0, 9)][-1] == "ended"
    assert (ended.state, ended.leased, store.answer_of(ended.id)) == (state, False, None)


def test_canceling_twice_is_canceling_once(store: JobStore) -> None:
    job = store.accept(draft()).job
    first = store.cancel(job.id)
    assert (first.ended_now, store.cancel(job.id)) == (True, (first.job, False))
    assert [event.type for event in store.events(job.id, 0, 9)] == ["queued", "ended"]


def test_every_try_is_counted_and_told_with_its_reason(store: JobStore) -> None:
    claimed = running(store)
    store.release(claimed.lease, "the service stops")
    again = store.claim()
    assert again is not None
    told = [(event.type, dict(event.data)) for event in store.events(claimed.job.id, 0, 9)]
    assert told == [
        ("queued", {}),
        ("started", {"try": 1}),
        ("requeued", {"reason": "the service stops"}),
        ("started", {"try": 2}),
    ]


# Two processes


def test_what_one_process_does_another_sees(open_store: OpenStore) -> None:
    one, other = open_store(), open_store()
    claimed = running(one)
    other.cancel(claimed.job.id)
    assert one.renew(claimed.lease) is True
    assert other.finish(claimed.lease, "canceled", None)
    assert one.get(claimed.job.id) == other.get(claimed.job.id)


def test_numbers_of_acceptance_grow_over_all_processes(open_store: OpenStore) -> None:
    stores = [open_store() for _ in range(3)]
    numbers = [store.accept(draft()).job.seq for _ in range(3) for store in stores]
    assert numbers == sorted(set(numbers))


def test_a_job_outside_every_space_is_in_no_list_of_a_space(store: JobStore) -> None:
    drafts: list[Draft] = [draft(space=space) for space in (None, "acme", "beta")]
    outside, acme, beta = (store.accept(each).job for each in drafts)
    assert ids(store, 9) == [outside.id]
    for job in (acme, beta):
        found = store.list(Selection(job.owner.space), 9, None)
        assert [each.id for each in found] == [job.id]
