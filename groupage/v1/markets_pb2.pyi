import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import latlng_pb2 as _latlng_pb2
from groupage.v1 import companies_pb2 as _companies_pb2
from groupage.v1 import policies_pb2 as _policies_pb2
from groupage.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Place(_message.Message):
    __slots__ = ("place", "location", "zone", "openings", "own_site")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    OPENINGS_FIELD_NUMBER: _ClassVar[int]
    OWN_SITE_FIELD_NUMBER: _ClassVar[int]
    place: str
    location: _latlng_pb2.LatLng
    zone: str
    openings: _containers.RepeatedCompositeFieldContainer[Opening]
    own_site: str
    def __init__(self, place: _Optional[str] = ..., location: _Optional[_Union[_latlng_pb2.LatLng, _Mapping]] = ..., zone: _Optional[str] = ..., openings: _Optional[_Iterable[_Union[Opening, _Mapping]]] = ..., own_site: _Optional[str] = ...) -> None: ...

class MarketVehicle(_message.Message):
    __slots__ = ("vehicle", "count", "reserved", "held")
    VEHICLE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    vehicle: str
    count: int
    reserved: int
    held: int
    def __init__(self, vehicle: _Optional[str] = ..., count: _Optional[int] = ..., reserved: _Optional[int] = ..., held: _Optional[int] = ...) -> None: ...

class MarketHub(_message.Message):
    __slots__ = ("hub", "dock_slots_per_hour", "held")
    HUB_FIELD_NUMBER: _ClassVar[int]
    DOCK_SLOTS_PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    hub: str
    dock_slots_per_hour: int
    held: int
    def __init__(self, hub: _Optional[str] = ..., dock_slots_per_hour: _Optional[int] = ..., held: _Optional[int] = ...) -> None: ...

class Opening(_message.Message):
    __slots__ = ("open_min", "close_min")
    OPEN_MIN_FIELD_NUMBER: _ClassVar[int]
    CLOSE_MIN_FIELD_NUMBER: _ClassVar[int]
    open_min: float
    close_min: float
    def __init__(self, open_min: _Optional[float] = ..., close_min: _Optional[float] = ...) -> None: ...

class MarketJob(_message.Message):
    __slots__ = ("job", "own_order", "origins", "destination", "pallets", "weight_kg", "volume_m3", "pickup_open_min", "pickup_close_min", "delivery_open_min", "delivery_close_min", "loading_min", "unloading_min", "handling", "excluded")
    JOB_FIELD_NUMBER: _ClassVar[int]
    OWN_ORDER_FIELD_NUMBER: _ClassVar[int]
    ORIGINS_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_KG_FIELD_NUMBER: _ClassVar[int]
    VOLUME_M3_FIELD_NUMBER: _ClassVar[int]
    PICKUP_OPEN_MIN_FIELD_NUMBER: _ClassVar[int]
    PICKUP_CLOSE_MIN_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_OPEN_MIN_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_CLOSE_MIN_FIELD_NUMBER: _ClassVar[int]
    LOADING_MIN_FIELD_NUMBER: _ClassVar[int]
    UNLOADING_MIN_FIELD_NUMBER: _ClassVar[int]
    HANDLING_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    job: str
    own_order: str
    origins: _containers.RepeatedScalarFieldContainer[str]
    destination: str
    pallets: float
    weight_kg: float
    volume_m3: float
    pickup_open_min: float
    pickup_close_min: float
    delivery_open_min: float
    delivery_close_min: float
    loading_min: float
    unloading_min: float
    handling: _types_pb2.Handling
    excluded: _containers.RepeatedCompositeFieldContainer[Exclusion]
    def __init__(self, job: _Optional[str] = ..., own_order: _Optional[str] = ..., origins: _Optional[_Iterable[str]] = ..., destination: _Optional[str] = ..., pallets: _Optional[float] = ..., weight_kg: _Optional[float] = ..., volume_m3: _Optional[float] = ..., pickup_open_min: _Optional[float] = ..., pickup_close_min: _Optional[float] = ..., delivery_open_min: _Optional[float] = ..., delivery_close_min: _Optional[float] = ..., loading_min: _Optional[float] = ..., unloading_min: _Optional[float] = ..., handling: _Optional[_Union[_types_pb2.Handling, _Mapping]] = ..., excluded: _Optional[_Iterable[_Union[Exclusion, _Mapping]]] = ...) -> None: ...

