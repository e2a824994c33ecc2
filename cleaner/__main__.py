"""`python -m cleaner` is the command `cleancopy`."""

import sys

from cleaner.cli import main

sys.exit(main())
