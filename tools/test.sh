#!/usr/bin/env bash
# All tests but the long ones. What drives a browser runs in processes of its own: a browser's session keeps the event
# loop of its thread, and tests that run a loop cannot share it.
set -uo pipefail
cd "$(dirname "$0")/.."
workers=${XDIST:-2}
failed=0
told=$(mktemp -d)
export ONEVOICE_FAILURES=$told.failures
: >"$ONEVOICE_FAILURES"
# Hundreds of processes are started: none should compile our sources anew, whatever this machine is set to.
export PYTHONDONTWRITEBYTECODE=

group() {
    echo "==> $1"
    shift
    .venv/bin/pytest -m "not long" --durations 5 "$@" || worse $?
}

worse() { # 1: tests failed; above: they did not even run to their end
    [ "$failed" -ge "$1" ] || failed=$1
}

beside() { # a function's groups while the next ones run; what they say is told by joined
    (
        "$1"
        exit "$failed"
    ) >"$told/$1" 2>&1 &
}

joined() {
    for job in $(jobs -p); do
        wait "$job" || worse $?
    done
    cat "$told"/*
    rm "$told"/*
}

few_at_a_time() {
    # Its collection alone takes 20 s of work, which every worker would do.
    group "any request" tests/api/test_api_fuzz.py
    # These wait more than they work.
    group "unmodified clients through the fault proxy" tests/clients
    group "the snippet in Firefox" tests/snippet -k firefox
}

beside few_at_a_time
group "tests without a browser" -n "$workers" --dist loadfile --no-loadscope-reorder \
    --ignore tests/api/test_api_fuzz.py --ignore tests/browser --ignore tests/clients --ignore tests/snippet
joined
# A page waits for its server and for a moment to pass as long as it works: one worker more than there are cores.
group "the console in Chromium" -n "$((workers + 1))" --dist loadfile --no-loadscope-reorder tests/browser
group "the snippet in Chromium" -n "$((workers + 1))" --dist loadfile tests/snippet -k "not firefox"
rmdir "$told"

# Of a test that failed among 10,000 the name and the reason stand last, where nobody has to look for them.
failures=$(sort -u "$ONEVOICE_FAILURES")
rm "$ONEVOICE_FAILURES"
unset ONEVOICE_FAILURES
if [ -z "$failures" ]; then
    exit "$failed"
fi
echo "==> what failed"
echo "$failures"
# Three pages at work on two cores: one may come too late for what its test waits for. At most three such, and each must
# pass with the machine to itself.
names=$(mktemp)
cut -f 1 <<<"$failures" >"$names"
if [ "$failed" = 1 ] && [ "$(wc -l <"$names")" -le 3 ] && ! grep -qvE '^tests/(browser|snippet)/' "$names"; then
    echo "==> the same alone"
    .venv/bin/pytest "@$names" && failed=0
fi
rm "$names"
exit "$failed"
