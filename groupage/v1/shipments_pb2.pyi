import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from groupage.v1 import tracking_events_pb2 as _tracking_events_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ExpectedArrival(_message.Message):
    __slots__ = ("early_at", "median_at", "late_at", "late_percent", "reckon_time")
    EARLY_AT_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_AT_FIELD_NUMBER: _ClassVar[int]
    LATE_AT_FIELD_NUMBER: _ClassVar[int]
    LATE_PERCENT_FIELD_NUMBER: _ClassVar[int]
    RECKON_TIME_FIELD_NUMBER: _ClassVar[int]
    early_at: _timestamp_pb2.Timestamp
    median_at: _timestamp_pb2.Timestamp
    late_at: _timestamp_pb2.Timestamp
    late_percent: float
    reckon_time: _timestamp_pb2.Timestamp
    def __init__(self, early_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., median_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., late_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., late_percent: _Optional[float] = ..., reckon_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Alert(_message.Message):
    __slots__ = ("kind", "text", "late_min", "raise_time", "clear_time")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Alert.Kind]
        LATE: _ClassVar[Alert.Kind]
        WINDOW_MISSED: _ClassVar[Alert.Kind]
        LINE_STOP: _ClassVar[Alert.Kind]
        DAMAGED: _ClassVar[Alert.Kind]
        REFUSED: _ClassVar[Alert.Kind]
        QUANTITY: _ClassVar[Alert.Kind]
        TEMPERATURE: _ClassVar[Alert.Kind]
        SILENT: _ClassVar[Alert.Kind]
        PROVIDER_FAILURE: _ClassVar[Alert.Kind]
    KIND_UNSPECIFIED: Alert.Kind
    LATE: Alert.Kind
    WINDOW_MISSED: Alert.Kind
    LINE_STOP: Alert.Kind
    DAMAGED: Alert.Kind
    REFUSED: Alert.Kind
    QUANTITY: Alert.Kind
    TEMPERATURE: Alert.Kind
    SILENT: Alert.Kind
    PROVIDER_FAILURE: Alert.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LATE_MIN_FIELD_NUMBER: _ClassVar[int]
    RAISE_TIME_FIELD_NUMBER: _ClassVar[int]
    CLEAR_TIME_FIELD_NUMBER: _ClassVar[int]
    kind: Alert.Kind
    text: str
    late_min: float
    raise_time: _timestamp_pb2.Timestamp
    clear_time: _timestamp_pb2.Timestamp
    def __init__(self, kind: _Optional[_Union[Alert.Kind, str]] = ..., text: _Optional[str] = ..., late_min: _Optional[float] = ..., raise_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., clear_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Shipment(_message.Message):
    __slots__ = ("name", "external_ref", "state", "due_at", "expected_arrival", "delivered_at", "late_hours", "alerts", "last_place", "etag", "update_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Shipment.State]
        PLANNED: _ClassVar[Shipment.State]
        UNDER_WAY: _ClassVar[Shipment.State]
        AT_HUB: _ClassVar[Shipment.State]
        DELIVERED: _ClassVar[Shipment.State]
        FAILED: _ClassVar[Shipment.State]
    STATE_UNSPECIFIED: Shipment.State
    PLANNED: Shipment.State
    UNDER_WAY: Shipment.State
    AT_HUB: Shipment.State
    DELIVERED: Shipment.State
    FAILED: Shipment.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_REF_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_ARRIVAL_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_AT_FIELD_NUMBER: _ClassVar[int]
    LATE_HOURS_FIELD_NUMBER: _ClassVar[int]
    ALERTS_FIELD_NUMBER: _ClassVar[int]
    LAST_PLACE_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    external_ref: str
    state: Shipment.State
    due_at: _timestamp_pb2.Timestamp
    expected_arrival: ExpectedArrival
    delivered_at: _timestamp_pb2.Timestamp
    late_hours: float
    alerts: _containers.RepeatedCompositeFieldContainer[Alert]
    last_place: str
    etag: str
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., external_ref: _Optional[str] = ..., state: _Optional[_Union[Shipment.State, str]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., expected_arrival: _Optional[_Union[ExpectedArrival, _Mapping]] = ..., delivered_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., late_hours: _Optional[float] = ..., alerts: _Optional[_Iterable[_Union[Alert, _Mapping]]] = ..., last_place: _Optional[str] = ..., etag: _Optional[str] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetShipmentRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListShipmentsRequest(_message.Message):
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

class ListShipmentsResponse(_message.Message):
    __slots__ = ("shipments", "next_page_token")
    SHIPMENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    shipments: _containers.RepeatedCompositeFieldContainer[Shipment]
    next_page_token: str
    def __init__(self, shipments: _Optional[_Iterable[_Union[Shipment, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchShipmentsRequest(_message.Message):
    __slots__ = ("parent", "after_sequence", "filter")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    parent: str
    after_sequence: int
    filter: str
    def __init__(self, parent: _Optional[str] = ..., after_sequence: _Optional[int] = ..., filter: _Optional[str] = ...) -> None: ...

class WatchShipmentsResponse(_message.Message):
    __slots__ = ("shipments", "sequence")
    SHIPMENTS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    shipments: _containers.RepeatedCompositeFieldContainer[Shipment]
    sequence: int
    def __init__(self, shipments: _Optional[_Iterable[_Union[Shipment, _Mapping]]] = ..., sequence: _Optional[int] = ...) -> None: ...

class GetTraceRequest(_message.Message):
    __slots__ = ("name", "page_size", "page_token")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    name: str
    page_size: int
    page_token: str
    def __init__(self, name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class GetTraceResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_tracking_events_pb2.TrackingEvent]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_tracking_events_pb2.TrackingEvent, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
