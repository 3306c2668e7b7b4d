"""A fixture for tests that make many HTTP clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def no_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """HTTP clients read their certificates from an empty folder. Reading all certificates of a
    machine takes 20 ms of CPU time for each client, and these tests call no server on the
    internet."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SSL_CERT_FILE", raising=False)
        environment.setenv("SSL_CERT_DIR", str(tmp_path_factory.mktemp("certificates")))
        yield
