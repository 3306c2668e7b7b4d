"""`python -m inferloop_synthdata` runs the command line `inferloop`."""

import sys

from inferloop_synthdata.cli.main import main

sys.exit(main())
