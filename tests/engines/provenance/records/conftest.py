"""Both storages below what is signed."""

from tests.engines.storage.conftest import *  # noqa: F403
