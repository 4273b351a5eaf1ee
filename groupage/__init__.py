"""groupage: a neutral coordinator for pooled industrial last-mile deliveries.

Nothing is imported before it is asked for (PEP 562), so that ``import groupage`` stays cheap for a client that only
talks to a service.
"""

from __future__ import annotations

from typing import Any

__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("groupage")
    if name in ("AsyncClient", "Client"):
        from groupage import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
