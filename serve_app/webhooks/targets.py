"""Checks the URL of a webhook: https, a host of the allowlist, and the allowed port."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

import idna

from engines.errors import Fault, InvalidParameters

HTTPS_PORT = 443
MAX_URL_CHARS = 2048
FIELD = "webhook.url"

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"({_LABEL}\.)+{_LABEL}")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_URL_CHARS = re.compile(r"[!-~]+")
"""Visible ASCII characters without spaces (RFC 3986). Only the host name of a URL may have other
characters."""


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a webhook's URL."""

    host: str
    """Name in lower case and ASCII (punycode), without a dot at the end."""
    port: int
    """1 to 65535."""
    path: str
    """Path and query. Begins with a slash."""

    @classmethod
    def of(cls, url: str) -> Self:
        """Split a URL into its parts.

        Raises `InvalidParameters` if it is not an https URL with a host name, if it has a user, a
        password or a fragment, or if it has more than `MAX_URL_CHARS` characters.
        """
        parts = _split(url)
        if parts.scheme != "https":
            raise _refused(url, "an https URL", "must begin with https://")
        if parts.username is not None or parts.password is not None or "@" in parts.netloc:
            raise _refused(url, "no user in the URL", "must not name a user or a password")
        if parts.fragment or "#" in url:
            raise _refused(url, "no fragment", "must not have a #fragment")
        query = f"?{parts.query}" if parts.query else ""
        return cls(_host(url, parts), _port(url, parts), (parts.path or "/") + query)

    def url_at(self, address: str) -> str:
        """The same URL with an IP address in place of the host name."""
        host = f"[{address}]" if ":" in address else address
        return f"https://{host}:{self.port}{self.path}"

    @property
    def authority(self) -> str:
        """Value of the header `Host`: the host, and the port if it is not 443."""
        return self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """One entry of the allowlist."""

    host: str
    """Name in lower case and ASCII, without "*."."""
    port: int
    """1 to 65535."""
    below: bool
    """True: all names below `host` are allowed, but not `host` itself. False: only `host`."""

    @classmethod
    def of(cls, entry: str) -> Self:
        """Read an entry such as "hooks.example.com" or "*.example.com:8443".

        Raises `ValueError` if it is not a host name with an optional port. IP addresses are
        refused, because certificates are issued for names.
        """
        name, colon, digits = entry.strip().partition(":")
        below = name.startswith("*.")
        host = ascii_name(name.removeprefix("*."))
        port = int(digits) if digits.isascii() and digits.isdigit() else HTTPS_PORT
        if host is None or (colon and not digits.isdigit()) or not 0 < port <= 65535:
            examples = '"hooks.example.com" or "*.example.com:8443"'
            raise ValueError(f"{entry!r} is not a host such as {examples}")
        return cls(host, port, below)

    def allows(self, target: Target) -> bool:
        """Whether this entry allows the target: its host and its port."""
        matches = target.host.endswith(f".{self.host}") if self.below else target.host == self.host
        return matches and target.port == self.port


def allowed_target(url: str, allowed_hosts: Sequence[str]) -> Target:
    """The target of a URL. Raises `InvalidParameters` if the URL is not valid or no entry of
    `allowed_hosts` allows it."""
    if not allowed_hosts:
        words = "no webhooks", "cannot be used: this service allows no hosts for webhooks"
        raise InvalidParameters(Fault("webhook", None, *words))
    target = Target.of(url)
    if not any(AllowedHost.of(entry).allows(target) for entry in allowed_hosts):
        reason = "leads to a host or port that this service does not allow"
        raise _refused(url, "a host that the service allows", reason)
    return target


def ascii_name(name: str) -> str | None:
    """The name as DNS and certificates write it: lower case, ASCII (IDNA 2008 with UTS 46).

    None if it is not a full server name, for example an IP address in any notation, or a name
    without a dot.
    """
    name = name.removesuffix(".")
    try:
        text = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return None
    if len(text) > 253 or not _NAME.fullmatch(text):
        return None
    return None if _NUMBER.fullmatch(text.rpartition(".")[2]) else text


def _split(url: str) -> SplitResult:
    visible = all(character.isprintable() and character != " " for character in url)
    if len(url) > MAX_URL_CHARS or not visible or "\\" in url:
        raise _refused(url[:200], "a URL", f"must be a URL of at most {MAX_URL_CHARS} characters")
    try:
        return urlsplit(url)
    except ValueError:
        raise _refused(url, "a URL", "must be a URL") from None


def _host(url: str, parts: SplitResult) -> str:
    host = ascii_name(parts.hostname or "")
    if host is None:
        raise _refused(url, "the name of a host", "must name a host, not an address")
    rest = f"{parts.path}{parts.query}"
    if rest and not _URL_CHARS.fullmatch(rest):
        raise _refused(url, "ASCII after the host", "must escape what is not ASCII after the host")
    return host


def _port(url: str, parts: SplitResult) -> int:
    try:
        return HTTPS_PORT if parts.port is None else parts.port
    except ValueError:
        raise _refused(url, "1 <= port <= 65535", "has a port that is not valid") from None


def _refused(url: str, constraint: str, reason: str) -> InvalidParameters:
    return InvalidParameters.of(FIELD, url, constraint, reason)
