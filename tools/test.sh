#!/usr/bin/env bash
# All tests but the long ones. What drives a browser runs in processes of its own: a browser's session keeps the event
# loop of its thread, and tests that run a loop cannot share it.
set -uo pipefail
cd "$(dirname "$0")/.."
workers=${XDIST:-2}
failed=0

group() {
    echo "==> $1"
    shift
    .venv/bin/pytest -m "not long" --durations 5 "$@" || failed=1
}

group "tests without a browser" -n "$workers" --dist loadfile --no-loadscope-reorder \
    --ignore tests/browser --ignore tests/clients --ignore tests/snippet --ignore tests/web/test_web_login_browser.py
group "the console in Chromium" -n "$workers" --dist loadfile --no-loadscope-reorder tests/browser
# These wait more than they work, so they wait together.
beside=$(mktemp)
(
    group "the snippet in Chromium and Firefox" tests/snippet
    exit "$failed"
) >"$beside" 2>&1 &
group "the login page in Chromium" tests/web/test_web_login_browser.py
group "unmodified clients through the fault proxy" tests/clients
wait $! || failed=1
cat "$beside"
rm "$beside"
exit "$failed"
