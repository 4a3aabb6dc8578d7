#!/usr/bin/env bash
# All tests but the long ones. What drives a browser runs in processes of its own: a browser's session keeps the event
# loop of its thread, and tests that run a loop cannot share it.
set -uo pipefail
cd "$(dirname "$0")/.."
workers=${XDIST:-2}
failed=0
told=$(mktemp -d)
# Hundreds of processes are started: none should compile our sources anew, whatever this machine is set to.
export PYTHONDONTWRITEBYTECODE=

group() {
    echo "==> $1"
    shift
    .venv/bin/pytest -m "not long" --durations 5 "$@" || failed=1
}

beside() { # the same while the next groups run; what it says is told by joined
    (
        group "$@"
        exit "$failed"
    ) >"$told/$1" 2>&1 &
}

joined() {
    for job in $(jobs -p); do
        wait "$job" || failed=1
    done
    cat "$told"/*
    rm "$told"/*
}

# Its collection alone takes 40 s of work, which every worker would do.
beside "any request" tests/api/test_api_fuzz.py
group "tests without a browser" -n "$workers" --dist loadfile --no-loadscope-reorder \
    --ignore tests/api/test_api_fuzz.py \
    --ignore tests/browser --ignore tests/clients --ignore tests/snippet --ignore tests/web/test_web_login_browser.py
joined
# A page waits for its server and for a moment to pass as long as it works: one worker more than there are cores.
group "the console in Chromium" -n "$((workers + 1))" --dist loadfile --no-loadscope-reorder tests/browser
# These wait more than they work, so they wait together.
beside "the snippet in Chromium" tests/snippet -k "not firefox"
beside "the snippet in Firefox" tests/snippet -k firefox
group "the login page in Chromium" tests/web/test_web_login_browser.py
group "unmodified clients through the fault proxy" tests/clients
joined
rmdir "$told"
exit "$failed"
