"""Where the service listens, from a base URL with or without `/api/v1`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

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
        return cls(urlunsplit((parts.scheme, parts.netloc, path + API_PREFIX, "", "")))

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
