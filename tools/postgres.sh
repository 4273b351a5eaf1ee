#!/bin/sh
# A PostgreSQL for the tests that use one, from Debian where that may be installed; without it they say that they skip.
set -eu
if command -v pg_config >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "set-up: installing the Debian package postgresql for the tests that use it"
    # The tests run their own cluster: the one that the package would make and start is not wanted.
    mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
    apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends postgresql >/dev/null ||
        { apt-get -qq update && apt-get -qq install -y --no-install-recommends postgresql >/dev/null; } ||
        echo "set-up: PostgreSQL could not be installed; tests that need it skip"
fi
