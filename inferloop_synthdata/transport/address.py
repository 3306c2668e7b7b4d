"""The addresses of the service, from a base URL with or without `/api/v1`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import httpx

API_PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """The service's addresses. REST paths are appended to `rest`."""

    rest: str

    @classmethod
    def of(cls, base_url: str) -> ServiceAddress:
        """Read a URL such as "http://host:8000" or "https://host/images/api/v1".

        Raises `ValueError` if it is not an http or https URL with a host, or if it has a user, a
        query or a fragment.
        """
        parts = urlsplit(base_url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"base_url must look like http://host:8000, not {base_url!r}")
        if parts.query or parts.fragment or parts.username or parts.password:
            raise ValueError("base_url takes no user, query or fragment")
        path = parts.path.rstrip("/").removesuffix(API_PREFIX)
        rest = urlunsplit((parts.scheme, parts.netloc, path + API_PREFIX, "", ""))
        check_url(rest, "base_url")
        return cls(rest)

    @property
    def root(self) -> str:
        """The URL without `/api/v1`: the root of `/v1` (OpenAI's API) and `/readyz`."""
        return self.rest.removesuffix(API_PREFIX)

    @property
    def socket(self) -> str:
        """URL of the generation WebSocket."""
        scheme, _, rest = self.rest.partition("://")
        ws_scheme = {"http": "ws", "https": "wss"}[scheme]
        return f"{ws_scheme}://{rest}/ws/generation"


def check_url(url: str, name: str) -> None:
    """Raise `ValueError` if `url` is not valid: for example its port, its host name or its
    characters. `name`: the name of the argument, for the message."""
    try:
        parsed = httpx.URL(url)
        port, _ = parsed.port, parsed.host  # reading `host` checks an international name
    except (httpx.InvalidURL, ValueError) as error:
        raise ValueError(f"{name} is not a valid address: {error}") from None
    if port is not None and not 0 < port < 65_536:
        raise ValueError(f"{name} has a port that is not valid: {port}")
