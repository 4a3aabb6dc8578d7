"""The command line. A stable contract: docs/reference/command-line.md."""

import sys
from collections.abc import Sequence
from importlib import import_module

from onevoice.cli.arguments import parser
from onevoice.kit import runtime
from onevoice.kit.errors import DomainError
from onevoice.kit.telemetry import configure_logging


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; its failure is told in words, and the process ends with 1."""
    options = parser().parse_args(arguments)
    runtime.for_starting()
    configure_logging()
    module, _, name = options.run.partition(".")
    try:
        getattr(import_module(f"onevoice.cli.{module}"), name)(options)
    except DomainError as error:
        print(f"onevoice: {error.title} {error.detail}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        print(f"onevoice: {error.strerror or error}{where}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
