import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from groupage.v1 import change_requests_pb2 as _change_requests_pb2
from groupage.v1 import negotiation_pb2 as _negotiation_pb2
from groupage.v1 import orders_pb2 as _orders_pb2
from groupage.v1 import proposals_pb2 as _proposals_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AnsweredBy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ANSWERED_BY_UNSPECIFIED: _ClassVar[AnsweredBy]
    ANSWERED_BY_OWN_AGENT: _ClassVar[AnsweredBy]
    ANSWERED_BY_BUILT_IN: _ClassVar[AnsweredBy]
    ANSWERED_BY_NOBODY: _ClassVar[AnsweredBy]
ANSWERED_BY_UNSPECIFIED: AnsweredBy
ANSWERED_BY_OWN_AGENT: AnsweredBy
ANSWERED_BY_BUILT_IN: AnsweredBy
ANSWERED_BY_NOBODY: AnsweredBy

class EngineVersions(_message.Message):
    __slots__ = ("application", "protocol", "solver")
    APPLICATION_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SOLVER_FIELD_NUMBER: _ClassVar[int]
    application: str
    protocol: str
    solver: str
    def __init__(self, application: _Optional[str] = ..., protocol: _Optional[str] = ..., solver: _Optional[str] = ...) -> None: ...

class Synchronization(_message.Message):
    __slots__ = ("name", "rulebook", "window_start", "window_end", "reply_within", "decide_by", "state", "round", "proposal", "versions", "last_sequence", "etag", "create_time", "update_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Synchronization.State]
        QUEUED: _ClassVar[Synchronization.State]
        NEGOTIATING: _ClassVar[Synchronization.State]
        PROPOSED: _ClassVar[Synchronization.State]
        COMMITTED: _ClassVar[Synchronization.State]
        RELEASED: _ClassVar[Synchronization.State]
        CANCELLED: _ClassVar[Synchronization.State]
        FAILED: _ClassVar[Synchronization.State]
    STATE_UNSPECIFIED: Synchronization.State
    QUEUED: Synchronization.State
    NEGOTIATING: Synchronization.State
    PROPOSED: Synchronization.State
    COMMITTED: Synchronization.State
    RELEASED: Synchronization.State
    CANCELLED: Synchronization.State
    FAILED: Synchronization.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    RULEBOOK_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    REPLY_WITHIN_FIELD_NUMBER: _ClassVar[int]
    DECIDE_BY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    rulebook: str
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    reply_within: _duration_pb2.Duration
    decide_by: _timestamp_pb2.Timestamp
    state: Synchronization.State
    round: int
    proposal: str
    versions: EngineVersions
    last_sequence: int
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., rulebook: _Optional[str] = ..., window_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reply_within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., decide_by: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[Synchronization.State, str]] = ..., round: _Optional[int] = ..., proposal: _Optional[str] = ..., versions: _Optional[_Union[EngineVersions, _Mapping]] = ..., last_sequence: _Optional[int] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetSynchronizationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListSynchronizationsRequest(_message.Message):
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

