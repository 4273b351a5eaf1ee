import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_TYPE_UNSPECIFIED: _ClassVar[EventType]
    EVENT_TYPE_OBJECT: _ClassVar[EventType]
    EVENT_TYPE_AGGREGATION: _ClassVar[EventType]
    EVENT_TYPE_TRANSACTION: _ClassVar[EventType]
    EVENT_TYPE_ASSOCIATION: _ClassVar[EventType]

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_ADD: _ClassVar[Action]
    ACTION_OBSERVE: _ClassVar[Action]
    ACTION_DELETE: _ClassVar[Action]
EVENT_TYPE_UNSPECIFIED: EventType
EVENT_TYPE_OBJECT: EventType
EVENT_TYPE_AGGREGATION: EventType
EVENT_TYPE_TRANSACTION: EventType
EVENT_TYPE_ASSOCIATION: EventType
ACTION_UNSPECIFIED: Action
ACTION_ADD: Action
ACTION_OBSERVE: Action
ACTION_DELETE: Action

class BusinessTransaction(_message.Message):
    __slots__ = ("type", "transaction_id")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TRANSACTION_ID_FIELD_NUMBER: _ClassVar[int]
    type: str
    transaction_id: str
    def __init__(self, type: _Optional[str] = ..., transaction_id: _Optional[str] = ...) -> None: ...

class QuantityElement(_message.Message):
    __slots__ = ("epc_class", "quantity", "uom")
    EPC_CLASS_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UOM_FIELD_NUMBER: _ClassVar[int]
    epc_class: str
    quantity: float
    uom: str
    def __init__(self, epc_class: _Optional[str] = ..., quantity: _Optional[float] = ..., uom: _Optional[str] = ...) -> None: ...

class SensorReport(_message.Message):
    __slots__ = ("type", "reading", "uom", "read_at")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    READING_FIELD_NUMBER: _ClassVar[int]
    UOM_FIELD_NUMBER: _ClassVar[int]
    READ_AT_FIELD_NUMBER: _ClassVar[int]
    type: str
    reading: float
    uom: str
    read_at: _timestamp_pb2.Timestamp
    def __init__(self, type: _Optional[str] = ..., reading: _Optional[float] = ..., uom: _Optional[str] = ..., read_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ErrorDeclaration(_message.Message):
    __slots__ = ("declare_time", "reason", "corrective_event_ids")
    DECLARE_TIME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    CORRECTIVE_EVENT_IDS_FIELD_NUMBER: _ClassVar[int]
    declare_time: _timestamp_pb2.Timestamp
    reason: str
    corrective_event_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, declare_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ..., corrective_event_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class TrackingEvent(_message.Message):
    __slots__ = ("event_id", "type", "action", "event_at", "event_time_zone_offset", "biz_step", "disposition", "read_point", "biz_location", "epcs", "parent_id", "quantities", "biz_transactions", "sensor_reports", "error_declaration", "order", "load_id", "job", "record_time")
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    EVENT_AT_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_ZONE_OFFSET_FIELD_NUMBER: _ClassVar[int]
    BIZ_STEP_FIELD_NUMBER: _ClassVar[int]
    DISPOSITION_FIELD_NUMBER: _ClassVar[int]
    READ_POINT_FIELD_NUMBER: _ClassVar[int]
    BIZ_LOCATION_FIELD_NUMBER: _ClassVar[int]
    EPCS_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITIES_FIELD_NUMBER: _ClassVar[int]
    BIZ_TRANSACTIONS_FIELD_NUMBER: _ClassVar[int]
    SENSOR_REPORTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_DECLARATION_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    LOAD_ID_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    RECORD_TIME_FIELD_NUMBER: _ClassVar[int]
    event_id: str
    type: EventType
    action: Action
    event_at: _timestamp_pb2.Timestamp
    event_time_zone_offset: str
    biz_step: str
    disposition: str
    read_point: str
    biz_location: str
    epcs: _containers.RepeatedScalarFieldContainer[str]
    parent_id: str
    quantities: _containers.RepeatedCompositeFieldContainer[QuantityElement]
    biz_transactions: _containers.RepeatedCompositeFieldContainer[BusinessTransaction]
    sensor_reports: _containers.RepeatedCompositeFieldContainer[SensorReport]
    error_declaration: ErrorDeclaration
    order: str
    load_id: str
    job: str
    record_time: _timestamp_pb2.Timestamp
    def __init__(self, event_id: _Optional[str] = ..., type: _Optional[_Union[EventType, str]] = ..., action: _Optional[_Union[Action, str]] = ..., event_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., event_time_zone_offset: _Optional[str] = ..., biz_step: _Optional[str] = ..., disposition: _Optional[str] = ..., read_point: _Optional[str] = ..., biz_location: _Optional[str] = ..., epcs: _Optional[_Iterable[str]] = ..., parent_id: _Optional[str] = ..., quantities: _Optional[_Iterable[_Union[QuantityElement, _Mapping]]] = ..., biz_transactions: _Optional[_Iterable[_Union[BusinessTransaction, _Mapping]]] = ..., sensor_reports: _Optional[_Iterable[_Union[SensorReport, _Mapping]]] = ..., error_declaration: _Optional[_Union[ErrorDeclaration, _Mapping]] = ..., order: _Optional[str] = ..., load_id: _Optional[str] = ..., job: _Optional[str] = ..., record_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReportEventsRequest(_message.Message):
    __slots__ = ("parent", "events", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    events: _containers.RepeatedCompositeFieldContainer[TrackingEvent]
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., events: _Optional[_Iterable[_Union[TrackingEvent, _Mapping]]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class ReportEventsResponse(_message.Message):
    __slots__ = ("created", "known")
    CREATED_FIELD_NUMBER: _ClassVar[int]
    KNOWN_FIELD_NUMBER: _ClassVar[int]
    created: int
    known: int
    def __init__(self, created: _Optional[int] = ..., known: _Optional[int] = ...) -> None: ...
