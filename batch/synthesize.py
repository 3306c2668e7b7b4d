"""`python -m batch.synthesize --config FILE`: prompts in, a finished and checked dataset out.

On a laptop it starts a Ray of its own; as a Ray job it uses the cluster that it runs in. Submit
it again after whatever ended it: it makes exactly what is missing.

Exit codes: 0 every row is written or rejected; 1 rows failed, or some have not ended (submit
again); 2 the config, the input, the output or the environment is wrong and nothing was made.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from local_ray.environment import RayNotClosed, closed_ray


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare the environment, then run the job; returns the exit code.

    Ray reads its environment while it is imported, and the job imports Ray: hence the late import.
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
