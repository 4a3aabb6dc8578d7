#!/usr/bin/env bash
# Style, types and contracts: what can be said of the code without running it.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
echo "==> ruff"
$bin/ruff check --quiet src tests bench tools
$bin/ruff format --quiet --check src tests bench tools
echo "==> import contracts"
$bin/lint-imports --no-cache | tail -n 3
echo "==> types"
$bin/pyright --warnings 2>&1 | tail -n 15
exit "${PIPESTATUS[0]}"
