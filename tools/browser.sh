#!/bin/sh
# Tests marked `browser` look at pages in Chromium through Playwright, whose driver needs libatomic. Say whether both
# are there; install Debian's where that is allowed. Never fails: without them those tests are left out, and say so.
set -eu

browser=""
packages=""
look() {
    browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
    packages=""
    [ -n "$browser" ] || packages="chromium"
    PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q 'libatomic\.so\.1' || packages="$packages libatomic1"
}

look
if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "browser: installing Debian's" $packages
    export DEBIAN_FRONTEND=noninteractive
    options="-qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0"
    apt-get $options update >/dev/null && apt-get $options install -y --no-install-recommends $packages >/dev/null || true
    look
fi
if [ -z "$packages" ]; then
    echo "browser: $browser"
elif [ "$(uname)" = Linux ]; then
    echo "browser: missing here:" $packages "(Debian's names); the tests marked 'browser' are left out"
else
    echo "browser: ${browser:-no Chromium here; the tests marked 'browser' are left out}"
fi
