"""Checks of a request's head that the HTTP parser leaves to its user (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engines.errors import Fault

_HOST = re.compile(rb"(\[[0-9A-Fa-fv:.]+\]|[A-Za-z0-9._~!$&'()*+;=%-]*)(:[0-9]{0,5})?")
"""`uri-host [":" port]` (RFC 9110, 7.2), without the comma, which joins two hosts into one line."""
_FRAMING_VERSION = "1.1"


def head_fault(version: str, headers: Iterable[tuple[bytes, bytes]]) -> Fault | None:
    """What is wrong with the head of a request, or None.

    A proxy in front and this service must agree on where a request ends and which host it is for.
    So the head must have one valid `Host` (HTTP/1.0: at most one; RFC 9112, 3.2), and a body may
    only have the transfer coding `chunked` (RFC 9112, 6.1), which HTTP/1.0 does not have.

    Args:
        version: HTTP version, such as "1.1".
        headers: pairs of name, in lower case, and value.
    """
    pairs = list(headers)
    hosts = [value.strip() for name, value in pairs if name == b"host"]
    if len(hosts) > 1 or (not hosts and version == _FRAMING_VERSION):
        reason = f"must be sent once, not {len(hosts)} times"
        return Fault("headers.Host", None, "one Host header", reason)
    if hosts and not _HOST.fullmatch(hosts[0]):
        return Fault("headers.Host", None, "a host name, and perhaps a port", "must be a host name")
    codings = [value.strip().lower() for name, value in pairs if name == b"transfer-encoding"]
    if codings and (codings != [b"chunked"] or version != _FRAMING_VERSION):
        return Fault("headers.Transfer-Encoding", None, "chunked", "must be chunked")
    return None
