from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Temperature(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TEMPERATURE_UNSPECIFIED: _ClassVar[Temperature]
    TEMPERATURE_AMBIENT: _ClassVar[Temperature]
    TEMPERATURE_CHILLED: _ClassVar[Temperature]
    TEMPERATURE_FROZEN: _ClassVar[Temperature]
TEMPERATURE_UNSPECIFIED: Temperature
TEMPERATURE_AMBIENT: Temperature
TEMPERATURE_CHILLED: Temperature
TEMPERATURE_FROZEN: Temperature

class Handling(_message.Message):
    __slots__ = ("adr_labels", "temperature", "certificates")
    ADR_LABELS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    adr_labels: _containers.RepeatedScalarFieldContainer[str]
    temperature: Temperature
    certificates: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, adr_labels: _Optional[_Iterable[str]] = ..., temperature: _Optional[_Union[Temperature, str]] = ..., certificates: _Optional[_Iterable[str]] = ...) -> None: ...

class OperatingRates(_message.Message):
    __slots__ = ("fixed_eur_micros", "per_km_eur_micros", "per_hour_eur_micros", "toll_eur_micros_per_km")
    FIXED_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
    PER_KM_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
    PER_HOUR_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
    TOLL_EUR_MICROS_PER_KM_FIELD_NUMBER: _ClassVar[int]
    fixed_eur_micros: int
    per_km_eur_micros: int
    per_hour_eur_micros: int
    toll_eur_micros_per_km: int
    def __init__(self, fixed_eur_micros: _Optional[int] = ..., per_km_eur_micros: _Optional[int] = ..., per_hour_eur_micros: _Optional[int] = ..., toll_eur_micros_per_km: _Optional[int] = ...) -> None: ...

class MoneyLine(_message.Message):
    __slots__ = ("line", "cents")
    LINE_FIELD_NUMBER: _ClassVar[int]
    CENTS_FIELD_NUMBER: _ClassVar[int]
    line: str
    cents: int
    def __init__(self, line: _Optional[str] = ..., cents: _Optional[int] = ...) -> None: ...
