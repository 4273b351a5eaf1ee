"""The physical and commercial world: places, goods, vehicles, prices, rules and emissions. No agents.

The values and rules are exported here. What plans routes takes longer to load and keeps its own names:
`logistics.routing`, `logistics.jobs`, `logistics.standalone`, `logistics.consolidation`, `logistics.coalitions`.
"""

from logistics.compliance import ADR_LABELS, carrier_refusal, certificate_refusal, conflict, validate_labels
from logistics.costs import CostLine, sum_lines
from logistics.emissions import (
    Emissions,
    allocate,
    allocate_route,
    emission_class_of,
    emission_factor,
    emission_factors,
    groupage_emissions,
    hub_emissions,
    route_emissions,
)
from logistics.fleet import Body, CallUp, Carrier, Certificate, OperatingCosts, VehicleType
from logistics.hubs import Hub, HubCosts
from logistics.lane_costs import LaneCosts, lane_costs
from logistics.money import split_cents, to_cents, to_eur
from logistics.network import Network, great_circle_km, great_circle_network
from logistics.region import Region
from logistics.shipments import Handling, Shipment, Stakes, Temperature
from logistics.sites import OpeningHours, Site, SiteKind, gln_check_digit, is_valid_gln
from logistics.tariffs import DedicatedTariff, GroupageBracket, GroupageTariff, Incumbent, PublicTariffs

__all__ = [
    "ADR_LABELS",
    "Body",
    "CallUp",
    "Carrier",
    "Certificate",
    "CostLine",
    "DedicatedTariff",
    "Emissions",
    "GroupageBracket",
    "GroupageTariff",
    "Handling",
    "Hub",
    "HubCosts",
    "Incumbent",
    "LaneCosts",
    "Network",
    "OpeningHours",
    "OperatingCosts",
    "PublicTariffs",
    "Region",
    "Shipment",
    "Site",
    "SiteKind",
    "Stakes",
    "Temperature",
    "VehicleType",
    "allocate",
    "allocate_route",
    "carrier_refusal",
    "certificate_refusal",
    "conflict",
    "emission_class_of",
    "emission_factor",
    "emission_factors",
    "gln_check_digit",
    "great_circle_km",
    "great_circle_network",
    "groupage_emissions",
    "hub_emissions",
    "is_valid_gln",
    "lane_costs",
    "route_emissions",
    "split_cents",
    "sum_lines",
    "to_cents",
    "to_eur",
    "validate_labels",
]
