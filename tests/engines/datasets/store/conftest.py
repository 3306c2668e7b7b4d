"""Both storages, and a dataset store with each."""

from tests.engines.storage.conftest import *  # noqa: F403
