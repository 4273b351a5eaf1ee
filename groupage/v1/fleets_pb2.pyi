import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from groupage.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Body(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BODY_UNSPECIFIED: _ClassVar[Body]
    BODY_VAN: _ClassVar[Body]
    BODY_RIGID: _ClassVar[Body]
    BODY_ARTICULATED: _ClassVar[Body]
BODY_UNSPECIFIED: Body
BODY_VAN: Body
BODY_RIGID: Body
BODY_ARTICULATED: Body

class CallUp(_message.Message):
    __slots__ = ("spot_fixed_eur_micros", "release_eur_micros")
    SPOT_FIXED_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
    RELEASE_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
    spot_fixed_eur_micros: int
    release_eur_micros: int
    def __init__(self, spot_fixed_eur_micros: _Optional[int] = ..., release_eur_micros: _Optional[int] = ...) -> None: ...

class VehicleType(_message.Message):
    __slots__ = ("name", "body", "base", "count", "capacity_pallets", "capacity_kg", "capacity_m3", "shift_open_min", "shift_close_min", "max_shift_min", "speed_kmh", "emission_class", "temperatures", "rates", "etag", "create_time", "update_time", "call_up")
    NAME_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    BASE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_PALLETS_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_KG_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_M3_FIELD_NUMBER: _ClassVar[int]
    SHIFT_OPEN_MIN_FIELD_NUMBER: _ClassVar[int]
    SHIFT_CLOSE_MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_SHIFT_MIN_FIELD_NUMBER: _ClassVar[int]
    SPEED_KMH_FIELD_NUMBER: _ClassVar[int]
    EMISSION_CLASS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURES_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CALL_UP_FIELD_NUMBER: _ClassVar[int]
    name: str
    body: Body
    base: str
    count: int
    capacity_pallets: float
    capacity_kg: float
    capacity_m3: float
    shift_open_min: float
    shift_close_min: float
    max_shift_min: float
    speed_kmh: float
    emission_class: str
    temperatures: _containers.RepeatedScalarFieldContainer[_types_pb2.Temperature]
    rates: _types_pb2.OperatingRates
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    call_up: CallUp
    def __init__(self, name: _Optional[str] = ..., body: _Optional[_Union[Body, str]] = ..., base: _Optional[str] = ..., count: _Optional[int] = ..., capacity_pallets: _Optional[float] = ..., capacity_kg: _Optional[float] = ..., capacity_m3: _Optional[float] = ..., shift_open_min: _Optional[float] = ..., shift_close_min: _Optional[float] = ..., max_shift_min: _Optional[float] = ..., speed_kmh: _Optional[float] = ..., emission_class: _Optional[str] = ..., temperatures: _Optional[_Iterable[_Union[_types_pb2.Temperature, str]]] = ..., rates: _Optional[_Union[_types_pb2.OperatingRates, _Mapping]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., call_up: _Optional[_Union[CallUp, _Mapping]] = ...) -> None: ...

class GetVehicleTypeRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListVehicleTypesRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "filter")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    filter: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ...) -> None: ...

class ListVehicleTypesResponse(_message.Message):
    __slots__ = ("vehicle_types", "next_page_token")
    VEHICLE_TYPES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    vehicle_types: _containers.RepeatedCompositeFieldContainer[VehicleType]
    next_page_token: str
    def __init__(self, vehicle_types: _Optional[_Iterable[_Union[VehicleType, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateVehicleTypeRequest(_message.Message):
    __slots__ = ("parent", "vehicle_type_id", "vehicle_type", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_TYPE_ID_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    vehicle_type_id: str
    vehicle_type: VehicleType
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., vehicle_type_id: _Optional[str] = ..., vehicle_type: _Optional[_Union[VehicleType, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdateVehicleTypeRequest(_message.Message):
    __slots__ = ("vehicle_type", "update_mask", "request_id", "validate_only")
    VEHICLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    vehicle_type: VehicleType
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    validate_only: bool
    def __init__(self, vehicle_type: _Optional[_Union[VehicleType, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class DeleteVehicleTypeRequest(_message.Message):
    __slots__ = ("name", "etag", "request_id", "validate_only")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    request_id: str
    validate_only: bool
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...
