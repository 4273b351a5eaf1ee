import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import dayofweek_pb2 as _dayofweek_pb2
from groupage.v1 import companies_pb2 as _companies_pb2
from groupage.v1 import policies_pb2 as _policies_pb2
from groupage.v1 import tariffs_pb2 as _tariffs_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ViewerRole(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIEWER_ROLE_UNSPECIFIED: _ClassVar[ViewerRole]
    VIEWER_ROLE_OWNER: _ClassVar[ViewerRole]
    VIEWER_ROLE_CO_LOADER: _ClassVar[ViewerRole]
    VIEWER_ROLE_CARRIER: _ClassVar[ViewerRole]
    VIEWER_ROLE_HUB: _ClassVar[ViewerRole]
    VIEWER_ROLE_CONSIGNEE: _ClassVar[ViewerRole]
    VIEWER_ROLE_OPERATOR: _ClassVar[ViewerRole]

class Phase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PHASE_UNSPECIFIED: _ClassVar[Phase]
    PHASE_BEFORE: _ClassVar[Phase]
    PHASE_AFTER: _ClassVar[Phase]
    PHASE_PROPOSED: _ClassVar[Phase]
VIEWER_ROLE_UNSPECIFIED: ViewerRole
VIEWER_ROLE_OWNER: ViewerRole
VIEWER_ROLE_CO_LOADER: ViewerRole
VIEWER_ROLE_CARRIER: ViewerRole
VIEWER_ROLE_HUB: ViewerRole
VIEWER_ROLE_CONSIGNEE: ViewerRole
VIEWER_ROLE_OPERATOR: ViewerRole
PHASE_UNSPECIFIED: Phase
PHASE_BEFORE: Phase
PHASE_AFTER: Phase
PHASE_PROPOSED: Phase

class BaselineTariff(_message.Message):
    __slots__ = ("tariff", "etag", "content")
    TARIFF_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    tariff: str
    etag: str
    content: _tariffs_pb2.Tariff
    def __init__(self, tariff: _Optional[str] = ..., etag: _Optional[str] = ..., content: _Optional[_Union[_tariffs_pb2.Tariff, _Mapping]] = ...) -> None: ...

class Fee(_message.Message):
    __slots__ = ("line", "payer", "gain_percent", "cents_per_shipment", "cents_per_month")
    LINE_FIELD_NUMBER: _ClassVar[int]
    PAYER_FIELD_NUMBER: _ClassVar[int]
    GAIN_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CENTS_PER_SHIPMENT_FIELD_NUMBER: _ClassVar[int]
    CENTS_PER_MONTH_FIELD_NUMBER: _ClassVar[int]
    line: str
    payer: _companies_pb2.Role
    gain_percent: float
    cents_per_shipment: int
    cents_per_month: int
    def __init__(self, line: _Optional[str] = ..., payer: _Optional[_Union[_companies_pb2.Role, str]] = ..., gain_percent: _Optional[float] = ..., cents_per_shipment: _Optional[int] = ..., cents_per_month: _Optional[int] = ...) -> None: ...

class Liability(_message.Message):
    __slots__ = ("terms_uri", "terms_sha256", "limit_eur_micros_per_kg", "limit_cents_per_event", "delay_limit_percent", "dead_freight_percent")
    TERMS_URI_FIELD_NUMBER: _ClassVar[int]
    TERMS_SHA256_FIELD_NUMBER: _ClassVar[int]
    LIMIT_EUR_MICROS_PER_KG_FIELD_NUMBER: _ClassVar[int]
    LIMIT_CENTS_PER_EVENT_FIELD_NUMBER: _ClassVar[int]
    DELAY_LIMIT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    DEAD_FREIGHT_PERCENT_FIELD_NUMBER: _ClassVar[int]
    terms_uri: str
    terms_sha256: str
    limit_eur_micros_per_kg: int
    limit_cents_per_event: int
    delay_limit_percent: float
    dead_freight_percent: float
    def __init__(self, terms_uri: _Optional[str] = ..., terms_sha256: _Optional[str] = ..., limit_eur_micros_per_kg: _Optional[int] = ..., limit_cents_per_event: _Optional[int] = ..., delay_limit_percent: _Optional[float] = ..., dead_freight_percent: _Optional[float] = ...) -> None: ...

class VisibilityGrant(_message.Message):
    __slots__ = ("fact", "viewer", "phase")
    FACT_FIELD_NUMBER: _ClassVar[int]
    VIEWER_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    fact: str
    viewer: ViewerRole
    phase: Phase
    def __init__(self, fact: _Optional[str] = ..., viewer: _Optional[_Union[ViewerRole, str]] = ..., phase: _Optional[_Union[Phase, str]] = ...) -> None: ...

class Visibility(_message.Message):
    __slots__ = ("members_see_members", "grants", "pooled_learning")
    MEMBERS_SEE_MEMBERS_FIELD_NUMBER: _ClassVar[int]
    GRANTS_FIELD_NUMBER: _ClassVar[int]
    POOLED_LEARNING_FIELD_NUMBER: _ClassVar[int]
    members_see_members: bool
    grants: _containers.RepeatedCompositeFieldContainer[VisibilityGrant]
    pooled_learning: bool
    def __init__(self, members_see_members: _Optional[bool] = ..., grants: _Optional[_Iterable[_Union[VisibilityGrant, _Mapping]]] = ..., pooled_learning: _Optional[bool] = ...) -> None: ...

class Rulebook(_message.Message):
    __slots__ = ("name", "version", "digest", "policy", "policy_digest", "baseline_tariffs", "fees", "liability", "visibility", "entry_notice_days", "exit_notice_days", "min_decision_min", "required_audits", "effective_time", "state", "etag", "create_time", "planning_days")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Rulebook.State]
        PROPOSED: _ClassVar[Rulebook.State]
        IN_FORCE: _ClassVar[Rulebook.State]
        SUPERSEDED: _ClassVar[Rulebook.State]
        LAPSED: _ClassVar[Rulebook.State]
    STATE_UNSPECIFIED: Rulebook.State
    PROPOSED: Rulebook.State
    IN_FORCE: Rulebook.State
    SUPERSEDED: Rulebook.State
    LAPSED: Rulebook.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    POLICY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    BASELINE_TARIFFS_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    LIABILITY_FIELD_NUMBER: _ClassVar[int]
    VISIBILITY_FIELD_NUMBER: _ClassVar[int]
    ENTRY_NOTICE_DAYS_FIELD_NUMBER: _ClassVar[int]
    EXIT_NOTICE_DAYS_FIELD_NUMBER: _ClassVar[int]
    MIN_DECISION_MIN_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_AUDITS_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PLANNING_DAYS_FIELD_NUMBER: _ClassVar[int]
    name: str
    version: int
    digest: str
    policy: _policies_pb2.Policy
    policy_digest: str
    baseline_tariffs: _containers.RepeatedCompositeFieldContainer[BaselineTariff]
    fees: _containers.RepeatedCompositeFieldContainer[Fee]
    liability: Liability
    visibility: Visibility
    entry_notice_days: int
    exit_notice_days: int
    min_decision_min: int
    required_audits: _containers.RepeatedScalarFieldContainer[str]
    effective_time: _timestamp_pb2.Timestamp
    state: Rulebook.State
    etag: str
    create_time: _timestamp_pb2.Timestamp
    planning_days: _containers.RepeatedScalarFieldContainer[_dayofweek_pb2.DayOfWeek]
    def __init__(self, name: _Optional[str] = ..., version: _Optional[int] = ..., digest: _Optional[str] = ..., policy: _Optional[_Union[_policies_pb2.Policy, _Mapping]] = ..., policy_digest: _Optional[str] = ..., baseline_tariffs: _Optional[_Iterable[_Union[BaselineTariff, _Mapping]]] = ..., fees: _Optional[_Iterable[_Union[Fee, _Mapping]]] = ..., liability: _Optional[_Union[Liability, _Mapping]] = ..., visibility: _Optional[_Union[Visibility, _Mapping]] = ..., entry_notice_days: _Optional[int] = ..., exit_notice_days: _Optional[int] = ..., min_decision_min: _Optional[int] = ..., required_audits: _Optional[_Iterable[str]] = ..., effective_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[Rulebook.State, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., planning_days: _Optional[_Iterable[_Union[_dayofweek_pb2.DayOfWeek, str]]] = ...) -> None: ...

class GetRulebookRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListRulebooksRequest(_message.Message):
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

class ListRulebooksResponse(_message.Message):
    __slots__ = ("rulebooks", "next_page_token")
    RULEBOOKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rulebooks: _containers.RepeatedCompositeFieldContainer[Rulebook]
    next_page_token: str
    def __init__(self, rulebooks: _Optional[_Iterable[_Union[Rulebook, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CreateRulebookRequest(_message.Message):
    __slots__ = ("parent", "rulebook_id", "rulebook", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    RULEBOOK_ID_FIELD_NUMBER: _ClassVar[int]
    RULEBOOK_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    rulebook_id: str
    rulebook: Rulebook
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., rulebook_id: _Optional[str] = ..., rulebook: _Optional[_Union[Rulebook, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...
