import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HubRates(_message.Message):
    __slots__ = ("handling_eur_micros_per_pallet", "slot_eur_micros", "storage_eur_micros_per_pallet_hour", "spot_slot_eur_micros", "release_slot_eur_micros")
    HANDLING_EUR_MICROS_PER_PALLET_FIELD_NUMBER: _ClassVar[int]
    SLOT_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
    STORAGE_EUR_MICROS_PER_PALLET_HOUR_FIELD_NUMBER: _ClassVar[int]
    SPOT_SLOT_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
    RELEASE_SLOT_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
    handling_eur_micros_per_pallet: int
    slot_eur_micros: int
    storage_eur_micros_per_pallet_hour: int
    spot_slot_eur_micros: int
    release_slot_eur_micros: int
    def __init__(self, handling_eur_micros_per_pallet: _Optional[int] = ..., slot_eur_micros: _Optional[int] = ..., storage_eur_micros_per_pallet_hour: _Optional[int] = ..., spot_slot_eur_micros: _Optional[int] = ..., release_slot_eur_micros: _Optional[int] = ...) -> None: ...

class Hub(_message.Message):
    __slots__ = ("name", "site", "dock_slots_per_hour", "handling_min_per_pallet", "min_handling_min", "cutoff_min", "rates", "etag", "create_time", "update_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    DOCK_SLOTS_PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    HANDLING_MIN_PER_PALLET_FIELD_NUMBER: _ClassVar[int]
    MIN_HANDLING_MIN_FIELD_NUMBER: _ClassVar[int]
    CUTOFF_MIN_FIELD_NUMBER: _ClassVar[int]
    RATES_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    site: str
    dock_slots_per_hour: int
    handling_min_per_pallet: float
    min_handling_min: float
    cutoff_min: float
    rates: HubRates
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., site: _Optional[str] = ..., dock_slots_per_hour: _Optional[int] = ..., handling_min_per_pallet: _Optional[float] = ..., min_handling_min: _Optional[float] = ..., cutoff_min: _Optional[float] = ..., rates: _Optional[_Union[HubRates, _Mapping]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetHubRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListHubsRequest(_message.Message):
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

class ListHubsResponse(_message.Message):
    __slots__ = ("hubs", "next_page_token")
    HUBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    hubs: _containers.RepeatedCompositeFieldContainer[Hub]
    next_page_token: str
    def __init__(self, hubs: _Optional[_Iterable[_Union[Hub, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateHubRequest(_message.Message):
    __slots__ = ("parent", "hub_id", "hub", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    HUB_ID_FIELD_NUMBER: _ClassVar[int]
    HUB_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    hub_id: str
    hub: Hub
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., hub_id: _Optional[str] = ..., hub: _Optional[_Union[Hub, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdateHubRequest(_message.Message):
    __slots__ = ("hub", "update_mask", "request_id", "validate_only")
    HUB_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    hub: Hub
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    validate_only: bool
    def __init__(self, hub: _Optional[_Union[Hub, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class DeleteHubRequest(_message.Message):
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
