"""One attempt to deliver: resolve the name once, check its addresses, send one POST to one."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from serve_app.webhooks.addresses import Resolve, is_public, resolved
from serve_app.webhooks.targets import Target

MAX_ADDRESSES = 4
"""At most this many addresses of a name are tried, until one accepts the connection."""


class NotSent(Exception):
    """No answer came. The job's owner can read the message, so it contains no IP address."""


class NoAnswer(NotSent):
    """The time limit of the attempt is over."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends events by HTTPS.

    Connects only to an address that it has checked, and checks the certificate against the host
    name. Follows no redirects, uses no proxy, and does not read the body of an answer.
    """

    timeout_s: float
    resolve: Resolve = resolved
    is_allowed: Callable[[str], bool] = is_public
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> int:
        """Send a POST request and return the HTTP status of its answer.

        Raises `NoAnswer` if no answer comes within `timeout_s` seconds, `NotSent` if the name
        cannot be resolved, if one of its addresses is not allowed, or if the connection fails.
        """
        try:
            async with asyncio.timeout(self.timeout_s):
                return await self._post(target, headers, body)
        except TimeoutError:
            raise NoAnswer(f"no answer within {self.timeout_s:g} s") from None

    async def _post(self, target: Target, headers: Mapping[str, str], body: bytes) -> int:
        addresses = await self._addresses(target)
        async with httpx.AsyncClient(
            verify=self.tls, trust_env=False, follow_redirects=False, timeout=self.timeout_s
        ) as client:
            for number, address in enumerate(addresses, 1):
                try:
                    return await _status(client, target, address, headers, body)
                except httpx.ConnectError as error:
                    if number == len(addresses) or isinstance(_cause(error), ssl.SSLError):
                        raise NotSent(_words(error)) from error
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise NotSent("the connection broke") from error
        raise NotSent("the host has no address")

    async def _addresses(self, target: Target) -> Sequence[str]:
        """The addresses of the host, at most `MAX_ADDRESSES`. Raises `NotSent` if any of the host's
        addresses is not allowed."""
        try:
            found = await self.resolve(target.host, target.port)
        except (OSError, UnicodeError):
            raise NotSent("the host's name cannot be resolved") from None
        if not all(map(self.is_allowed, found)):
            raise NotSent("the host is not on the public internet")
        return list(found)[:MAX_ADDRESSES]


async def _status(
    client: httpx.AsyncClient,
    target: Target,
    address: str,
    headers: Mapping[str, str],
    body: bytes,
) -> int:
    async with client.stream(
        "POST",
        target.url_at(address),
        headers={**headers, "Host": target.authority},
        content=body,
        extensions={"sni_hostname": target.host},
    ) as answer:
        return answer.status_code


def _cause(error: BaseException) -> BaseException:
    """The first error in a chain of causes."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error


def _words(error: httpx.ConnectError) -> str:
    if isinstance(_cause(error), ssl.SSLError):
        return "the host's certificate is not valid for it"
    return "no connection to the host"
