"""Chooses the next job: first a class, then an API key by deficit round robin (Shreedhar and
Varghese, 1995).

The highest class that waits is served first, but lower classes also get a share. While a class
waits and a higher one is served, it earns one credit for each image of the higher class. As soon as
it has `SHARE` credits, it is served, and pays `SHARE` credits for each image of its job, so that
its credits may become negative. So a waiting class gets about one image in ten.

Each API key with waiting jobs has a place in a ring. The ring is walked around, and at each visit a
key gets a quantum of images. A key is served when its saved quanta are enough for the first job in
its queue: at most one job per visit. So a key with ten thousand queued jobs and a key with one job
take turns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from engines.errors import Conflict

QUANTUM = 1
"""Images that a key gets at each visit."""

SHARE = 9
"""Number of images of higher classes after which a lower class gets one image."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An API key with queued jobs."""

    owner: str
    cost: int
    """Number of images of the first job in its queue; at least 1."""
    deficit: int = 0
    """Number of images that it has saved."""
    turn: int = 0
    """Place in the ring. The key with the smallest number is visited first."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The key that is served, and the changes in the ring."""

    owner: str
    changed: tuple[Waiting, ...]
    """Keys with their new deficit and place. All other keys stay unchanged."""


def next_class(waiting: Collection[int], earned: Mapping[int, int]) -> int:
    """The class that is served now, of the classes that wait. If some have enough credits, it is
    the one with the most credits, otherwise the highest one. A class that is not in `earned` has 0
    credits. Raises `Conflict` if no class waits."""
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
    """The credits after a job of `cost` images of the class `served` was taken. `waiting`: the
    classes that waited then. `passed_over`: classes whose jobs may not be taken now; they keep
    their credits. A class that has no queued jobs any more loses its credits."""
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
    """Walk around the ring, whatever the order of the argument, up to the first key that can be
    served. The time is linear in the number of keys and does not depend on the size of their jobs,
    because the rounds are computed and not walked. Raises `Conflict` for an empty ring."""
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
    """Number of visits until the key can be served; at least 1."""
    return max(1, -(-(each.cost - each.deficit) // quantum))
