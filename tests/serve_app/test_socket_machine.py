"""The table of socket states."""

from __future__ import annotations

import pytest

from serve_app.ws.machine import TRANSITIONS, IllegalTransition, SocketMachine, SocketState


def test_a_socket_opens_closes_and_is_gone() -> None:
    machine = SocketMachine()
    for state in (SocketState.OPEN, SocketState.CLOSING, SocketState.CLOSED):
        machine.to(state)
        assert machine.state is state


def test_a_handshake_may_be_denied() -> None:
    machine = SocketMachine()
    machine.to(SocketState.CLOSED)
    assert machine.state is SocketState.CLOSED


@pytest.mark.parametrize("start", list(SocketState))
@pytest.mark.parametrize("target", list(SocketState))
def test_every_other_step_is_refused_and_named(start: SocketState, target: SocketState) -> None:
    machine = SocketMachine(start)
    if target in TRANSITIONS[start]:
        machine.to(target)
        assert machine.state is target
    else:
        with pytest.raises(IllegalTransition, match=f"{start.value}.*got {target.value}"):
            machine.to(target)
        assert machine.state is start


def test_closed_is_the_end() -> None:
    assert TRANSITIONS[SocketState.CLOSED] == frozenset()
    assert set(TRANSITIONS) == set(SocketState)
