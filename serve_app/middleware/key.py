"""Checks the API key. All paths except the public ones need a key."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from engines.errors import InferloopError, RateLimited, Unauthorized
from serve_app.access.api_keys import ApiKeys
from serve_app.access.audit import DENIED, AuditNote
from serve_app.access.caller import Caller
from serve_app.access.counters import AccessCounters
from serve_app.access.tickets import TICKET_OWNER, Tickets
from serve_app.access.wrong_keys import WrongKeyThrottle
from serve_app.errors import to_wire
from serve_app.pages.assets import ASSETS
from serve_app.paths import API_PREFIX

HEADER = "X-API-Key"
OPENAI_PREFIX = "/v1/"
"""Prefix of OpenAI's API, where the key may also be sent as `Authorization: Bearer`."""
QUERY_PARAMETER = "api_key"
"""For the WebSocket only, because browsers cannot set headers for it."""
TICKET_PARAMETER = "ticket"
"""For the WebSocket (a ticket from `POST /ws/ticket`), and for downloads of exports (a ticket from
`POST /exports/ticket`)."""
EXPORTS = f"{API_PREFIX}/exports"

PUBLIC_PATHS = frozenset({"/", "/healthz", "/readyz", "/openapi.json", *ASSETS})


class KeyMiddleware:
    """Puts the caller into the request's state.

    Wrong keys are throttled per address; a correct key is always accepted, whatever else comes from
    its address.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: ApiKeys,
        tickets: Tickets,
        throttle: WrongKeyThrottle,
        counters: AccessCounters,
    ) -> None:
        self._app = app
        self._keys = keys
        self._tickets = tickets
        self._throttle = throttle
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in PUBLIC_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            scope.setdefault("state", {})["caller"] = await self._caller(scope)
        except InferloopError as error:
            await self._refuse(error, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        """The caller.

        Raises `Unauthorized`, `RateLimited`, or `Overloaded` if the ticket store cannot be reached.
        """
        presented, ticket = _presented_key(scope), _query(scope, TICKET_PARAMETER)
        if presented is None and ticket is not None:
            caller = await self._ticket_owner(scope, ticket)
        else:
            caller = self._keys.identify(presented)
        if caller is None:
            raise self._refusal(scope, presented or ticket)
        return caller

    async def _ticket_owner(self, scope: Scope, ticket: str) -> Caller | None:
        """The owner of the ticket, if it is valid for this request: for a WebSocket, or for the
        download of this file in this space. None otherwise."""
        if scope["type"] == "websocket":
            owner_hash = await self._tickets.redeem(ticket)
            return None if owner_hash is None else self._keys.of_hash(owner_hash)
        paths = _queries(scope, "path")
        is_download = scope["method"] == "GET" and scope["path"] == EXPORTS
        # With several `path` parameters, the route could serve another file than the checked one.
        if not is_download or len(paths) != 1:
            return None
        owner = await self._tickets.opens_download(ticket, paths[0])
        if owner is None:
            return None
        scope["state"][TICKET_OWNER] = owner
        return self._keys.of_hash(owner.key_hash)

    async def _refuse(
        self, error: InferloopError, scope: Scope, receive: Receive, send: Send
    ) -> None:
        refusal = to_wire(error)
        if scope["type"] == "websocket":
            # Closing before accepting is how ASGI denies a handshake: the client sees 403.
            await send({"type": "websocket.close", "code": refusal.close_code})
        else:
            await refusal.response()(scope, receive, send)

    def _refusal(self, scope: Scope, presented: str | None) -> InferloopError:
        if presented:
            client = scope.get("client")
            wait_s = self._throttle.wait_s(client[0] if client else "")
            self._counters.wrong_key("throttled" if wait_s else "refused")
            if wait_s:
                # Only counted, so that a flood of attempts does not fill the audit log.
                return RateLimited("Too many wrong API keys from this address", round(wait_s, 3))
            note: AuditNote = scope["state"]["audit"]
            note.action, note.code = DENIED, Unauthorized.code
            note.details["reason"] = "wrong key"
        return Unauthorized("Missing or invalid API key")


def _presented_key(scope: Scope) -> str | None:
    """The presented key.

    If there are several, none is accepted, since a proxy may have checked another one.
    """
    headers = Headers(scope=scope)
    sent = set(headers.getlist(HEADER))
    if scope["path"].startswith(OPENAI_PREFIX):
        sent |= set(map(_bearer_token, headers.getlist("Authorization")))
    if sent or scope["type"] != "websocket":
        return sent.pop() if len(sent) == 1 else ("" if sent else None)
    return _query(scope, QUERY_PARAMETER)


def _bearer_token(authorization: str) -> str:
    """The token of `Bearer <token>` (RFC 6750); "" for other schemes."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _query(scope: Scope, name: str) -> str | None:
    """A query parameter; "" if it has several values, as in `_presented_key`."""
    found = set(_queries(scope, name))
    return found.pop() if len(found) == 1 else ("" if found else None)


def _queries(scope: Scope, name: str) -> list[str]:
    return parse_qs(scope["query_string"].decode("latin-1")).get(name, [])
