"""Both storages, and the store of datasets on them."""

from tests.engines.storage.conftest import *  # noqa: F403
