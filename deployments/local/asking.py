"""Checks whether a server on this machine answers. One check is cheap, so it can be made often."""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPException
from urllib.request import ProxyHandler, build_opener

_PAST_PROXIES = build_opener(ProxyHandler({}))


def answers(url: str, within_s: float) -> bool:
    """Whether `url` answers with status 200 within `within_s` seconds.

    It uses Python's own HTTP client, which takes 0.6 ms of CPU time. httpx would take 33 ms,
    because it reads all certificates of the machine, and 15 MB of memory.
    """
    try:
        with _PAST_PROXIES.open(url, timeout=within_s) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, HTTPException):  # urllib raises OSError for every other status
        return False
