from google.type import date_pb2 as _date_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OfferQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("shipment",)
        SHIPMENT_FIELD_NUMBER: _ClassVar[int]
        shipment: str
        def __init__(self, shipment: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[OfferQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[OfferQuestion.Row, _Mapping]]] = ...) -> None: ...

class StandaloneQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("set", "shipment")
        SET_FIELD_NUMBER: _ClassVar[int]
        SHIPMENT_FIELD_NUMBER: _ClassVar[int]
        set: int
        shipment: str
        def __init__(self, set: _Optional[int] = ..., shipment: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[StandaloneQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[StandaloneQuestion.Row, _Mapping]]] = ...) -> None: ...

class TariffsQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("vehicle",)
        VEHICLE_FIELD_NUMBER: _ClassVar[int]
        vehicle: str
        def __init__(self, vehicle: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[TariffsQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[TariffsQuestion.Row, _Mapping]]] = ...) -> None: ...

class QuotesQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("lot", "job")
        LOT_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        lot: int
        job: str
        def __init__(self, lot: _Optional[int] = ..., job: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[QuotesQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[QuotesQuestion.Row, _Mapping]]] = ...) -> None: ...

class AwardQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("lot", "job", "price_cents")
        LOT_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        lot: int
        job: str
        price_cents: int
        def __init__(self, lot: _Optional[int] = ..., job: _Optional[str] = ..., price_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[AwardQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[AwardQuestion.Row, _Mapping]]] = ...) -> None: ...

class PlanQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("job",)
        JOB_FIELD_NUMBER: _ClassVar[int]
        job: str
        def __init__(self, job: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[PlanQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[PlanQuestion.Row, _Mapping]]] = ...) -> None: ...

class LoadsQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("load", "vehicle", "position", "site", "arrival_min", "start_min", "departure_min", "job", "act", "price_cents")
        LOAD_FIELD_NUMBER: _ClassVar[int]
        VEHICLE_FIELD_NUMBER: _ClassVar[int]
        POSITION_FIELD_NUMBER: _ClassVar[int]
        SITE_FIELD_NUMBER: _ClassVar[int]
        ARRIVAL_MIN_FIELD_NUMBER: _ClassVar[int]
        START_MIN_FIELD_NUMBER: _ClassVar[int]
        DEPARTURE_MIN_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        ACT_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        load: str
        vehicle: str
        position: int
        site: str
        arrival_min: float
        start_min: float
        departure_min: float
        job: str
        act: str
        price_cents: int
        def __init__(self, load: _Optional[str] = ..., vehicle: _Optional[str] = ..., position: _Optional[int] = ..., site: _Optional[str] = ..., arrival_min: _Optional[float] = ..., start_min: _Optional[float] = ..., departure_min: _Optional[float] = ..., job: _Optional[str] = ..., act: _Optional[str] = ..., price_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[LoadsQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[LoadsQuestion.Row, _Mapping]]] = ...) -> None: ...

class ToursQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("pool", "job", "price_cents", "vehicle", "most")
        POOL_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        VEHICLE_FIELD_NUMBER: _ClassVar[int]
        MOST_FIELD_NUMBER: _ClassVar[int]
        pool: int
        job: str
        price_cents: int
        vehicle: str
        most: int
        def __init__(self, pool: _Optional[int] = ..., job: _Optional[str] = ..., price_cents: _Optional[int] = ..., vehicle: _Optional[str] = ..., most: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ToursQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ToursQuestion.Row, _Mapping]]] = ...) -> None: ...

class StandQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("question", "tour", "stands")
        QUESTION_FIELD_NUMBER: _ClassVar[int]
        TOUR_FIELD_NUMBER: _ClassVar[int]
        STANDS_FIELD_NUMBER: _ClassVar[int]
        question: str
        tour: int
        stands: bool
        def __init__(self, question: _Optional[str] = ..., tour: _Optional[int] = ..., stands: _Optional[bool] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[StandQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[StandQuestion.Row, _Mapping]]] = ...) -> None: ...

class ReleaseQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("job", "most")
        JOB_FIELD_NUMBER: _ClassVar[int]
        MOST_FIELD_NUMBER: _ClassVar[int]
        job: str
        most: int
        def __init__(self, job: _Optional[str] = ..., most: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ReleaseQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ReleaseQuestion.Row, _Mapping]]] = ...) -> None: ...

class RemainderQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("shipment",)
        SHIPMENT_FIELD_NUMBER: _ClassVar[int]
        shipment: str
        def __init__(self, shipment: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[RemainderQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[RemainderQuestion.Row, _Mapping]]] = ...) -> None: ...

class BuyingQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("talk", "jobs", "top_cents", "prices", "days", "windows", "round", "rounds", "price_cents", "day", "window", "provider", "fee_cents")
        TALK_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        TOP_CENTS_FIELD_NUMBER: _ClassVar[int]
        PRICES_FIELD_NUMBER: _ClassVar[int]
        DAYS_FIELD_NUMBER: _ClassVar[int]
        WINDOWS_FIELD_NUMBER: _ClassVar[int]
        ROUND_FIELD_NUMBER: _ClassVar[int]
        ROUNDS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        PROVIDER_FIELD_NUMBER: _ClassVar[int]
        FEE_CENTS_FIELD_NUMBER: _ClassVar[int]
        talk: int
        jobs: _containers.RepeatedScalarFieldContainer[str]
        top_cents: int
        prices: int
        days: int
        windows: int
        round: int
        rounds: int
        price_cents: int
        day: int
        window: int
        provider: str
        fee_cents: int
        def __init__(self, talk: _Optional[int] = ..., jobs: _Optional[_Iterable[str]] = ..., top_cents: _Optional[int] = ..., prices: _Optional[int] = ..., days: _Optional[int] = ..., windows: _Optional[int] = ..., round: _Optional[int] = ..., rounds: _Optional[int] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ..., provider: _Optional[str] = ..., fee_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[BuyingQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[BuyingQuestion.Row, _Mapping]]] = ...) -> None: ...

class SellingQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("talk", "jobs", "top_cents", "prices", "days", "windows", "round", "rounds", "price_cents", "day", "window", "lot_jobs", "share")
        TALK_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        TOP_CENTS_FIELD_NUMBER: _ClassVar[int]
        PRICES_FIELD_NUMBER: _ClassVar[int]
        DAYS_FIELD_NUMBER: _ClassVar[int]
        WINDOWS_FIELD_NUMBER: _ClassVar[int]
        ROUND_FIELD_NUMBER: _ClassVar[int]
        ROUNDS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        LOT_JOBS_FIELD_NUMBER: _ClassVar[int]
        SHARE_FIELD_NUMBER: _ClassVar[int]
        talk: int
        jobs: _containers.RepeatedScalarFieldContainer[str]
        top_cents: int
        prices: int
        days: int
        windows: int
        round: int
        rounds: int
        price_cents: int
        day: int
        window: int
        lot_jobs: _containers.RepeatedScalarFieldContainer[str]
        share: float
        def __init__(self, talk: _Optional[int] = ..., jobs: _Optional[_Iterable[str]] = ..., top_cents: _Optional[int] = ..., prices: _Optional[int] = ..., days: _Optional[int] = ..., windows: _Optional[int] = ..., round: _Optional[int] = ..., rounds: _Optional[int] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ..., lot_jobs: _Optional[_Iterable[str]] = ..., share: _Optional[float] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[SellingQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[SellingQuestion.Row, _Mapping]]] = ...) -> None: ...

class FeesQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("talk", "jobs", "top_cents", "prices", "days", "windows", "round", "rounds", "price_cents", "day", "window", "provider", "fee_cents")
        TALK_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        TOP_CENTS_FIELD_NUMBER: _ClassVar[int]
        PRICES_FIELD_NUMBER: _ClassVar[int]
        DAYS_FIELD_NUMBER: _ClassVar[int]
        WINDOWS_FIELD_NUMBER: _ClassVar[int]
        ROUND_FIELD_NUMBER: _ClassVar[int]
        ROUNDS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        PROVIDER_FIELD_NUMBER: _ClassVar[int]
        FEE_CENTS_FIELD_NUMBER: _ClassVar[int]
        talk: int
        jobs: _containers.RepeatedScalarFieldContainer[str]
        top_cents: int
        prices: int
        days: int
        windows: int
        round: int
        rounds: int
        price_cents: int
        day: int
        window: int
        provider: str
        fee_cents: int
        def __init__(self, talk: _Optional[int] = ..., jobs: _Optional[_Iterable[str]] = ..., top_cents: _Optional[int] = ..., prices: _Optional[int] = ..., days: _Optional[int] = ..., windows: _Optional[int] = ..., round: _Optional[int] = ..., rounds: _Optional[int] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ..., provider: _Optional[str] = ..., fee_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[FeesQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[FeesQuestion.Row, _Mapping]]] = ...) -> None: ...

class HostingQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("talk", "jobs", "top_cents", "prices", "days", "windows", "round", "rounds", "price_cents", "day", "window")
        TALK_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        TOP_CENTS_FIELD_NUMBER: _ClassVar[int]
        PRICES_FIELD_NUMBER: _ClassVar[int]
        DAYS_FIELD_NUMBER: _ClassVar[int]
        WINDOWS_FIELD_NUMBER: _ClassVar[int]
        ROUND_FIELD_NUMBER: _ClassVar[int]
        ROUNDS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        talk: int
        jobs: _containers.RepeatedScalarFieldContainer[str]
        top_cents: int
        prices: int
        days: int
        windows: int
        round: int
        rounds: int
        price_cents: int
        day: int
        window: int
        def __init__(self, talk: _Optional[int] = ..., jobs: _Optional[_Iterable[str]] = ..., top_cents: _Optional[int] = ..., prices: _Optional[int] = ..., days: _Optional[int] = ..., windows: _Optional[int] = ..., round: _Optional[int] = ..., rounds: _Optional[int] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[HostingQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[HostingQuestion.Row, _Mapping]]] = ...) -> None: ...

class WishesQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("deal", "jobs", "price_cents", "day", "window", "windows")
        DEAL_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        WINDOWS_FIELD_NUMBER: _ClassVar[int]
        deal: int
        jobs: _containers.RepeatedScalarFieldContainer[str]
        price_cents: int
        day: int
        window: int
        windows: int
        def __init__(self, deal: _Optional[int] = ..., jobs: _Optional[_Iterable[str]] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ..., windows: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[WishesQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[WishesQuestion.Row, _Mapping]]] = ...) -> None: ...

class ChoiceQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("deal", "jobs", "price_cents", "day", "window", "windows", "carrier", "fee_cents")
        DEAL_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        WINDOWS_FIELD_NUMBER: _ClassVar[int]
        CARRIER_FIELD_NUMBER: _ClassVar[int]
        FEE_CENTS_FIELD_NUMBER: _ClassVar[int]
        deal: int
        jobs: _containers.RepeatedScalarFieldContainer[str]
        price_cents: int
        day: int
        window: int
        windows: int
        carrier: str
        fee_cents: int
        def __init__(self, deal: _Optional[int] = ..., jobs: _Optional[_Iterable[str]] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ..., windows: _Optional[int] = ..., carrier: _Optional[str] = ..., fee_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ChoiceQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ChoiceQuestion.Row, _Mapping]]] = ...) -> None: ...

class DealQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("deal", "jobs", "price_cents", "day", "window", "windows")
        DEAL_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        WINDOWS_FIELD_NUMBER: _ClassVar[int]
        deal: int
        jobs: _containers.RepeatedScalarFieldContainer[str]
        price_cents: int
        day: int
        window: int
        windows: int
        def __init__(self, deal: _Optional[int] = ..., jobs: _Optional[_Iterable[str]] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ..., windows: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[DealQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[DealQuestion.Row, _Mapping]]] = ...) -> None: ...

class PromisedQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("deal", "jobs", "price_cents", "day", "window", "windows")
        DEAL_FIELD_NUMBER: _ClassVar[int]
        JOBS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        WINDOWS_FIELD_NUMBER: _ClassVar[int]
        deal: int
        jobs: _containers.RepeatedScalarFieldContainer[str]
        price_cents: int
        day: int
        window: int
        windows: int
        def __init__(self, deal: _Optional[int] = ..., jobs: _Optional[_Iterable[str]] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ..., windows: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[PromisedQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[PromisedQuestion.Row, _Mapping]]] = ...) -> None: ...

class ContractsQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("contract", "job", "worth_cents")
        CONTRACT_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        WORTH_CENTS_FIELD_NUMBER: _ClassVar[int]
        contract: int
        job: str
        worth_cents: int
        def __init__(self, contract: _Optional[int] = ..., job: _Optional[str] = ..., worth_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ContractsQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ContractsQuestion.Row, _Mapping]]] = ...) -> None: ...

class SigningQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("contract", "job", "worth_cents", "price_cents")
        CONTRACT_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        WORTH_CENTS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        contract: int
        job: str
        worth_cents: int
        price_cents: int
        def __init__(self, contract: _Optional[int] = ..., job: _Optional[str] = ..., worth_cents: _Optional[int] = ..., price_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[SigningQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[SigningQuestion.Row, _Mapping]]] = ...) -> None: ...

class CoalitionQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("now_cents", "then_cents")
        NOW_CENTS_FIELD_NUMBER: _ClassVar[int]
        THEN_CENTS_FIELD_NUMBER: _ClassVar[int]
        now_cents: int
        then_cents: int
        def __init__(self, now_cents: _Optional[int] = ..., then_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[CoalitionQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[CoalitionQuestion.Row, _Mapping]]] = ...) -> None: ...

class HubTermsQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("hub",)
        HUB_FIELD_NUMBER: _ClassVar[int]
        hub: str
        def __init__(self, hub: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[HubTermsQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[HubTermsQuestion.Row, _Mapping]]] = ...) -> None: ...

class BookingsQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("booking", "start_min", "end_min", "pallets", "storage_pallet_hours", "price_cents")
        BOOKING_FIELD_NUMBER: _ClassVar[int]
        START_MIN_FIELD_NUMBER: _ClassVar[int]
        END_MIN_FIELD_NUMBER: _ClassVar[int]
        PALLETS_FIELD_NUMBER: _ClassVar[int]
        STORAGE_PALLET_HOURS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        booking: str
        start_min: float
        end_min: float
        pallets: float
        storage_pallet_hours: float
        price_cents: int
        def __init__(self, booking: _Optional[str] = ..., start_min: _Optional[float] = ..., end_min: _Optional[float] = ..., pallets: _Optional[float] = ..., storage_pallet_hours: _Optional[float] = ..., price_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[BookingsQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[BookingsQuestion.Row, _Mapping]]] = ...) -> None: ...

class OutlookQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("day", "paths")
        DAY_FIELD_NUMBER: _ClassVar[int]
        PATHS_FIELD_NUMBER: _ClassVar[int]
        day: _date_pb2.Date
        paths: int
        def __init__(self, day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., paths: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[OutlookQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[OutlookQuestion.Row, _Mapping]]] = ...) -> None: ...

class HoldableQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("day",)
        DAY_FIELD_NUMBER: _ClassVar[int]
        day: _date_pb2.Date
        def __init__(self, day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[HoldableQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[HoldableQuestion.Row, _Mapping]]] = ...) -> None: ...

class HoldQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("shipment", "saving_cents")
        SHIPMENT_FIELD_NUMBER: _ClassVar[int]
        SAVING_CENTS_FIELD_NUMBER: _ClassVar[int]
        shipment: str
        saving_cents: int
        def __init__(self, shipment: _Optional[str] = ..., saving_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[HoldQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[HoldQuestion.Row, _Mapping]]] = ...) -> None: ...

class CapacityQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("day", "good")
        DAY_FIELD_NUMBER: _ClassVar[int]
        GOOD_FIELD_NUMBER: _ClassVar[int]
        day: _date_pb2.Date
        good: str
        def __init__(self, day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., good: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[CapacityQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[CapacityQuestion.Row, _Mapping]]] = ...) -> None: ...

class ReserveQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("day", "share_cents", "saving_cents")
        DAY_FIELD_NUMBER: _ClassVar[int]
        SHARE_CENTS_FIELD_NUMBER: _ClassVar[int]
        SAVING_CENTS_FIELD_NUMBER: _ClassVar[int]
        day: _date_pb2.Date
        share_cents: int
        saving_cents: int
        def __init__(self, day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., share_cents: _Optional[int] = ..., saving_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ReserveQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ReserveQuestion.Row, _Mapping]]] = ...) -> None: ...

class ReservedQuestion(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("reservation", "good", "quantity", "price_cents", "release_cents")
        RESERVATION_FIELD_NUMBER: _ClassVar[int]
        GOOD_FIELD_NUMBER: _ClassVar[int]
        QUANTITY_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        RELEASE_CENTS_FIELD_NUMBER: _ClassVar[int]
        reservation: str
        good: str
        quantity: int
        price_cents: int
        release_cents: int
        def __init__(self, reservation: _Optional[str] = ..., good: _Optional[str] = ..., quantity: _Optional[int] = ..., price_cents: _Optional[int] = ..., release_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ReservedQuestion.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ReservedQuestion.Row, _Mapping]]] = ...) -> None: ...
