"""The lines that the service prints at its start. They can be pasted to make a first image."""

from __future__ import annotations

import shlex
from pathlib import Path

PROMPT = "A beautiful sunset over mountains"


def first_request(url: str, key_file: Path | None, inferloop: str = "inferloop") -> str:
    """Text with three ways to make a first image: the command line, curl, and a browser. Each shell
    command is on its own line and works as it is.

    The text contains no key. The shell reads it from `key_file`; if that is None, from the variable
    INFERLOOP_API_KEY or INFERLOOP_API_KEYS. `inferloop`: path of the program `inferloop`.
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
