"""Built-in participants: parties made of desks."""

from agents.participants.carrier import CarrierDesk
from agents.participants.hub import HubDesk
from agents.participants.party import Desk, Party
from agents.participants.shipper import ShipperDesk

__all__ = ["CarrierDesk", "Desk", "HubDesk", "Party", "ShipperDesk"]
