"""Opens the generation WebSocket. The API key is in a header, and must reach this server only.

The library websockets follows redirects, and then removes only `Authorization` and cookies. The
header with the API key would be sent to the other host. So redirects are not followed here, as they
are not for REST calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from websockets.asyncio import client as asyncio_client
from websockets.exceptions import InvalidStatus
from websockets.sync import client as sync_client

from inferloop_synthdata.transport.connection import MAX_MESSAGE_BYTES, SOCKET_LOG, Connection


@contextmanager
def _led_nowhere() -> Iterator[None]:
    """Within the block, a handshake that is answered with a redirect fails like any refusal."""
    try:
        yield
    except InvalidStatus as error:
        while "Location" in error.response.headers:  # without it, websockets follows no redirect
            del error.response.headers["Location"]
        raise


class _SyncConnection(sync_client.ClientConnection):
    def handshake(self, *args: Any, **kwargs: Any) -> None:
        with _led_nowhere():
            super().handshake(*args, **kwargs)


class _AsyncConnection(asyncio_client.ClientConnection):
    async def handshake(self, *args: Any, **kwargs: Any) -> None:
        with _led_nowhere():
            await super().handshake(*args, **kwargs)


def open_socket(connection: Connection) -> AbstractContextManager[sync_client.ClientConnection]:
    """The socket of the sync client. It is closed at the end of the block. Raises the errors of
    websockets."""
    return sync_client.connect(
        connection.socket_url,
        additional_headers=connection.headers(),
        user_agent_header=None,
        open_timeout=connection.connect_timeout_s,
        max_size=MAX_MESSAGE_BYTES,
        logger=SOCKET_LOG,
        create_connection=_SyncConnection,
    )


def open_socket_async(connection: Connection) -> asyncio_client.connect:
    """The socket of the async client, for `async with`. Raises the errors of websockets."""
    return asyncio_client.connect(
        connection.socket_url,
        additional_headers=connection.headers(),
        user_agent_header=None,
        open_timeout=connection.connect_timeout_s,
        max_size=MAX_MESSAGE_BYTES,
        logger=SOCKET_LOG,
        create_connection=_AsyncConnection,
    )
