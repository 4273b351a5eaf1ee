"""Programs of tests, started in processes of their own: ``python -m tests.started MODULE ARGUMENT...``.

The module's `main` is called; it finds its arguments where a program does.
"""

from __future__ import annotations

import sys
from importlib import import_module

from server.loading import loading

if __name__ == "__main__":
    with loading():
        module = import_module(sys.argv.pop(1))
    module.main()
