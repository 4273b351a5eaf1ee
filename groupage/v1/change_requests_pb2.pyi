import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from groupage.v1 import proposals_pb2 as _proposals_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OrderAmendment(_message.Message):
    __slots__ = ("ready_at", "window_open", "window_close", "due_at", "pallets", "weight_kg", "destination")
    READY_AT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_OPEN_FIELD_NUMBER: _ClassVar[int]
    WINDOW_CLOSE_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_KG_FIELD_NUMBER: _ClassVar[int]
    DESTINATION_FIELD_NUMBER: _ClassVar[int]
    ready_at: _timestamp_pb2.Timestamp
    window_open: _timestamp_pb2.Timestamp
    window_close: _timestamp_pb2.Timestamp
    due_at: _timestamp_pb2.Timestamp
    pallets: float
    weight_kg: float
    destination: str
    def __init__(self, ready_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_open: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_close: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pallets: _Optional[float] = ..., weight_kg: _Optional[float] = ..., destination: _Optional[str] = ...) -> None: ...

class OrderCancellation(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: str
    def __init__(self, reason: _Optional[str] = ...) -> None: ...

class ShortQuantity(_message.Message):
    __slots__ = ("pallets", "weight_kg")
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_KG_FIELD_NUMBER: _ClassVar[int]
    pallets: float
    weight_kg: float
    def __init__(self, pallets: _Optional[float] = ..., weight_kg: _Optional[float] = ...) -> None: ...

class ProviderFailure(_message.Message):
    __slots__ = ("load_or_booking_id", "reason")
    LOAD_OR_BOOKING_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    load_or_booking_id: str
    reason: str
    def __init__(self, load_or_booking_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ChangePart(_message.Message):
    __slots__ = ("net_cents", "owner_part", "carrier_part", "hub_part")
    NET_CENTS_FIELD_NUMBER: _ClassVar[int]
    OWNER_PART_FIELD_NUMBER: _ClassVar[int]
    CARRIER_PART_FIELD_NUMBER: _ClassVar[int]
    HUB_PART_FIELD_NUMBER: _ClassVar[int]
    net_cents: int
    owner_part: _proposals_pb2.OwnerPart
    carrier_part: _proposals_pb2.CarrierPart
    hub_part: _proposals_pb2.HubPart
    def __init__(self, net_cents: _Optional[int] = ..., owner_part: _Optional[_Union[_proposals_pb2.OwnerPart, _Mapping]] = ..., carrier_part: _Optional[_Union[_proposals_pb2.CarrierPart, _Mapping]] = ..., hub_part: _Optional[_Union[_proposals_pb2.HubPart, _Mapping]] = ...) -> None: ...

class ChangeRequest(_message.Message):
    __slots__ = ("name", "order", "amendment", "cancellation", "short_quantity", "provider_failure", "max_price_cents", "state", "price_cents", "part", "expire_time", "own", "reason", "etag", "create_time", "update_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[ChangeRequest.State]
        PRICING: _ClassVar[ChangeRequest.State]
        AWAITING_REPLIES: _ClassVar[ChangeRequest.State]
        ACCEPTED: _ClassVar[ChangeRequest.State]
        DECLINED: _ClassVar[ChangeRequest.State]
        TOO_DEAR: _ClassVar[ChangeRequest.State]
        WITHDRAWN: _ClassVar[ChangeRequest.State]
    STATE_UNSPECIFIED: ChangeRequest.State
    PRICING: ChangeRequest.State
    AWAITING_REPLIES: ChangeRequest.State
    ACCEPTED: ChangeRequest.State
    DECLINED: ChangeRequest.State
    TOO_DEAR: ChangeRequest.State
    WITHDRAWN: ChangeRequest.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    AMENDMENT_FIELD_NUMBER: _ClassVar[int]
    CANCELLATION_FIELD_NUMBER: _ClassVar[int]
    SHORT_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FAILURE_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    OWN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    order: str
    amendment: OrderAmendment
    cancellation: OrderCancellation
    short_quantity: ShortQuantity
    provider_failure: ProviderFailure
    max_price_cents: int
    state: ChangeRequest.State
    price_cents: int
    part: ChangePart
    expire_time: _timestamp_pb2.Timestamp
    own: bool
    reason: str
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., order: _Optional[str] = ..., amendment: _Optional[_Union[OrderAmendment, _Mapping]] = ..., cancellation: _Optional[_Union[OrderCancellation, _Mapping]] = ..., short_quantity: _Optional[_Union[ShortQuantity, _Mapping]] = ..., provider_failure: _Optional[_Union[ProviderFailure, _Mapping]] = ..., max_price_cents: _Optional[int] = ..., state: _Optional[_Union[ChangeRequest.State, str]] = ..., price_cents: _Optional[int] = ..., part: _Optional[_Union[ChangePart, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., own: _Optional[bool] = ..., reason: _Optional[str] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetChangeRequestRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListChangeRequestsRequest(_message.Message):
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

class ListChangeRequestsResponse(_message.Message):
    __slots__ = ("change_requests", "next_page_token")
    CHANGE_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    change_requests: _containers.RepeatedCompositeFieldContainer[ChangeRequest]
    next_page_token: str
    def __init__(self, change_requests: _Optional[_Iterable[_Union[ChangeRequest, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateChangeRequestRequest(_message.Message):
    __slots__ = ("parent", "change_request", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    change_request: ChangeRequest
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., change_request: _Optional[_Union[ChangeRequest, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class AcceptChangeRequestRequest(_message.Message):
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

class DeclineChangeRequestRequest(_message.Message):
    __slots__ = ("name", "etag", "comment", "request_id", "validate_only")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    comment: str
    request_id: str
    validate_only: bool
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ..., comment: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class WithdrawChangeRequestRequest(_message.Message):
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
