"""A region: the physical and commercial world that stays the same from day to day.

It holds everybody's private costs, so only the laboratory's operator has one; a coordinator sees a `Market`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logistics.fleet import Carrier, OperatingCosts, VehicleType
    from logistics.hubs import Hub, HubCosts
    from logistics.network import Network
    from logistics.sites import Site
    from logistics.tariffs import Incumbent, PublicTariffs


@dataclass(frozen=True)
class Region:
    """Sites, network, carriers, hubs and tariffs, with their true costs.

    Attributes
    ----------
    operating_costs
        By vehicle type; private to the carrier.
    hub_costs
        By hub; private to it.
    incumbents
        Running contracts; each private to its owner.
    """

    sites: Mapping[str, Site]
    network: Network
    carriers: Mapping[str, Carrier]
    vehicles: Mapping[str, VehicleType]
    operating_costs: Mapping[str, OperatingCosts]
    hubs: Mapping[str, Hub]
    hub_costs: Mapping[str, HubCosts]
    tariffs: PublicTariffs
    incumbents: tuple[Incumbent, ...] = ()
