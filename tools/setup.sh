#!/bin/sh
# Find a Python that is new enough and let it make .venv (tools/setup.py). `make setup PYTHON=/path/to/python` names one.
set -eu
cd "$(dirname "$0")/.."

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
found=""
for name in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
    path=$(command -v "$name" 2>/dev/null) || continue
    version=$("$path" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null) || continue
    if "$path" -c "$new_enough"; then
        exec "$path" -I tools/setup.py
    fi
    found="$found $path is Python $version;"
done

{
    echo "groupage needs Python 3.11 or newer."
    echo "Found:${found:- no Python at all (looked for ${PYTHON:-python3, python3.13, python3.12, python3.11, python});}"
    echo "Install a newer one, or name one that is elsewhere: make setup PYTHON=/path/to/python3.12"
} >&2
exit 1
