"""What is tried again, how often, and when: rules one by one, then as properties."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import inferloop_synthdata as sdk
from inferloop_synthdata.errors import ERROR_BY_CODE, error_class
from inferloop_synthdata.operations.operation import Operation, Reply
from inferloop_synthdata.transport.conversation import Attempt, Outcome, converse
from inferloop_synthdata.transport.retry import RetryPolicy
from serve_app.errors import WIRE
from tests.sdk.conftest import Caller

Answer = Callable[[httpx.Request], httpx.Response]


def refusal(code: str, status: int, retry_after: str | None = None, **details: object) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    envelope = {"error": {"code": code, "message": "m", "details": details}}
    return lambda request: httpx.Response(status, json=envelope, headers=headers)


def raising(error: httpx.TransportError) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise error

    return answer


def success(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"image_path": "x", "profiles": [], "images": []})


class Script:
    """Answers in turn; the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return answer(request)


CUT = raising(httpx.RemoteProtocolError("cut"))
UNREACHABLE = raising(httpx.ConnectError("refused"))
LATE = raising(httpx.ReadTimeout("late"))
LIMITED = refusal("RATE_LIMITED", 429)
OVERLOADED = refusal("OVERLOADED", 503)
LOST = refusal("REPLICA_LOST", 503)
GATEWAY: Answer = lambda request: httpx.Response(502)  # noqa: E731
PROXY_503: Answer = lambda request: httpx.Response(503)  # noqa: E731
DEADLINE = refusal("DEADLINE_EXCEEDED", 504)
BROKEN = refusal("INTERNAL_ERROR", 500)


@pytest.mark.parametrize(
    ("first", "generation_again", "reading_again"),
    [
        (LIMITED, True, True),
        (OVERLOADED, True, True),
        (UNREACHABLE, True, True),
        # Generation has an idempotency key: what may have run is asked for again.
        (CUT, True, True),
        (LOST, True, True),
        (GATEWAY, True, True),
        (PROXY_503, True, True),
        (DEADLINE, True, True),
        (LATE, False, False),
        (BROKEN, False, False),
        (refusal("UNAUTHORIZED", 401), False, False),
        (refusal("INVALID_PARAMETERS", 400), False, False),
        (refusal("CONFLICT", 409), False, False),
    ],
    ids=[
        *("limited", "overloaded", "unreachable", "cut", "lost", "gateway", "proxy", "deadline"),
        *("late", "broken", "key", "parameters", "conflict"),
    ],
)
def test_the_table_of_what_is_tried_again(
    caller: Caller, first: Answer, generation_again: bool, reading_again: bool
) -> None:
    for method, again in (("generate_image", generation_again), ("list_profiles", reading_again)):
        script = Script(first, success)
        arguments = {"prompt": "p"} if method == "generate_image" else {}
        if again:
            caller.call(script, method, **arguments)
            assert script.asked == 2
        else:
            with pytest.raises(sdk.ClientError):
                caller.call(script, method, **arguments)
            assert script.asked == 1


@pytest.mark.parametrize("code", sorted(ERROR_BY_CODE))
def test_an_error_after_progress_is_tried_again_as_one_with_its_status(code: str) -> None:
    with_status, after_progress = (
        error_class(code, status)(code, status, "m") for status in (WIRE[code].status, None)
    )
    policy = RetryPolicy(random=lambda: 0.5)
    assert policy.wait_before_retry(after_progress, True, 0) == policy.wait_before_retry(
        with_status, True, 0
    )


@pytest.mark.parametrize("completed", [[], ["/data/generated/a.png"]])
def test_a_batch_that_made_some_images_goes_on_under_its_key(
    caller: Caller, completed: list[str]
) -> None:
    script = Script(refusal("OVERLOADED", 503, completed=completed), success)
    caller.call(script, "generate_batch", prompts=["a", "b"])
    assert script.asked == 2


def test_every_generation_has_a_key_and_its_retries_the_same(caller: Caller) -> None:
    keys: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        return httpx.Response(502) if len(keys) == 1 else success(request)

    caller.call(answer, "generate_image", prompt="p")
    caller.call(answer, "generate_image", prompt="p")
    caller.call(answer, "generate_image", prompt="p", idempotency_key="mine")
    first, again, second, mine = keys
    assert first == again != second
    assert mine == "mine"


def test_the_servers_time_is_kept(caller: Caller) -> None:
    caller.call(Script(refusal("RATE_LIMITED", 429, "7"), success), "generate_image", prompt="p")
    [waited_s] = caller.waits.slept_s
    assert 7.0 <= waited_s <= 7.5


def test_a_time_that_is_too_long_is_told_and_not_waited(caller: Caller) -> None:
    script = Script(refusal("RATE_LIMITED", 429, "3600"), success)
    with pytest.raises(sdk.RateLimited) as caught:
        caller.call(script, "generate_image", prompt="p")
    assert caught.value.retry_after_s == 3600.0
    assert caller.waits.slept_s == []
    assert script.asked == 1


