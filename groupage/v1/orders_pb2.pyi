import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import field_mask_pb2 as _field_mask_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from groupage.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Stakes(_message.Message):
    __slots__ = ("lateness_eur_micros_per_hour", "line_stop_cents", "line_stop_at", "paid_cents", "holding_eur_micros_per_pallet_day")
    LATENESS_EUR_MICROS_PER_HOUR_FIELD_NUMBER: _ClassVar[int]
    LINE_STOP_CENTS_FIELD_NUMBER: _ClassVar[int]
    LINE_STOP_AT_FIELD_NUMBER: _ClassVar[int]
    PAID_CENTS_FIELD_NUMBER: _ClassVar[int]
    HOLDING_EUR_MICROS_PER_PALLET_DAY_FIELD_NUMBER: _ClassVar[int]
    lateness_eur_micros_per_hour: int
    line_stop_cents: int
    line_stop_at: _timestamp_pb2.Timestamp
    paid_cents: int
    holding_eur_micros_per_pallet_day: int
    def __init__(self, lateness_eur_micros_per_hour: _Optional[int] = ..., line_stop_cents: _Optional[int] = ..., line_stop_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., paid_cents: _Optional[int] = ..., holding_eur_micros_per_pallet_day: _Optional[int] = ...) -> None: ...

class Order(_message.Message):
    __slots__ = ("name", "external_ref", "origins", "destination", "pallets", "weight_kg", "volume_m3", "released_at", "ready_at", "pickup_until", "window_open", "window_close", "due_at", "loading_min", "unloading_min", "handling", "product", "freight_payer", "ssccs", "stakes", "withheld", "state", "synchronization", "etag", "create_time", "update_time", "held_until", "held_reason")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Order.State]
        OPEN: _ClassVar[Order.State]
        NEGOTIATING: _ClassVar[Order.State]
        COMMITTED: _ClassVar[Order.State]
        RELEASED: _ClassVar[Order.State]
        IN_TRANSIT: _ClassVar[Order.State]
        DELIVERED: _ClassVar[Order.State]
        CANCELLED: _ClassVar[Order.State]
        PROMISED: _ClassVar[Order.State]
        HELD: _ClassVar[Order.State]
    STATE_UNSPECIFIED: Order.State
    OPEN: Order.State
    NEGOTIATING: Order.State
    COMMITTED: Order.State
    RELEASED: Order.State
    IN_TRANSIT: Order.State
    DELIVERED: Order.State
    CANCELLED: Order.State
    PROMISED: Order.State
    HELD: Order.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_REF_FIELD_NUMBER: _ClassVar[int]
    ORIGINS_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_KG_FIELD_NUMBER: _ClassVar[int]
    VOLUME_M3_FIELD_NUMBER: _ClassVar[int]
    RELEASED_AT_FIELD_NUMBER: _ClassVar[int]
    READY_AT_FIELD_NUMBER: _ClassVar[int]
    PICKUP_UNTIL_FIELD_NUMBER: _ClassVar[int]
    WINDOW_OPEN_FIELD_NUMBER: _ClassVar[int]
    WINDOW_CLOSE_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    LOADING_MIN_FIELD_NUMBER: _ClassVar[int]
    UNLOADING_MIN_FIELD_NUMBER: _ClassVar[int]
    HANDLING_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    FREIGHT_PAYER_FIELD_NUMBER: _ClassVar[int]
    SSCCS_FIELD_NUMBER: _ClassVar[int]
    STAKES_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SYNCHRONIZATION_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    HELD_UNTIL_FIELD_NUMBER: _ClassVar[int]
    HELD_REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    external_ref: str
    origins: _containers.RepeatedScalarFieldContainer[str]
    destination: str
    pallets: float
    weight_kg: float
    volume_m3: float
    released_at: _timestamp_pb2.Timestamp
    ready_at: _timestamp_pb2.Timestamp
    pickup_until: _timestamp_pb2.Timestamp
    window_open: _timestamp_pb2.Timestamp
    window_close: _timestamp_pb2.Timestamp
    due_at: _timestamp_pb2.Timestamp
    loading_min: float
    unloading_min: float
    handling: _types_pb2.Handling
    product: str
    freight_payer: str
    ssccs: _containers.RepeatedScalarFieldContainer[str]
    stakes: Stakes
    withheld: bool
    state: Order.State
    synchronization: str
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    held_until: _timestamp_pb2.Timestamp
    held_reason: str
    def __init__(self, name: _Optional[str] = ..., external_ref: _Optional[str] = ..., origins: _Optional[_Iterable[str]] = ..., destination: _Optional[str] = ..., pallets: _Optional[float] = ..., weight_kg: _Optional[float] = ..., volume_m3: _Optional[float] = ..., released_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ready_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pickup_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_open: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_close: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., loading_min: _Optional[float] = ..., unloading_min: _Optional[float] = ..., handling: _Optional[_Union[_types_pb2.Handling, _Mapping]] = ..., product: _Optional[str] = ..., freight_payer: _Optional[str] = ..., ssccs: _Optional[_Iterable[str]] = ..., stakes: _Optional[_Union[Stakes, _Mapping]] = ..., withheld: _Optional[bool] = ..., state: _Optional[_Union[Order.State, str]] = ..., synchronization: _Optional[str] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., held_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., held_reason: _Optional[str] = ...) -> None: ...

class GetOrderRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListOrdersRequest(_message.Message):
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

class ListOrdersResponse(_message.Message):
    __slots__ = ("orders", "next_page_token")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[Order]
    next_page_token: str
    def __init__(self, orders: _Optional[_Iterable[_Union[Order, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateOrderRequest(_message.Message):
    __slots__ = ("parent", "order_id", "order", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ORDER_ID_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    order_id: str
    order: Order
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., order_id: _Optional[str] = ..., order: _Optional[_Union[Order, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class UpdateOrderRequest(_message.Message):
    __slots__ = ("order", "update_mask", "request_id", "validate_only")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    UPDATE_MASK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    order: Order
    update_mask: _field_mask_pb2.FieldMask
    request_id: str
    validate_only: bool
    def __init__(self, order: _Optional[_Union[Order, _Mapping]] = ..., update_mask: _Optional[_Union[_field_mask_pb2.FieldMask, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class BatchCreateOrdersRequest(_message.Message):
    __slots__ = ("parent", "orders", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    orders: _containers.RepeatedCompositeFieldContainer[Order]
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., orders: _Optional[_Iterable[_Union[Order, _Mapping]]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class BatchCreateOrdersResponse(_message.Message):
    __slots__ = ("orders",)
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[Order]
    def __init__(self, orders: _Optional[_Iterable[_Union[Order, _Mapping]]] = ...) -> None: ...

class UploadOrdersRequest(_message.Message):
    __slots__ = ("parent", "orders", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    orders: _containers.RepeatedCompositeFieldContainer[Order]
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., orders: _Optional[_Iterable[_Union[Order, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UploadOrdersResponse(_message.Message):
    __slots__ = ("request_id", "names", "failures")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    names: _containers.RepeatedScalarFieldContainer[str]
    failures: _containers.RepeatedCompositeFieldContainer[LineFailure]
    def __init__(self, request_id: _Optional[str] = ..., names: _Optional[_Iterable[str]] = ..., failures: _Optional[_Iterable[_Union[LineFailure, _Mapping]]] = ...) -> None: ...

class LineFailure(_message.Message):
    __slots__ = ("line", "status")
    LINE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    line: int
    status: _status_pb2.Status
    def __init__(self, line: _Optional[int] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class CancelOrderRequest(_message.Message):
    __slots__ = ("name", "etag", "reason", "request_id", "validate_only")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    reason: str
    request_id: str
    validate_only: bool
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ..., reason: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...
