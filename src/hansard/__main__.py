"""``python -m hansard``: the same as the command ``hansard``."""

import sys

from hansard.app import main

if __name__ == "__main__":
    sys.exit(main())
