"""Clean up after crashes: remove temporary files and recipes without an image, and repair
indexes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from engines.datasets.store.layout import dataset_key
from engines.datasets.upkeep.orphans import sweep_orphans
from engines.datasets.writers.leftovers import sweep_dead_exports
from engines.errors import InferloopError, NotFound
from engines.storage.folder.storage import FolderStorage

if TYPE_CHECKING:
    from engines.datasets.store.store import DatasetStore

logger = logging.getLogger(__name__)


def upkeep(store: DatasetStore) -> None:
    """Clean up the data root, and repair the index of every dataset.

    May run while other processes write or clean up. Errors are logged only. Blocks, for minutes if
    100,000 images must be indexed, as after restoring a backup.
    """
    if isinstance(store.storage, FolderStorage):
        _try("temporary files of killed writers removed", store.storage.sweep_temporary)
    dead_exports = partial(sweep_dead_exports, store.storage, store.clock)
    _try("locks and files of dead exports removed", dead_exports)
    for name in store.names():
        orphans = partial(sweep_orphans, store.storage, dataset_key(name), store.clock)
        _try(f"recipes of {name} without an image removed", orphans)
        _try(f"images of {name} indexed again", partial(store.repair_index, dataset_key(name)))


def _try(what: str, work: Callable[[], int]) -> None:
    try:
        count = work()
    except NotFound:
        return  # deleted meanwhile, or without images
    except (InferloopError, OSError) as error:
        logger.warning("not done: %s (%s)", what, error)
        return
    if count:
        logger.info("%s: %d", what, count)
