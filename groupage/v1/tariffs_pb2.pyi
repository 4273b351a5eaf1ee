import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import date_pb2 as _date_pb2
from groupage.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GroupageBracket(_message.Message):
    __slots__ = ("from_zone", "to_zone", "up_to_pallets", "up_to_kg", "price_cents")
    FROM_ZONE_FIELD_NUMBER: _ClassVar[int]
    TO_ZONE_FIELD_NUMBER: _ClassVar[int]
    UP_TO_PALLETS_FIELD_NUMBER: _ClassVar[int]
    UP_TO_KG_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    from_zone: str
    to_zone: str
    up_to_pallets: float
    up_to_kg: float
    price_cents: int
    def __init__(self, from_zone: _Optional[str] = ..., to_zone: _Optional[str] = ..., up_to_pallets: _Optional[float] = ..., up_to_kg: _Optional[float] = ..., price_cents: _Optional[int] = ...) -> None: ...

class GroupageTerms(_message.Message):
    __slots__ = ("brackets", "minimum_cents", "fuel_surcharge_percent")
    BRACKETS_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_CENTS_FIELD_NUMBER: _ClassVar[int]
    FUEL_SURCHARGE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    brackets: _containers.RepeatedCompositeFieldContainer[GroupageBracket]
    minimum_cents: int
    fuel_surcharge_percent: float
    def __init__(self, brackets: _Optional[_Iterable[_Union[GroupageBracket, _Mapping]]] = ..., minimum_cents: _Optional[int] = ..., fuel_surcharge_percent: _Optional[float] = ...) -> None: ...

class DedicatedTerms(_message.Message):
    __slots__ = ("vehicle_type", "prices")
    VEHICLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    vehicle_type: str
    prices: _types_pb2.OperatingRates
    def __init__(self, vehicle_type: _Optional[str] = ..., prices: _Optional[_Union[_types_pb2.OperatingRates, _Mapping]] = ...) -> None: ...

class ContractTerms(_message.Message):
    __slots__ = ("vehicle_type", "prices", "committed_vehicles", "max_vehicles")
    VEHICLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    PRICES_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_VEHICLES_FIELD_NUMBER: _ClassVar[int]
    MAX_VEHICLES_FIELD_NUMBER: _ClassVar[int]
    vehicle_type: str
    prices: _types_pb2.OperatingRates
    committed_vehicles: int
    max_vehicles: int
    def __init__(self, vehicle_type: _Optional[str] = ..., prices: _Optional[_Union[_types_pb2.OperatingRates, _Mapping]] = ..., committed_vehicles: _Optional[int] = ..., max_vehicles: _Optional[int] = ...) -> None: ...

class Tariff(_message.Message):
    __slots__ = ("name", "display_name", "groupage", "dedicated", "contract", "margin_percent", "valid_from", "valid_until", "etag", "create_time", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DISPLAY_NAME_FIELD_NUMBER: _ClassVar[int]
    GROUPAGE_FIELD_NUMBER: _ClassVar[int]
    DEDICATED_FIELD_NUMBER: _ClassVar[int]
    CONTRACT_FIELD_NUMBER: _ClassVar[int]
    MARGIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    VALID_FROM_FIELD_NUMBER: _ClassVar[int]
    VALID_UNTIL_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    display_name: str
    groupage: GroupageTerms
    dedicated: DedicatedTerms
    contract: ContractTerms
    margin_percent: float
    valid_from: _date_pb2.Date
    valid_until: _date_pb2.Date
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., display_name: _Optional[str] = ..., groupage: _Optional[_Union[GroupageTerms, _Mapping]] = ..., dedicated: _Optional[_Union[DedicatedTerms, _Mapping]] = ..., contract: _Optional[_Union[ContractTerms, _Mapping]] = ..., margin_percent: _Optional[float] = ..., valid_from: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., valid_until: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetTariffRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListTariffsRequest(_message.Message):
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

class ListTariffsResponse(_message.Message):
    __slots__ = ("tariffs", "next_page_token")
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tariffs: _containers.RepeatedCompositeFieldContainer[Tariff]
    next_page_token: str
    def __init__(self, tariffs: _Optional[_Iterable[_Union[Tariff, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateTariffRequest(_message.Message):
    __slots__ = ("parent", "tariff_id", "tariff", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    TARIFF_ID_FIELD_NUMBER: _ClassVar[int]
    TARIFF_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    tariff_id: str
    tariff: Tariff
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., tariff_id: _Optional[str] = ..., tariff: _Optional[_Union[Tariff, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdateTariffRequest(_message.Message):
    __slots__ = ("tariff", "update_mask", "request_id", "validate_only")
    TARIFF_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    tariff: Tariff
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    validate_only: bool
    def __init__(self, tariff: _Optional[_Union[Tariff, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class DeleteTariffRequest(_message.Message):
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
