"""Wrong keys are counted per address, in bounded memory."""

from __future__ import annotations

import pytest

from serve_app.access.wrong_keys import WrongKeyThrottle
from tests.serve_app.fakes import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def spent(clock: FakeClock, per_minute: int = 5) -> WrongKeyThrottle:
    throttle = WrongKeyThrottle(per_minute, clock=clock)
    assert [throttle.wait_s("192.0.2.1") for _ in range(per_minute)] == [0.0] * per_minute
    return throttle


@pytest.mark.parametrize("per_minute", [1, 3, 5, 7, 20, 1000])
def test_exactly_the_limit_passes_at_once(clock: FakeClock, per_minute: int) -> None:
    assert spent(clock, per_minute).wait_s("192.0.2.1") == pytest.approx(60 / per_minute)


def test_one_more_is_heard_after_the_time_that_was_told(clock: FakeClock) -> None:
    throttle = spent(clock)
    clock.now += throttle.wait_s("192.0.2.1")
    assert throttle.wait_s("192.0.2.1") == 0.0
    assert throttle.wait_s("192.0.2.1") > 0


def test_knocking_does_not_make_the_wait_longer(clock: FakeClock) -> None:
    throttle = spent(clock)
    waits = {round(throttle.wait_s("192.0.2.1"), 6) for _ in range(100)}
    assert waits == {12.0}


def test_a_minute_of_silence_gives_the_whole_budget_back(clock: FakeClock) -> None:
    throttle = spent(clock)
    clock.now += 60
    assert [throttle.wait_s("192.0.2.1") for _ in range(5)] == [0.0] * 5


def test_no_minute_sees_more_than_twice_the_limit_at_a_steady_knock(clock: FakeClock) -> None:
    throttle = WrongKeyThrottle(6, clock=clock)
    heard = 0
    for _ in range(600):
        heard += throttle.wait_s("192.0.2.1") == 0.0
        clock.now += 0.1
    assert 6 <= heard <= 12


def test_another_address_has_a_budget_of_its_own(clock: FakeClock) -> None:
    throttle = spent(clock)
    assert throttle.wait_s("192.0.2.2") == 0.0


@pytest.mark.parametrize(
    "same", ["2001:db8::2", "2001:db8::ffff:1", "2001:0db8:0:0:ffff::1", "2001:db8::1%eth0"]
)
def test_a_network_of_ipv6_is_one_address(clock: FakeClock, same: str) -> None:
    throttle = WrongKeyThrottle(1, clock=clock)
    throttle.wait_s("2001:db8::1")
    assert throttle.wait_s(same) > 0
    assert throttle.wait_s("2001:db8:0:1::1") == 0.0


def test_an_ipv4_address_in_ipv6_clothes_is_the_same(clock: FakeClock) -> None:
    throttle = WrongKeyThrottle(1, clock=clock)
    throttle.wait_s("192.0.2.1")
    assert throttle.wait_s("::ffff:192.0.2.1") > 0
    assert throttle.wait_s("::ffff:192.0.2.2") == 0.0


@pytest.mark.parametrize("address", ["", "testclient", "unix:" + "x" * 10_000])
def test_what_is_no_address_is_counted_too(clock: FakeClock, address: str) -> None:
    throttle = WrongKeyThrottle(1, clock=clock)
    throttle.wait_s(address)
    assert throttle.wait_s(address) > 0


def test_memory_is_bounded_and_the_quietest_goes_first(clock: FakeClock) -> None:
    throttle = WrongKeyThrottle(1, max_addresses=100, clock=clock)
    throttle.wait_s("192.0.2.1")
    for number in range(1000):
        throttle.wait_s(f"10.0.{number // 250}.{number % 250}")
        throttle.wait_s("192.0.2.1")
    assert len(throttle) == 100
    assert throttle.wait_s("192.0.2.1") > 0
