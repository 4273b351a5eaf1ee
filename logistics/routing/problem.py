"""The routing problem and its answer, in plain values: minutes, kilometres, pallets and cents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logistics.shipments import Handling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from logistics.fleet import OperatingCosts, VehicleType
    from logistics.network import Network


@dataclass(frozen=True, slots=True)
class Job:
    """One transport to be done by one vehicle: a shipment's whole way, or one of its legs through a hub.

    All times are minutes after the plan's start; windows are for the *start* of service.

    Attributes
    ----------
    origins
        Sites where the goods can be loaded; a vehicle based at one of them loads there before it leaves, any other
        vehicle collects at one of them.
    prize_cents
        What leaving the job out costs elsewhere (its groupage price); ``None``: it must be carried.
    """

    id: str
    shipment: str
    origins: tuple[str, ...]
    destination: str
    pallets: float
    weight_kg: float
    volume_m3: float
    pickup_open_min: float
    pickup_close_min: float
    delivery_open_min: float
    delivery_close_min: float
    loading_min: float = 0.0
    unloading_min: float = 0.0
    handling: Handling = Handling()
    prize_cents: int | None = None


@dataclass(frozen=True, slots=True)
class FleetVehicle:
    """Vehicles of one type on offer to a plan, at given costs.

    Attributes
    ----------
    count
        How many; ``None`` lifts the limit.
    shift_open_min, shift_close_min
        Minutes after the plan's start.
    excluded
        Jobs that this vehicle may never carry (carrier not certified, wrong body).
    """

    type: VehicleType
    costs: OperatingCosts
    count: int | None
    shift_open_min: float
    shift_close_min: float
    excluded: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """Id of the vehicle type; unique in a problem."""
        return self.type.id


@dataclass(frozen=True, slots=True)
class RoutingProblem:
    """Jobs, vehicles and the network between their sites."""

    network: Network
    jobs: tuple[Job, ...]
    fleet: tuple[FleetVehicle, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """A vehicle at a site: what it picks up and what it delivers, by job id.

    The first and last stop of a route are the vehicle's base.
    """

    site: str
    arrival_min: float
    start_min: float
    departure_min: float
    pickups: tuple[str, ...] = ()
    deliveries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One vehicle's tour from its base and back.

    Attributes
    ----------
    cost_lines
        Cents by named line (`logistics.costs`); their sum is the cost of the route.
    """

    vehicle: str
    stops: tuple[Stop, ...]
    distance_km: float
    duration_min: float
    waiting_min: float
    cost_lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def cost_cents(self) -> int:
        """Sum of the cost lines."""
        return sum(self.cost_lines.values())

    @property
    def jobs(self) -> tuple[str, ...]:
        """Jobs carried, in the order of delivery."""
        return tuple(job for stop in self.stops for job in stop.deliveries)


@dataclass(frozen=True, slots=True)
class Plan:
    """Routes and what they leave out.

    Attributes
    ----------
    unserved
        Ids of jobs that no route carries: optional ones left to their prize, and required ones that do not fit.
    """

    routes: tuple[Route, ...] = ()
    unserved: tuple[str, ...] = ()

    @property
    def cost_cents(self) -> int:
        """Cost of the routes, without prizes."""
        return sum(route.cost_cents for route in self.routes)