class Exclusion(_message.Message):
    __slots__ = ("vehicle", "reason")
    VEHICLE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    vehicle: str
    reason: str
    def __init__(self, vehicle: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Distance(_message.Message):
    __slots__ = ("from_place", "to_place", "distance_km", "duration_min")
    FROM_PLACE_FIELD_NUMBER: _ClassVar[int]
    TO_PLACE_FIELD_NUMBER: _ClassVar[int]
    DISTANCE_KM_FIELD_NUMBER: _ClassVar[int]
    DURATION_MIN_FIELD_NUMBER: _ClassVar[int]
    from_place: str
    to_place: str
    distance_km: float
    duration_min: float
    def __init__(self, from_place: _Optional[str] = ..., to_place: _Optional[str] = ..., distance_km: _Optional[float] = ..., duration_min: _Optional[float] = ...) -> None: ...

class NetworkModel(_message.Message):
    __slots__ = ("circuity_ratio", "speed_kmh", "distances")
    CIRCUITY_RATIO_FIELD_NUMBER: _ClassVar[int]
    SPEED_KMH_FIELD_NUMBER: _ClassVar[int]
    DISTANCES_FIELD_NUMBER: _ClassVar[int]
    circuity_ratio: float
    speed_kmh: float
    distances: _containers.RepeatedCompositeFieldContainer[Distance]
    def __init__(self, circuity_ratio: _Optional[float] = ..., speed_kmh: _Optional[float] = ..., distances: _Optional[_Iterable[_Union[Distance, _Mapping]]] = ...) -> None: ...

class MarketPart(_message.Message):
    __slots__ = ("conversation", "synchronization", "roles", "protocol", "market_start", "horizon_min", "network", "places", "jobs", "last", "own_vehicles", "own_hubs")
    CONVERSATION_FIELD_NUMBER: _ClassVar[int]
    SYNCHRONIZATION_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    MARKET_START_FIELD_NUMBER: _ClassVar[int]
    HORIZON_MIN_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    PLACES_FIELD_NUMBER: _ClassVar[int]
    JOBS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    OWN_VEHICLES_FIELD_NUMBER: _ClassVar[int]
    OWN_HUBS_FIELD_NUMBER: _ClassVar[int]
    conversation: str
    synchronization: str
    roles: _containers.RepeatedScalarFieldContainer[_companies_pb2.Role]
    protocol: _policies_pb2.Strategy
    market_start: _timestamp_pb2.Timestamp
    horizon_min: float
    network: NetworkModel
    places: _containers.RepeatedCompositeFieldContainer[Place]
    jobs: _containers.RepeatedCompositeFieldContainer[MarketJob]
    last: bool
    own_vehicles: _containers.RepeatedCompositeFieldContainer[MarketVehicle]
    own_hubs: _containers.RepeatedCompositeFieldContainer[MarketHub]
    def __init__(self, conversation: _Optional[str] = ..., synchronization: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[_companies_pb2.Role, str]]] = ..., protocol: _Optional[_Union[_policies_pb2.Strategy, _Mapping]] = ..., market_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., horizon_min: _Optional[float] = ..., network: _Optional[_Union[NetworkModel, _Mapping]] = ..., places: _Optional[_Iterable[_Union[Place, _Mapping]]] = ..., jobs: _Optional[_Iterable[_Union[MarketJob, _Mapping]]] = ..., last: _Optional[bool] = ..., own_vehicles: _Optional[_Iterable[_Union[MarketVehicle, _Mapping]]] = ..., own_hubs: _Optional[_Iterable[_Union[MarketHub, _Mapping]]] = ...) -> None: ...
