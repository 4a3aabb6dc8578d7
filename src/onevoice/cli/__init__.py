"""The command line. A stable contract: docs/reference/command-line.md."""

import sys
from collections.abc import Sequence

from onevoice.cli.arguments import parser
from onevoice.kit.errors import DomainError
from onevoice.kit.telemetry import configure_logging


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; its failure is told in words, and the process ends with 1."""
    options = parser().parse_args(arguments)
    configure_logging()
    try:
        options.run(options)
    except DomainError as error:
        print(f"onevoice: {error.title} {error.detail}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"onevoice: {error.strerror or error}{where}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