def test_the_backoff_doubles_up_to_its_bound(caller: Caller) -> None:
    caller.max_retries = 6
    with pytest.raises(sdk.ConnectionFailed):
        caller.call(UNREACHABLE, "list_profiles")
    # random() is 0.5: three quarters of 0.5, 1, 2, 4, 8, 8 seconds
    assert caller.waits.slept_s == [0.375, 0.75, 1.5, 3.0, 6.0, 6.0]


def test_zero_retries_is_one_attempt(caller: Caller) -> None:
    caller.max_retries = 0
    script = Script(OVERLOADED)
    with pytest.raises(sdk.Overloaded):
        caller.call(script, "list_profiles")
    assert script.asked == 1


def test_negative_retries_are_refused() -> None:
    with pytest.raises(ValueError, match="max_retries"):
        RetryPolicy(max_retries=-1)


def test_each_attempt_reads_the_uploaded_file_anew(caller: Caller) -> None:
    bodies = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(b"picture" in request.content)
        return OVERLOADED(request) if len(bodies) == 1 else success(request)

    caller.call(handler, "upload_image", b"picture")
    assert bodies == [True, True]


# --- as properties ------------------------------------------------------------------------------

SECONDS = st.one_of(st.none(), st.floats(0, 1e6))
API_ERRORS = st.builds(
    lambda code, status, retry_after_s: error_class(code, status)(
        code, status, "m", {}, retry_after_s
    ),
    st.sampled_from([*ERROR_BY_CODE, "HTTP_502", "NEW_CODE"]),
    st.sampled_from([400, 404, 429, 500, 502, 503, 504]),
    SECONDS,
)
LOST_CONNECTIONS = st.one_of(
    st.builds(sdk.ConnectionFailed, st.just("cut"), st.booleans()),
    st.builds(sdk.RequestTimedOut, st.just("late"), st.just(True)),
)
FAILURES = st.one_of(API_ERRORS, LOST_CONNECTIONS, st.builds(sdk.UnexpectedAnswer, st.just("x")))
POLICIES = st.builds(
    RetryPolicy,
    max_retries=st.integers(0, 6),
    first_backoff_s=st.floats(0.01, 2),
    max_backoff_s=st.floats(2, 30),
    max_retry_after_s=st.floats(0, 100),
    random=st.floats(0, 1, exclude_max=True).map(lambda drawn: lambda: drawn),
)


@given(FAILURES, st.booleans(), st.integers(0, 10), POLICIES)
def test_a_wait_is_bounded_and_never_before_the_servers_time(
    failure: sdk.ClientError, repeatable: bool, retries: int, policy: RetryPolicy
) -> None:
    wait_s = policy.wait_before_retry(failure, repeatable, retries)
    if retries >= policy.max_retries:
        assert wait_s is None
    if wait_s is None:
        return
    asked_s = failure.retry_after_s if isinstance(failure, sdk.ApiError) else None
    assert 0 <= wait_s <= max(policy.max_retry_after_s, 0) + policy.max_backoff_s
    if asked_s is None:
        assert wait_s > 0
    else:
        assert asked_s <= wait_s <= asked_s + policy.max_backoff_s
        assert asked_s <= policy.max_retry_after_s


@given(FAILURES, st.integers(0, 3))
def test_what_may_have_run_is_never_generated_twice(failure: sdk.ClientError, retries: int) -> None:
    wait_s = RetryPolicy(max_retries=9, max_retry_after_s=1e9).wait_before_retry(
        failure, False, retries
    )
    surely_not_run = (
        isinstance(failure, sdk.ApiError)
        and failure.code in {"RATE_LIMITED", "OVERLOADED", "REQUEST_TIMEOUT"}
    ) or (isinstance(failure, sdk.ConnectionFailed) and not failure.request_sent)
    assert (wait_s is not None) == surely_not_run


@given(st.lists(FAILURES, max_size=8), POLICIES, st.booleans())
def test_every_call_ends_once_with_its_answer_or_the_last_failure(
    failures: list[sdk.ClientError], policy: RetryPolicy, repeatable: bool
) -> None:
    answer = Reply(200, {}, b"{}")
    operation: Operation[Reply] = Operation("GET", "/x", lambda reply: reply, repeatable)
    heard: list[Outcome] = []
    ended = play(converse(operation, policy), iter([*failures, answer]), heard)
    assert ended is heard[-1]
    assert len(heard) <= policy.max_retries + 1
    if ended is answer:
        assert heard == [*failures, answer]


def play(
    conversation: Generator[Attempt[Reply], Outcome, Reply],
    outcomes: Iterator[Outcome],
    heard: list[Outcome],
) -> Outcome:
    """Give each attempt its outcome; what the conversation ended with."""
    assert next(conversation).after_s == 0.0
    for outcome in outcomes:
        heard.append(outcome)
        try:
            conversation.send(outcome)
        except StopIteration as end:
            returned: Reply = end.value
            return returned
        except sdk.ClientError as raised:
            return raised
    raise AssertionError("neither answered nor failed")
