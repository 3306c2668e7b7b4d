"""Whose job is next: a class first, then deficit round robin over its keys (Shreedhar and Varghese,
1995).

The highest class that waits is served, but no class starves: one that waits while others are served
above it earns a credit for each of their images, and is served once it has earned `SHARE` for each
image of its own: about one image in ten is its own while it waits.

Every key that waits has a place in a ring. The ring is walked; each visit gives the key a quantum
of images, and a key whose saved quanta cover the job at the head of its queue is served: at most
one job for each visit. So a key with ten thousand queued jobs and a key with one take turns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from engines.errors import Conflict

QUANTUM = 1
"""Images that a visit gives."""

SHARE = 9
"""Images of higher classes that one image of a lower class waits for at most."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A key with queued jobs."""

    owner: str
    cost: int
    """Images of the job at the head of its queue; at least 1."""
    deficit: int = 0
    """Images that it has saved up for."""
    turn: int = 0
    """Place in the ring: the smallest is visited first."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is served, and what changed in the ring by finding out."""

    owner: str
    changed: tuple[Waiting, ...]
    """Keys with their new deficit and turn; the rest of the ring stays as it was."""


def next_class(waiting: Collection[int], earned: Mapping[int, int]) -> int:
    """Which of the classes that wait is served: among those that have earned it the one that has
    earned most, else the highest. `earned` of a class that is not named are 0. Raises
    `Conflict` where none waits."""
    if not waiting:
        raise Conflict("No class waits")
    top = max(waiting)
    owed = [each for each in waiting if each < top and earned.get(each, 0) >= SHARE]
    return max(owed, key=lambda each: earned.get(each, 0)) if owed else top


def credits_after(
    waiting: Collection[int],
    earned: Mapping[int, int],
    served: int,
    cost: int,
    passed_over: Collection[int] = (),
) -> dict[int, int]:
    """What classes have earned once a job of `cost` images of the class `served` was taken;
    `waiting` are the classes that waited then. Those whose turn it was not keep what they have, and
    a class that waits no more loses it."""
    top, after = max(waiting), {each: earned.get(each, 0) for each in waiting}
    for each in after:
        if each < served:
            after[each] += cost
    if served < top:
        after[served] -= SHARE * cost
    after.pop(top)
    after |= {each: earned.get(each, 0) for each in passed_over}
    return {each: credit for each, credit in after.items() if credit}


def next_turn(ring: Sequence[Waiting], quantum: int = QUANTUM) -> Turn:
    """Walk the ring, in any order of the argument, to the first key that can be served.

    Linear in the number of keys, however dear their jobs are: the rounds are counted, not walked.
    Raises `Conflict` for an empty ring.
    """
    if not ring:
        raise Conflict("No key waits")
    ordered = sorted(ring, key=lambda each: each.turn)
    visits = [_visits(each, quantum) for each in ordered]
    rounds = min(visits)
    served = visits.index(rounds)
    last_turn = ordered[-1].turn
    changed = []
    for place, each in enumerate(ordered):
        if place <= served:  # visited in the last round too: to the back of the ring
            spent = each.cost if place == served else 0
            deficit = each.deficit + rounds * quantum - spent
            changed.append(replace(each, deficit=deficit, turn=last_turn + 1 + place))
        elif rounds > 1:
            changed.append(replace(each, deficit=each.deficit + (rounds - 1) * quantum))
    return Turn(ordered[served].owner, tuple(changed))


def _visits(each: Waiting, quantum: int) -> int:
    """How many visits until the key can be served; at least this one."""
    return max(1, -(-(each.cost - each.deficit) // quantum))
