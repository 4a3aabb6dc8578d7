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
beside=$(mktemp -d)
(
    group "the snippet in Chromium" tests/snippet -k "not firefox"
    exit "$failed"
) >"$beside/chromium" 2>&1 &
(
    group "the snippet in Firefox" tests/snippet -k firefox
    exit "$failed"
) >"$beside/firefox" 2>&1 &
group "the login page in Chromium" tests/web/test_web_login_browser.py
group "unmodified clients through the fault proxy" tests/clients
for _ in chromium firefox; do
    wait -n || failed=1
done
cat "$beside"/*
rm -r "$beside"
exit "$failed"
