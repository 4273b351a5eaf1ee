"""A region: the physical and commercial world that stays the same from day to day.

It holds everybody's private costs, so only the laboratory's operator has one; a coordinator sees a `Market`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from logistics.fleet import is_reserved, type_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logistics.fleet import CallUp, Carrier, OperatingCosts, VehicleType
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
        By vehicle type, reserved ahead; private to the carrier.
    hub_costs
        By hub; private to it.
    incumbents
        Running contracts; each private to its owner.
    call_ups
        By vehicle type, where calling one up on the day costs something else; private to the carrier.
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
    call_ups: Mapping[str, CallUp] = field(default_factory=dict)

    def day_costs(self, vehicle: str) -> OperatingCosts:
        """What driving a vehicle costs its carrier on the day itself.

        A vehicle that was reserved ahead (`logistics.fleet.with_reserved`) has its fixed cost behind it.
        """
        costs = self.operating_costs[type_of(vehicle)]
        if is_reserved(vehicle):
            return replace(costs, fixed_eur=0.0)
        call_up = self.call_ups.get(vehicle)
        return costs if call_up is None else replace(costs, fixed_eur=call_up.spot_fixed_eur)

    def idle_eur(self, vehicle: str) -> float:
        """What a reserved vehicle of a type costs its carrier that is not used."""
        call_up = self.call_ups.get(vehicle)
        return self.operating_costs[vehicle].fixed_eur - (call_up.release_eur if call_up else 0.0)