class ListSynchronizationsResponse(_message.Message):
    __slots__ = ("synchronizations", "next_page_token")
    SYNCHRONIZATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    synchronizations: _containers.RepeatedCompositeFieldContainer[Synchronization]
    next_page_token: str
    def __init__(self, synchronizations: _Optional[_Iterable[_Union[Synchronization, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RequestSynchronizationRequest(_message.Message):
    __slots__ = ("parent", "rulebook", "window_start", "window_end", "reply_within", "decide_by", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    RULEBOOK_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    REPLY_WITHIN_FIELD_NUMBER: _ClassVar[int]
    DECIDE_BY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    rulebook: str
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    reply_within: _duration_pb2.Duration
    decide_by: _timestamp_pb2.Timestamp
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., rulebook: _Optional[str] = ..., window_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reply_within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., decide_by: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class RequestSynchronizationMetadata(_message.Message):
    __slots__ = ("synchronization", "state", "round", "create_time")
    SYNCHRONIZATION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    synchronization: str
    state: Synchronization.State
    round: int
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, synchronization: _Optional[str] = ..., state: _Optional[_Union[Synchronization.State, str]] = ..., round: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CancelSynchronizationRequest(_message.Message):
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

class WatchSynchronizationRequest(_message.Message):
    __slots__ = ("name", "after_sequence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    after_sequence: int
    def __init__(self, name: _Optional[str] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class WatchSynchronizationResponse(_message.Message):
    __slots__ = ("events", "sequence")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[SynchronizationEvent]
    sequence: int
    def __init__(self, events: _Optional[_Iterable[_Union[SynchronizationEvent, _Mapping]]] = ..., sequence: _Optional[int] = ...) -> None: ...

class SynchronizationEvent(_message.Message):
    __slots__ = ("sequence", "event_time", "state_changed", "order_changed", "proposal_changed", "message_logged", "change_request_changed")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    STATE_CHANGED_FIELD_NUMBER: _ClassVar[int]
    ORDER_CHANGED_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_CHANGED_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_LOGGED_FIELD_NUMBER: _ClassVar[int]
    CHANGE_REQUEST_CHANGED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    event_time: _timestamp_pb2.Timestamp
    state_changed: StateChanged
    order_changed: OrderChanged
    proposal_changed: ProposalChanged
    message_logged: MessageLogged
    change_request_changed: ChangeRequestChanged
    def __init__(self, sequence: _Optional[int] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state_changed: _Optional[_Union[StateChanged, _Mapping]] = ..., order_changed: _Optional[_Union[OrderChanged, _Mapping]] = ..., proposal_changed: _Optional[_Union[ProposalChanged, _Mapping]] = ..., message_logged: _Optional[_Union[MessageLogged, _Mapping]] = ..., change_request_changed: _Optional[_Union[ChangeRequestChanged, _Mapping]] = ...) -> None: ...

class StateChanged(_message.Message):
    __slots__ = ("state", "round", "reason")
    STATE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    state: Synchronization.State
    round: int
    reason: str
    def __init__(self, state: _Optional[_Union[Synchronization.State, str]] = ..., round: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class OrderChanged(_message.Message):
    __slots__ = ("order", "state", "reason")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    order: str
    state: _orders_pb2.Order.State
    reason: str
    def __init__(self, order: _Optional[str] = ..., state: _Optional[_Union[_orders_pb2.Order.State, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class ProposalChanged(_message.Message):
    __slots__ = ("proposal", "state", "expire_time")
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    proposal: str
    state: _proposals_pb2.Proposal.State
    expire_time: _timestamp_pb2.Timestamp
    def __init__(self, proposal: _Optional[str] = ..., state: _Optional[_Union[_proposals_pb2.Proposal.State, str]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class MessageLogged(_message.Message):
    __slots__ = ("question_id", "topic", "performative", "answered_by", "disclosed")
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PERFORMATIVE_FIELD_NUMBER: _ClassVar[int]
    ANSWERED_BY_FIELD_NUMBER: _ClassVar[int]
    DISCLOSED_FIELD_NUMBER: _ClassVar[int]
    question_id: str
    topic: str
    performative: _negotiation_pb2.Performative
    answered_by: AnsweredBy
    disclosed: int
    def __init__(self, question_id: _Optional[str] = ..., topic: _Optional[str] = ..., performative: _Optional[_Union[_negotiation_pb2.Performative, str]] = ..., answered_by: _Optional[_Union[AnsweredBy, str]] = ..., disclosed: _Optional[int] = ...) -> None: ...

class ChangeRequestChanged(_message.Message):
    __slots__ = ("change_request", "state")
    CHANGE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    change_request: str
    state: _change_requests_pb2.ChangeRequest.State
    def __init__(self, change_request: _Optional[str] = ..., state: _Optional[_Union[_change_requests_pb2.ChangeRequest.State, str]] = ...) -> None: ...
