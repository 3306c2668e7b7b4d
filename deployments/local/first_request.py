"""The line that a start prints for a first image: it works as it is pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

BODY = '{"prompt": "A beautiful sunset over mountains"}'


def first_request(url: str, key_file: Path | None) -> str:
    """A shell command, and a word on where it runs. It shows no key: the shell looks it up, in
    `key_file`, or where that is None in the variables that hold the service's or one's own key."""
    if key_file is not None:
        note, key = "Try:", f"$(cat {shlex.quote(str(key_file))})"
    else:
        note = "Try, where INFERLOOP_API_KEY or INFERLOOP_API_KEYS holds a key:"
        key = "${INFERLOOP_API_KEY:-${INFERLOOP_API_KEYS%%,*}}"
    return (
        f'{note}\n  curl -s {url}/api/v1/generate -H "X-API-Key: {key}" '
        f"-H 'Content-Type: application/json' -d '{BODY}'"
    )
