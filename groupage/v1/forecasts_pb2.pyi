import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import date_pb2 as _date_pb2
from groupage.v1 import policies_pb2 as _policies_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ForecastModel(_message.Message):
    __slots__ = ("name", "forecaster", "series", "first_day", "last_day", "pooled_learning", "state", "etag", "create_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[ForecastModel.State]
        TRAINING: _ClassVar[ForecastModel.State]
        READY: _ClassVar[ForecastModel.State]
        FAILED: _ClassVar[ForecastModel.State]
    STATE_UNSPECIFIED: ForecastModel.State
    TRAINING: ForecastModel.State
    READY: ForecastModel.State
    FAILED: ForecastModel.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    FORECASTER_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    FIRST_DAY_FIELD_NUMBER: _ClassVar[int]
    LAST_DAY_FIELD_NUMBER: _ClassVar[int]
    POOLED_LEARNING_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    forecaster: _policies_pb2.Strategy
    series: int
    first_day: _date_pb2.Date
    last_day: _date_pb2.Date
    pooled_learning: bool
    state: ForecastModel.State
    etag: str
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., forecaster: _Optional[_Union[_policies_pb2.Strategy, _Mapping]] = ..., series: _Optional[int] = ..., first_day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., last_day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., pooled_learning: _Optional[bool] = ..., state: _Optional[_Union[ForecastModel.State, str]] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Quantile(_message.Message):
    __slots__ = ("level", "pallets")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    level: float
    pallets: float
    def __init__(self, level: _Optional[float] = ..., pallets: _Optional[float] = ...) -> None: ...

class DayForecast(_message.Message):
    __slots__ = ("day", "mean_pallets", "quantiles")
    DAY_FIELD_NUMBER: _ClassVar[int]
    MEAN_PALLETS_FIELD_NUMBER: _ClassVar[int]
    QUANTILES_FIELD_NUMBER: _ClassVar[int]
    day: _date_pb2.Date
    mean_pallets: float
    quantiles: _containers.RepeatedCompositeFieldContainer[Quantile]
    def __init__(self, day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., mean_pallets: _Optional[float] = ..., quantiles: _Optional[_Iterable[_Union[Quantile, _Mapping]]] = ...) -> None: ...

class Accuracy(_message.Message):
    __slots__ = ("tested_days", "mean_absolute_error_pallets", "bias_pallets", "absolute_error_percent", "coverage_80_percent", "skill_percent")
    TESTED_DAYS_FIELD_NUMBER: _ClassVar[int]
    MEAN_ABSOLUTE_ERROR_PALLETS_FIELD_NUMBER: _ClassVar[int]
    BIAS_PALLETS_FIELD_NUMBER: _ClassVar[int]
    ABSOLUTE_ERROR_PERCENT_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_80_PERCENT_FIELD_NUMBER: _ClassVar[int]
    SKILL_PERCENT_FIELD_NUMBER: _ClassVar[int]
    tested_days: int
    mean_absolute_error_pallets: float
    bias_pallets: float
    absolute_error_percent: float
    coverage_80_percent: float
    skill_percent: float
    def __init__(self, tested_days: _Optional[int] = ..., mean_absolute_error_pallets: _Optional[float] = ..., bias_pallets: _Optional[float] = ..., absolute_error_percent: _Optional[float] = ..., coverage_80_percent: _Optional[float] = ..., skill_percent: _Optional[float] = ...) -> None: ...

class LaneForecast(_message.Message):
    __slots__ = ("name", "zone", "product", "forecast_model", "days", "accuracy", "create_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_FIELD_NUMBER: _ClassVar[int]
    FORECAST_MODEL_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    ACCURACY_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    zone: str
    product: str
    forecast_model: str
    days: _containers.RepeatedCompositeFieldContainer[DayForecast]
    accuracy: Accuracy
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., zone: _Optional[str] = ..., product: _Optional[str] = ..., forecast_model: _Optional[str] = ..., days: _Optional[_Iterable[_Union[DayForecast, _Mapping]]] = ..., accuracy: _Optional[_Union[Accuracy, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TrainForecastModelRequest(_message.Message):
    __slots__ = ("parent", "forecast_model_id", "forecaster", "last_day", "request_id", "validate_only")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    FORECAST_MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    FORECASTER_FIELD_NUMBER: _ClassVar[int]
    LAST_DAY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    parent: str
    forecast_model_id: str
    forecaster: _policies_pb2.Strategy
    last_day: _date_pb2.Date
    request_id: str
    validate_only: bool
    def __init__(self, parent: _Optional[str] = ..., forecast_model_id: _Optional[str] = ..., forecaster: _Optional[_Union[_policies_pb2.Strategy, _Mapping]] = ..., last_day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...

class TrainForecastModelMetadata(_message.Message):
    __slots__ = ("forecast_model", "progress_percent", "create_time")
    FORECAST_MODEL_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_PERCENT_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    forecast_model: str
    progress_percent: float
    create_time: _timestamp_pb2.Timestamp
    def __init__(self, forecast_model: _Optional[str] = ..., progress_percent: _Optional[float] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetLaneForecastRequest(_message.Message):
    __slots__ = ("name", "horizon_days", "levels")
    NAME_FIELD_NUMBER: _ClassVar[int]
    HORIZON_DAYS_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    name: str
    horizon_days: int
    levels: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, name: _Optional[str] = ..., horizon_days: _Optional[int] = ..., levels: _Optional[_Iterable[float]] = ...) -> None: ...

class ListLaneForecastsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "filter", "horizon_days", "levels")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    HORIZON_DAYS_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    filter: str
    horizon_days: int
    levels: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., filter: _Optional[str] = ..., horizon_days: _Optional[int] = ..., levels: _Optional[_Iterable[float]] = ...) -> None: ...

class ListLaneForecastsResponse(_message.Message):
    __slots__ = ("lane_forecasts", "next_page_token")
    LANE_FORECASTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    lane_forecasts: _containers.RepeatedCompositeFieldContainer[LaneForecast]
    next_page_token: str
    def __init__(self, lane_forecasts: _Optional[_Iterable[_Union[LaneForecast, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetForecastModelRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListForecastModelsRequest(_message.Message):
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

class ListForecastModelsResponse(_message.Message):
    __slots__ = ("forecast_models", "next_page_token")
    FORECAST_MODELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    forecast_models: _containers.RepeatedCompositeFieldContainer[ForecastModel]
    next_page_token: str
    def __init__(self, forecast_models: _Optional[_Iterable[_Union[ForecastModel, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteForecastModelRequest(_message.Message):
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
