"""`python -m inferloop_synthdata` is `inferloop`."""

import sys

from inferloop_synthdata.cli.main import main

sys.exit(main())
