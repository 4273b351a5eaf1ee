import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from groupage.v1 import companies_pb2 as _companies_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Member(_message.Message):
    __slots__ = ("name", "company", "roles", "consented_version", "join_time", "leave_time", "state", "etag", "create_time", "leave_reason", "monthly_fees")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Member.State]
        INVITED: _ClassVar[Member.State]
        JOINING: _ClassVar[Member.State]
        ACTIVE: _ClassVar[Member.State]
        LEAVING: _ClassVar[Member.State]
        LEFT: _ClassVar[Member.State]
    STATE_UNSPECIFIED: Member.State
    INVITED: Member.State
    JOINING: Member.State
    ACTIVE: Member.State
    LEAVING: Member.State
    LEFT: Member.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    COMPANY_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    CONSENTED_VERSION_FIELD_NUMBER: _ClassVar[int]
    JOIN_TIME_FIELD_NUMBER: _ClassVar[int]
    LEAVE_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    LEAVE_REASON_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_FEES_FIELD_NUMBER: _ClassVar[int]
    name: str
    company: str
    roles: _containers.RepeatedScalarFieldContainer[_companies_pb2.Role]
    consented_version: int
    join_time: _timestamp_pb2.Timestamp
    leave_time: _timestamp_pb2.Timestamp
    state: Member.State
    etag: str
    create_time: _timestamp_pb2.Timestamp
    leave_reason: str
    monthly_fees: _containers.RepeatedCompositeFieldContainer[MonthlyFee]
    def __init__(self, name: _Optional[str] = ..., company: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[_companies_pb2.Role, str]]] = ..., consented_version: _Optional[int] = ..., join_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., leave_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[Member.State, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., leave_reason: _Optional[str] = ..., monthly_fees: _Optional[_Iterable[_Union[MonthlyFee, _Mapping]]] = ...) -> None: ...

class MonthlyFee(_message.Message):
    __slots__ = ("month", "line", "payer", "cents", "rulebook_version")
    MONTH_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    PAYER_FIELD_NUMBER: _ClassVar[int]
    CENTS_FIELD_NUMBER: _ClassVar[int]
    RULEBOOK_VERSION_FIELD_NUMBER: _ClassVar[int]
    month: str
    line: str
    payer: _companies_pb2.Role
    cents: int
    rulebook_version: int
    def __init__(self, month: _Optional[str] = ..., line: _Optional[str] = ..., payer: _Optional[_Union[_companies_pb2.Role, str]] = ..., cents: _Optional[int] = ..., rulebook_version: _Optional[int] = ...) -> None: ...

class GetMemberRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListMembersRequest(_message.Message):
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

class ListMembersResponse(_message.Message):
    __slots__ = ("members", "next_page_token")
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    members: _containers.RepeatedCompositeFieldContainer[Member]
    next_page_token: str
    def __init__(self, members: _Optional[_Iterable[_Union[Member, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class InviteMemberRequest(_message.Message):
    __slots__ = ("parent", "member", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    member: Member
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., member: _Optional[_Union[Member, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class LeavePoolRequest(_message.Message):
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

class ExportMemberRequest(_message.Message):
    __slots__ = ("name", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ExportMemberResponse(_message.Message):
    __slots__ = ("files",)
    FILES_FIELD_NUMBER: _ClassVar[int]
    files: _containers.RepeatedCompositeFieldContainer[ExportFile]
    def __init__(self, files: _Optional[_Iterable[_Union[ExportFile, _Mapping]]] = ...) -> None: ...

class ExportFile(_message.Message):
    __slots__ = ("kind", "rows", "sha256", "file_id", "size_bytes")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    kind: str
    rows: int
    sha256: str
    file_id: str
    size_bytes: int
    def __init__(self, kind: _Optional[str] = ..., rows: _Optional[int] = ..., sha256: _Optional[str] = ..., file_id: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class ExportMemberMetadata(_message.Message):
    __slots__ = ("member", "progress_percent", "create_time", "rows")
    MEMBER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    member: str
    progress_percent: float
    create_time: _timestamp_pb2.Timestamp
    rows: int
    def __init__(self, member: _Optional[str] = ..., progress_percent: _Optional[float] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., rows: _Optional[int] = ...) -> None: ...

class ReadExportRequest(_message.Message):
    __slots__ = ("name", "file_id", "offset_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILE_ID_FIELD_NUMBER: _ClassVar[int]
    OFFSET_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    file_id: str
    offset_bytes: int
    def __init__(self, name: _Optional[str] = ..., file_id: _Optional[str] = ..., offset_bytes: _Optional[int] = ...) -> None: ...

class ReadExportResponse(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...
