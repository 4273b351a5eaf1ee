from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Strategy(_message.Message):
    __slots__ = ("name", "params")
    class ParamsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Parameter
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Parameter, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    name: str
    params: _containers.MessageMap[str, Parameter]
    def __init__(self, name: _Optional[str] = ..., params: _Optional[_Mapping[str, Parameter]] = ...) -> None: ...

class Parameter(_message.Message):
    __slots__ = ("integer", "number", "text", "flag")
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    FLAG_FIELD_NUMBER: _ClassVar[int]
    integer: int
    number: float
    text: str
    flag: bool
    def __init__(self, integer: _Optional[int] = ..., number: _Optional[float] = ..., text: _Optional[str] = ..., flag: _Optional[bool] = ...) -> None: ...

class Effort(_message.Message):
    __slots__ = ("coalitions", "plan_iterations_per_job", "collect_iterations_per_job", "plan_iterations", "quote_iterations", "carrier_iterations_per_job", "standalone_iterations_per_job")
    COALITIONS_FIELD_NUMBER: _ClassVar[int]
    PLAN_ITERATIONS_PER_JOB_FIELD_NUMBER: _ClassVar[int]
    COLLECT_ITERATIONS_PER_JOB_FIELD_NUMBER: _ClassVar[int]
    PLAN_ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    QUOTE_ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    CARRIER_ITERATIONS_PER_JOB_FIELD_NUMBER: _ClassVar[int]
    STANDALONE_ITERATIONS_PER_JOB_FIELD_NUMBER: _ClassVar[int]
    coalitions: int
    plan_iterations_per_job: int
    collect_iterations_per_job: int
    plan_iterations: int
    quote_iterations: int
    carrier_iterations_per_job: int
    standalone_iterations_per_job: int
    def __init__(self, coalitions: _Optional[int] = ..., plan_iterations_per_job: _Optional[int] = ..., collect_iterations_per_job: _Optional[int] = ..., plan_iterations: _Optional[int] = ..., quote_iterations: _Optional[int] = ..., carrier_iterations_per_job: _Optional[int] = ..., standalone_iterations_per_job: _Optional[int] = ...) -> None: ...

class Policy(_message.Message):
    __slots__ = ("name", "protocol", "sharing", "bidding", "concession", "holding", "forecaster", "effort", "reservation")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    SHARING_FIELD_NUMBER: _ClassVar[int]
    BIDDING_FIELD_NUMBER: _ClassVar[int]
    CONCESSION_FIELD_NUMBER: _ClassVar[int]
    HOLDING_FIELD_NUMBER: _ClassVar[int]
    FORECASTER_FIELD_NUMBER: _ClassVar[int]
    EFFORT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    name: str
    protocol: Strategy
    sharing: Strategy
    bidding: Strategy
    concession: Strategy
    holding: Strategy
    forecaster: Strategy
    effort: Effort
    reservation: Strategy
    def __init__(self, name: _Optional[str] = ..., protocol: _Optional[_Union[Strategy, _Mapping]] = ..., sharing: _Optional[_Union[Strategy, _Mapping]] = ..., bidding: _Optional[_Union[Strategy, _Mapping]] = ..., concession: _Optional[_Union[Strategy, _Mapping]] = ..., holding: _Optional[_Union[Strategy, _Mapping]] = ..., forecaster: _Optional[_Union[Strategy, _Mapping]] = ..., effort: _Optional[_Union[Effort, _Mapping]] = ..., reservation: _Optional[_Union[Strategy, _Mapping]] = ...) -> None: ...
