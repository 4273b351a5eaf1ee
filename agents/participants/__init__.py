"""Built-in participants: parties made of desks."""

from agents.participants.capacity import Capacity, CapacityDesk
from agents.participants.carrier import CarrierDesk
from agents.participants.hub import HubDesk
from agents.participants.party import Desk, Party
from agents.participants.planner import PlannerDesk
from agents.participants.shipper import ShipperDesk

__all__ = ["Capacity", "CapacityDesk", "CarrierDesk", "Desk", "HubDesk", "Party", "PlannerDesk", "ShipperDesk"]
