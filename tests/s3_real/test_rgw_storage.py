"""The whole contract of `Storage` over a real server: the very tests that run over moto."""

from __future__ import annotations

import pytest

from tests.engines.storage.test_storage_contract import *  # noqa: F403

pytestmark = [pytest.mark.s3_real, pytest.mark.timeout(180)]
