"""`python -m tests.benchmarks`; the work is in `tables`, where a child process finds it."""

import sys

from tests.benchmarks.tables import main

if __name__ == "__main__":
    main(sys.argv[1:])
