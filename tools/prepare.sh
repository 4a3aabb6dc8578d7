#!/usr/bin/env bash
# What must be on the machine before anything else. Installs it from Debian where it may, else says what is missing
# and fails: nothing is skipped in silence.
set -euo pipefail
what=${1:?python or tests}

need() { # command, package
    command -v "$1" >/dev/null 2>&1 || missing+=("$2")
}

missing=()
case $what in
python)
    python=${2:-python3}
    command -v "$python" >/dev/null || { echo "Python 3.11 or newer is needed and $python is not there."; exit 1; }
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $python is older."; exit 1; }
    "$python" -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
    ;;
tests)
    need chromium-headless-shell chromium-headless-shell
    need firefox-esr firefox-esr
    need /usr/sbin/postfix postfix
    need /usr/sbin/dovecot dovecot-imapd
    need swaks swaks
    need setpriv util-linux
    need make make
    ;;
esac

[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "==> installing Debian packages: ${missing[*]}"
    apt-get update -qq
    # Postfix asks nothing so, and without a configuration does not run: the tests start one with their own.
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
    echo "Missing: ${missing[*]}. As root: apt-get install ${missing[*]}"
    exit 1
fi
