"""Five labeled images of animals, and a viewer of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from engines.datasets.looking.look import Looker, OpenLooks
from engines.datasets.store.store import DatasetStore
from engines.types.datasets.looking import ImageFilter, ImageQuery, SortBy


@dataclass
class HandClock:
    """A monotonic clock that the test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Asides:
    """Keeps deferred work until the test runs it."""

    waiting: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self, work: Callable[[], None]) -> None:
        self.waiting.append(work)

    def do(self) -> None:
        while self.waiting:
            self.waiting.pop()()


@dataclass
class Viewer:
    """Queries the images of the dataset `farm`. Returns their ids."""

    looker: Looker
    clock: HandClock
    asides: Asides

    def ids(
        self, sort: SortBy = "created", descending: bool = False, **wanted: object
    ) -> list[str]:
        query = ImageQuery("farm", ImageFilter(**wanted), sort, descending)  # type: ignore[arg-type]
        return [image.image_id.removeprefix("image_") for image in self.looker.page(query).images]


@pytest.fixture
def viewer(store: DatasetStore) -> Viewer:
    clock, asides = HandClock(), Asides()
    return Viewer(Looker(store, OpenLooks(clock=clock, aside=asides)), clock, asides)
