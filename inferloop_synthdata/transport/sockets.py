"""Opening the generation WebSocket: the key travels in a header, and to the named server only.

websockets follows redirects, and takes only `Authorization` and cookies off for another host: our
header would go along. So no redirect is followed; REST follows none either.
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
    """Within: a handshake that is answered with a redirect fails as any other refusal."""
    try:
        yield
    except InvalidStatus as error:
        while "Location" in error.response.headers:  # what websockets would follow
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
    """The sync client's socket: open, and closed with the block. Raises websockets' errors."""
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
    """The async client's socket, to be entered with `async with`. Raises websockets' errors."""
    return asyncio_client.connect(
        connection.socket_url,
        additional_headers=connection.headers(),
        user_agent_header=None,
        open_timeout=connection.connect_timeout_s,
        max_size=MAX_MESSAGE_BYTES,
        logger=SOCKET_LOG,
        create_connection=_AsyncConnection,
    )
