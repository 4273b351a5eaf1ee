"""Vehicle routes: a problem in plain values, its planner, an independent judge, and tours that grow."""

from logistics.routing.check import violations
from logistics.routing.problem import FleetVehicle, Job, Plan, Route, RoutingProblem, Stop
from logistics.routing.solve import solve
from logistics.routing.tours import Tours, marginal_cost

__all__ = [
    "FleetVehicle",
    "Job",
    "Plan",
    "Route",
    "RoutingProblem",
    "Stop",
    "Tours",
    "marginal_cost",
    "solve",
    "violations",
]
