"""Both storages, for tests of signed records."""

from tests.engines.storage.conftest import *  # noqa: F403
