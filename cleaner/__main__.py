"""`python -m cleaner` is the command `cleancopy`."""

import sys

from cleaner.cli.main import main

sys.exit(main())
