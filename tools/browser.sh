#!/bin/sh
# Tests marked `browser` look at pages in Chromium. Say whether there is one; install Debian's where that is allowed.
# Never fails: without a browser those tests are left out, and say so.
set -eu

found() {
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null 2>&1; then
            echo "browser: $(command -v "$name")"
            return 0
        fi
    done
    return 1
}

found && exit 0
why="no Chromium here, and installing one needs root and apt"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "browser: none here, installing the Debian package chromium"
    export DEBIAN_FRONTEND=noninteractive
    options="-qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0"
    # shellcheck disable=SC2086
    if apt-get $options update >/dev/null && apt-get $options install -y --no-install-recommends chromium >/dev/null; then
        found && exit 0
    fi
    why="no Chromium here, and installing Debian's did not succeed (its lines above say why)"
fi
echo "browser: $why; the tests marked 'browser' are left out"
