"""`python -m onevoice.sandbox FILE`: a demo's stand-ins, until SIGTERM. The file says where, and keeps it all."""

import sys
from pathlib import Path

from onevoice.kit.supervisor import die_with_parent
from onevoice.sandbox.program import run

if __name__ == "__main__":
    die_with_parent()
    run(Path(sys.argv[1]))
