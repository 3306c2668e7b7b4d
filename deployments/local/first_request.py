"""The lines that a start prints for a first image: they work as they are pasted."""

from __future__ import annotations

import shlex
from pathlib import Path

PROMPT = "A beautiful sunset over mountains"


def first_request(url: str, key_file: Path | None, inferloop: str = "inferloop") -> str:
    """Three ways to a first image: the command line, curl, a browser. The shell commands stand in
    lines of their own and need nothing but what they name.

    No key is shown: the shell looks it up, in `key_file`, or where that is None in the variables
    that hold the service's or one's own key. `inferloop` is the command line's program.
    """
    if key_file is not None:
        note, key = "Try, in another terminal:", f"$(cat {shlex.quote(str(key_file))})"
    else:
        note = "Try, in a terminal where INFERLOOP_API_KEY or INFERLOOP_API_KEYS holds a key:"
        key = "${INFERLOOP_API_KEY:-${INFERLOOP_API_KEYS%%,*}}"
    body = f'{{"prompt": "{PROMPT}"}}'
    return "\n".join(
        (
            note,
            f'  export INFERLOOP_API_KEY="{key}" INFERLOOP_BASE_URL={url}',
            f"  {shlex.quote(inferloop)} generate '{PROMPT}' --out sunset.png",
            f'  curl -s {url}/api/v1/generate -H "X-API-Key: {key}" '
            f"-H 'Content-Type: application/json' -d '{body}'",
            f"Or open {url}/studio in a browser; it asks for the key: {_key_words(key_file)}",
        )
    )


def _key_words(key_file: Path | None) -> str:
    return "one of yours" if key_file is None else f"the line in {key_file}"
