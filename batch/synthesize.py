"""`python -m batch.synthesize --config FILE`: make a checked dataset from a file of prompts.

On a laptop it starts a local Ray; as a Ray job it uses its cluster. If it was interrupted, submit
it again: it makes only what is missing.

Exit codes: 0: every row is written or rejected. 1: rows failed or are missing (submit again).
2: the config, the input, the output or the environment is wrong, and nothing was made.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from local_ray.environment import RayNotClosed, closed_ray


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare the environment, then run the job; returns the exit code.

    The job is imported late, because Ray reads environment variables when it is imported.
    """
    if "RAY_ADDRESS" not in os.environ:
        try:
            os.environ.update(closed_ray(os.environ))
        except (RayNotClosed, PermissionError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
    from batch.command import run

    return run(arguments, help_text=__doc__)


if __name__ == "__main__":
    raise SystemExit(main())
