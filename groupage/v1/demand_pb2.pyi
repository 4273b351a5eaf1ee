from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.type import date_pb2 as _date_pb2
from groupage.v1 import orders_pb2 as _orders_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DemandRecord(_message.Message):
    __slots__ = ("zone", "product", "day", "pallets", "promotion")
    ZONE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    PROMOTION_FIELD_NUMBER: _ClassVar[int]
    zone: str
    product: str
    day: _date_pb2.Date
    pallets: float
    promotion: bool
    def __init__(self, zone: _Optional[str] = ..., product: _Optional[str] = ..., day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., pallets: _Optional[float] = ..., promotion: _Optional[bool] = ...) -> None: ...

class SubmitDemandRequest(_message.Message):
    __slots__ = ("parent", "records", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    records: _containers.RepeatedCompositeFieldContainer[DemandRecord]
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., records: _Optional[_Iterable[_Union[DemandRecord, _Mapping]]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class SubmitDemandResponse(_message.Message):
    __slots__ = ("created", "replaced")
    CREATED_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    created: int
    replaced: int
    def __init__(self, created: _Optional[int] = ..., replaced: _Optional[int] = ...) -> None: ...

class UploadDemandRequest(_message.Message):
    __slots__ = ("parent", "records", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    records: _containers.RepeatedCompositeFieldContainer[DemandRecord]
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., records: _Optional[_Iterable[_Union[DemandRecord, _Mapping]]] = ..., request_id: _Optional[str] = ...) -> None: ...

class UploadDemandResponse(_message.Message):
    __slots__ = ("request_id", "created", "replaced", "failures")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    REPLACED_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    created: int
    replaced: int
    failures: _containers.RepeatedCompositeFieldContainer[_orders_pb2.LineFailure]
    def __init__(self, request_id: _Optional[str] = ..., created: _Optional[int] = ..., replaced: _Optional[int] = ..., failures: _Optional[_Iterable[_Union[_orders_pb2.LineFailure, _Mapping]]] = ...) -> None: ...

class ListDemandRequest(_message.Message):
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

class ListDemandResponse(_message.Message):
    __slots__ = ("records", "next_page_token")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[DemandRecord]
    next_page_token: str
    def __init__(self, records: _Optional[_Iterable[_Union[DemandRecord, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...
