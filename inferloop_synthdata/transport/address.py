"""Where the service listens, from a base URL with or without `/api/v1`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import httpx

API_PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """`rest` is the URL that every REST path is appended to."""

    rest: str

    @classmethod
    def of(cls, base_url: str) -> ServiceAddress:
        """Takes "http://host:8000", "http://host:8000/", "https://host/images/api/v1", ...

        Raises `ValueError` for what is not an http(s) URL of a host.
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
        """What lies beside the API: OpenAI's at `/v1`, `/readyz`."""
        return self.rest.removesuffix(API_PREFIX)

    @property
    def socket(self) -> str:
        """URL of the generation WebSocket."""
        scheme, _, rest = self.rest.partition("://")
        ws_scheme = {"http": "ws", "https": "wss"}[scheme]
        return f"{ws_scheme}://{rest}/ws/generation"


def check_url(url: str, name: str) -> None:
    """`ValueError`, with `name` for what was given, where no request can go to `url`: a port or
    a host name that cannot be, characters that no URL has."""
    try:
        parsed = httpx.URL(url)
        port, _ = parsed.port, parsed.host  # read: an international name is decoded only then
    except (httpx.InvalidURL, ValueError) as error:
        raise ValueError(f"{name} is no usable address: {error}") from None
    if port is not None and not 0 < port < 65_536:
        raise ValueError(f"{name} has a port that cannot be: {port}")
