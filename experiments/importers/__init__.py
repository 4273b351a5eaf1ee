"""Importers of public instances and plain order files."""

from __future__ import annotations

from experiments.importers.lilim import import_lilim
from experiments.importers.mdvrp import import_mdvrp
from experiments.importers.orders import import_orders

__all__ = ["import_lilim", "import_mdvrp", "import_orders"]
