"""Pages of a dataset's images, and counts of them."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engines.datasets.looking.following import FollowingDatabase, Outdated
from engines.datasets.looking.query import cursor_after, image_of, page_query, where
from engines.datasets.looking.summary import count, summarize
from engines.datasets.store.layout import dataset_key
from engines.datasets.store.temporary import scratch_errors
from engines.errors import InferloopError, NotFound
from engines.protocols import Clock, StopCheck, never_stopped
from engines.types.datasets.looking import ImagePage, ImagesSummary

if TYPE_CHECKING:
    from engines.datasets.store.store import DatasetStore
    from engines.types.datasets.looking import ImageFilter, ImageQuery

logger = logging.getLogger(__name__)

MAX_AGE_S = 60.0
AGE_FACTOR = 30.0
"""A database is rebuilt when it is older than `MAX_AGE_S` and than this many times the duration of
its building. The old one answers until the new one is ready."""
MOST_OPEN = 16
_LOOK_EVERY_S = 0.2
"""How often a waiting thread checks whether its work was stopped, seconds."""

Aside = Callable[[Callable[[], None]], None]
"""Runs a function in the background."""


def on_a_thread(work: Callable[[], None]) -> None:
    """Run the function on a new daemon thread."""
    threading.Thread(target=work, name="look", daemon=True).start()


class Look:
    """The database of one dataset's folder. If threads share it, they wait for each other."""

    def __init__(self, store: DatasetStore, folder: str, clock: Clock, aside: Aside) -> None:
        """Does not read anything yet."""
        self._store, self._folder, self._clock, self._aside = store, folder, clock, aside
        self._lock = threading.Lock()
        self._following: FollowingDatabase | None = None
        self._renewing = False

    @contextmanager
    def current(self, stop: StopCheck) -> Iterator[FollowingDatabase]:
        """The database in the dataset's present state, for this thread alone.

        Raises `NotFound` if there is no image below the folder.
        """
        while not self._lock.acquire(timeout=_LOOK_EVERY_S):
            stop()
        try:
            with scratch_errors():
                yield self._current(stop)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Release the memory. The next call of `current` builds the database again."""
        with self._lock:
            self._take(None)

    def _current(self, stop: StopCheck) -> FollowingDatabase:
        found = self._following
        if found is None:
            return self._built(stop)
        try:
            found.follow(stop)
        except Outdated:
            return self._built(stop)
        except BaseException:
            self._take(None)
            raise
        age_s = self._clock() - found.built_at
        if age_s > max(MAX_AGE_S, AGE_FACTOR * found.took_s) and not self._renewing:
            self._renewing = True
            self._aside(self._renew)
        return found

    def _built(self, stop: StopCheck) -> FollowingDatabase:
        self._take(None)
        built = FollowingDatabase(self._store, self._folder, self._clock, stop)
        self._take(built)
        return built

    def _renew(self) -> None:
        """Build a new database without holding the lock, then replace the old one."""
        try:
            built = FollowingDatabase(self._store, self._folder, self._clock, never_stopped)
        except (InferloopError, OSError) as error:
            logger.info("the database of %s was not rebuilt: %s", self._folder, error)
            built = None
        with self._lock:
            self._renewing = False
            self._take(built)

    def _take(self, following: FollowingDatabase | None) -> None:
        if self._following is not None:
            self._following.close()
        self._following = following


class OpenLooks:
    """The open `Look`s of a process. Threads may share it.

    If there are more than `most`, the least recently used one is closed.
    """

    def __init__(
        self, most: int = MOST_OPEN, clock: Clock = time.monotonic, aside: Aside = on_a_thread
    ) -> None:
        self._most, self._clock, self._aside = most, clock, aside
        self._open: OrderedDict[tuple[DatasetStore, str], Look] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, store: DatasetStore, folder: str) -> Look:
        """The `Look` for a folder of a store, created if needed."""
        with self._lock:
            look = self._open.pop((store, folder), None)
            look = look or Look(store, folder, self._clock, self._aside)
            self._open[store, folder] = look
            closed = self._open.popitem(last=False)[1] if len(self._open) > self._most else None
        if closed is not None:
            closed.close()
        return look


class Looker:
    """Lists the images of the datasets of one space. Blocks; thread-safe."""

    def __init__(self, store: DatasetStore, looks: OpenLooks | None = None) -> None:
        """`looks` may be shared with other spaces."""
        self._store = store
        self._looks = looks or OpenLooks()

    def page(self, query: ImageQuery, stop: StopCheck = never_stopped) -> ImagePage:
        """One page of the images that match the query.

        Raises `NotFound` if there is no such dataset, `InvalidParameters` if the cursor belongs to
        another order.
        """
        meets = where(query.filter)
        wanted = page_query(query, meets)
        folder = dataset_key(query.dataset)
        with self._current(query.dataset, stop) as found:
            rows = found.database.execute(wanted.sql, wanted.values).fetchall()
            total = count(found.database, meets)
        shown = rows[: query.limit]
        cursor = cursor_after(query, shown[-1]) if len(rows) > query.limit else None
        return ImagePage(tuple(image_of(folder, row) for row in shown), total, cursor)

    def summary(
        self, dataset: str, wanted: ImageFilter, stop: StopCheck = never_stopped
    ) -> ImagesSummary:
        """Counts of the images that match the filter.

        Raises `NotFound` if there is no such dataset.
        """
        meets = where(wanted)
        with self._current(dataset, stop) as found:
            return summarize(found.database, meets, found.is_clustered)

    @contextmanager
    def _current(self, dataset: str, stop: StopCheck) -> Iterator[FollowingDatabase]:
        look = self._looks.get(self._store, dataset_key(dataset))
        try:
            with look.current(stop) as found:
                yield found
        except NotFound as error:
            raise NotFound("dataset", dataset) from error
