"""The part that both clients share: the service's address, the key, timeouts and retries."""

from __future__ import annotations

import copy
import os
import random as random_module
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Self

from inferloop_synthdata.transport.connection import Connection
from inferloop_synthdata.transport.retry import RetryPolicy

DEFAULT_BASE_URL = "http://localhost:8000"
DEFAULT_TIMEOUT_S = 300.0
DEFAULT_MAX_RETRIES = 3

KEY_VARIABLE = "INFERLOOP_API_KEY"
BASE_URL_VARIABLE = "INFERLOOP_BASE_URL"


def connection_of(
    api_key: str | None,
    base_url: str | None,
    timeout_s: float,
    environ: Mapping[str, str] | None = None,
) -> Connection:
    """The connection. For None, `api_key` and `base_url` are read from the environment.

    Raises:
        ValueError: there is no key, or the key, the URL or the timeout is not valid.
    """
    around = os.environ if environ is None else environ
    key = (around.get(KEY_VARIABLE) or None) if api_key is None else api_key
    if key is None:
        raise ValueError(f"no API key: give api_key, or set {KEY_VARIABLE}")
    if base_url is None:
        base_url = around.get(BASE_URL_VARIABLE) or DEFAULT_BASE_URL
    return Connection.of(key, base_url, timeout_s)


class ClientOptions:
    """Base class of both clients: connection and retry policy."""

    def __init__(
        self,
        connection: Connection,
        max_retries: int,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._connection = connection
        self._policy = RetryPolicy(max_retries=max_retries, random=random)

    def with_options(
        self, *, timeout_s: float | None = None, max_retries: int | None = None
    ) -> Self:
        """A copy of the client with another timeout or number of retries, for some calls:
        `client.with_options(timeout_s=5, max_retries=0).list_datasets()`.

        `timeout_s` is the longest time without data from the server, in seconds. `max_retries` is
        the number of attempts after the first. None: unchanged. The copy uses the same connections,
        so closing one closes both. Raises `ValueError` for values that are not valid.
        """
        other = copy.copy(self)
        if timeout_s is not None:
            other._connection = self._connection.with_timeout(timeout_s)
        if max_retries is not None:
            other._policy = replace(self._policy, max_retries=max_retries)
        return other
