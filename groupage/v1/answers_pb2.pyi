from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OfferAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("shipment", "reserve_cents")
        SHIPMENT_FIELD_NUMBER: _ClassVar[int]
        RESERVE_CENTS_FIELD_NUMBER: _ClassVar[int]
        shipment: str
        reserve_cents: int
        def __init__(self, shipment: _Optional[str] = ..., reserve_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[OfferAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[OfferAnswer.Row, _Mapping]]] = ...) -> None: ...

class StandaloneAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("set", "standalone_cents")
        SET_FIELD_NUMBER: _ClassVar[int]
        STANDALONE_CENTS_FIELD_NUMBER: _ClassVar[int]
        set: int
        standalone_cents: int
        def __init__(self, set: _Optional[int] = ..., standalone_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[StandaloneAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[StandaloneAnswer.Row, _Mapping]]] = ...) -> None: ...

class TariffsAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("vehicle", "fixed_eur_micros", "per_km_eur_micros", "per_hour_eur_micros", "toll_eur_micros_per_km")
        VEHICLE_FIELD_NUMBER: _ClassVar[int]
        FIXED_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
        PER_KM_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
        PER_HOUR_EUR_MICROS_FIELD_NUMBER: _ClassVar[int]
        TOLL_EUR_MICROS_PER_KM_FIELD_NUMBER: _ClassVar[int]
        vehicle: str
        fixed_eur_micros: int
        per_km_eur_micros: int
        per_hour_eur_micros: int
        toll_eur_micros_per_km: int
        def __init__(self, vehicle: _Optional[str] = ..., fixed_eur_micros: _Optional[int] = ..., per_km_eur_micros: _Optional[int] = ..., per_hour_eur_micros: _Optional[int] = ..., toll_eur_micros_per_km: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[TariffsAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[TariffsAnswer.Row, _Mapping]]] = ...) -> None: ...

class QuotesAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("lot", "price_cents")
        LOT_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        lot: int
        price_cents: int
        def __init__(self, lot: _Optional[int] = ..., price_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[QuotesAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[QuotesAnswer.Row, _Mapping]]] = ...) -> None: ...

class AwardAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("lot",)
        LOT_FIELD_NUMBER: _ClassVar[int]
        lot: int
        def __init__(self, lot: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[AwardAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[AwardAnswer.Row, _Mapping]]] = ...) -> None: ...

class PlanAnswer(_message.Message):
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
    rows: _containers.RepeatedCompositeFieldContainer[PlanAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[PlanAnswer.Row, _Mapping]]] = ...) -> None: ...

class LoadsAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("load",)
        LOAD_FIELD_NUMBER: _ClassVar[int]
        load: str
        def __init__(self, load: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[LoadsAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[LoadsAnswer.Row, _Mapping]]] = ...) -> None: ...

class ToursAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("tour", "vehicle", "job", "price_cents")
        TOUR_FIELD_NUMBER: _ClassVar[int]
        VEHICLE_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        tour: int
        vehicle: str
        job: str
        price_cents: int
        def __init__(self, tour: _Optional[int] = ..., vehicle: _Optional[str] = ..., job: _Optional[str] = ..., price_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ToursAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ToursAnswer.Row, _Mapping]]] = ...) -> None: ...

class StandAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("tour",)
        TOUR_FIELD_NUMBER: _ClassVar[int]
        tour: int
        def __init__(self, tour: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[StandAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[StandAnswer.Row, _Mapping]]] = ...) -> None: ...

class ReleaseAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("job",)
        JOB_FIELD_NUMBER: _ClassVar[int]
        job: str
        def __init__(self, job: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ReleaseAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ReleaseAnswer.Row, _Mapping]]] = ...) -> None: ...

class RemainderAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("shipment", "reserve_cents")
        SHIPMENT_FIELD_NUMBER: _ClassVar[int]
        RESERVE_CENTS_FIELD_NUMBER: _ClassVar[int]
        shipment: str
        reserve_cents: int
        def __init__(self, shipment: _Optional[str] = ..., reserve_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[RemainderAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[RemainderAnswer.Row, _Mapping]]] = ...) -> None: ...

class BuyingAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("talk", "act", "price_cents", "day", "window")
        TALK_FIELD_NUMBER: _ClassVar[int]
        ACT_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        talk: int
        act: str
        price_cents: int
        day: int
        window: int
        def __init__(self, talk: _Optional[int] = ..., act: _Optional[str] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[BuyingAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[BuyingAnswer.Row, _Mapping]]] = ...) -> None: ...

class SellingAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("talk", "act", "price_cents", "day", "window")
        TALK_FIELD_NUMBER: _ClassVar[int]
        ACT_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        talk: int
        act: str
        price_cents: int
        day: int
        window: int
        def __init__(self, talk: _Optional[int] = ..., act: _Optional[str] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[SellingAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[SellingAnswer.Row, _Mapping]]] = ...) -> None: ...

class FeesAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("talk", "act", "price_cents", "day", "window")
        TALK_FIELD_NUMBER: _ClassVar[int]
        ACT_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        talk: int
        act: str
        price_cents: int
        day: int
        window: int
        def __init__(self, talk: _Optional[int] = ..., act: _Optional[str] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[FeesAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[FeesAnswer.Row, _Mapping]]] = ...) -> None: ...

class HostingAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("talk", "act", "price_cents", "day", "window")
        TALK_FIELD_NUMBER: _ClassVar[int]
        ACT_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        DAY_FIELD_NUMBER: _ClassVar[int]
        WINDOW_FIELD_NUMBER: _ClassVar[int]
        talk: int
        act: str
        price_cents: int
        day: int
        window: int
        def __init__(self, talk: _Optional[int] = ..., act: _Optional[str] = ..., price_cents: _Optional[int] = ..., day: _Optional[int] = ..., window: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[HostingAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[HostingAnswer.Row, _Mapping]]] = ...) -> None: ...

class WishesAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("deal",)
        DEAL_FIELD_NUMBER: _ClassVar[int]
        deal: int
        def __init__(self, deal: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[WishesAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[WishesAnswer.Row, _Mapping]]] = ...) -> None: ...

class ChoiceAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("deal",)
        DEAL_FIELD_NUMBER: _ClassVar[int]
        deal: int
        def __init__(self, deal: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ChoiceAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ChoiceAnswer.Row, _Mapping]]] = ...) -> None: ...

class DealAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("deal",)
        DEAL_FIELD_NUMBER: _ClassVar[int]
        deal: int
        def __init__(self, deal: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[DealAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[DealAnswer.Row, _Mapping]]] = ...) -> None: ...

class PromisedAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("most_cents",)
        MOST_CENTS_FIELD_NUMBER: _ClassVar[int]
        most_cents: int
        def __init__(self, most_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[PromisedAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[PromisedAnswer.Row, _Mapping]]] = ...) -> None: ...

class ContractsAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("contract", "job", "price_cents")
        CONTRACT_FIELD_NUMBER: _ClassVar[int]
        JOB_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        contract: int
        job: str
        price_cents: int
        def __init__(self, contract: _Optional[int] = ..., job: _Optional[str] = ..., price_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[ContractsAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[ContractsAnswer.Row, _Mapping]]] = ...) -> None: ...

class SigningAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("contract",)
        CONTRACT_FIELD_NUMBER: _ClassVar[int]
        contract: int
        def __init__(self, contract: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[SigningAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[SigningAnswer.Row, _Mapping]]] = ...) -> None: ...

class HubTermsAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("from_min", "to_min", "slots", "slot_cents", "handling_cents_per_pallet", "storage_cents_per_pallet_hour")
        FROM_MIN_FIELD_NUMBER: _ClassVar[int]
        TO_MIN_FIELD_NUMBER: _ClassVar[int]
        SLOTS_FIELD_NUMBER: _ClassVar[int]
        SLOT_CENTS_FIELD_NUMBER: _ClassVar[int]
        HANDLING_CENTS_PER_PALLET_FIELD_NUMBER: _ClassVar[int]
        STORAGE_CENTS_PER_PALLET_HOUR_FIELD_NUMBER: _ClassVar[int]
        from_min: float
        to_min: float
        slots: int
        slot_cents: int
        handling_cents_per_pallet: int
        storage_cents_per_pallet_hour: int
        def __init__(self, from_min: _Optional[float] = ..., to_min: _Optional[float] = ..., slots: _Optional[int] = ..., slot_cents: _Optional[int] = ..., handling_cents_per_pallet: _Optional[int] = ..., storage_cents_per_pallet_hour: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[HubTermsAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[HubTermsAnswer.Row, _Mapping]]] = ...) -> None: ...

class BookingsAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("booking",)
        BOOKING_FIELD_NUMBER: _ClassVar[int]
        booking: str
        def __init__(self, booking: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[BookingsAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[BookingsAnswer.Row, _Mapping]]] = ...) -> None: ...

class OutlookAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("origin", "zone", "temperature", "path_pallets")
        ORIGIN_FIELD_NUMBER: _ClassVar[int]
        ZONE_FIELD_NUMBER: _ClassVar[int]
        TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
        PATH_PALLETS_FIELD_NUMBER: _ClassVar[int]
        origin: str
        zone: str
        temperature: str
        path_pallets: _containers.RepeatedScalarFieldContainer[float]
        def __init__(self, origin: _Optional[str] = ..., zone: _Optional[str] = ..., temperature: _Optional[str] = ..., path_pallets: _Optional[_Iterable[float]] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[OutlookAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[OutlookAnswer.Row, _Mapping]]] = ...) -> None: ...

class HoldableAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("shipment", "origin", "zone", "temperature", "pallets", "weight_kg", "can_wait", "holding_cents", "penalty_cents")
        SHIPMENT_FIELD_NUMBER: _ClassVar[int]
        ORIGIN_FIELD_NUMBER: _ClassVar[int]
        ZONE_FIELD_NUMBER: _ClassVar[int]
        TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
        PALLETS_FIELD_NUMBER: _ClassVar[int]
        WEIGHT_KG_FIELD_NUMBER: _ClassVar[int]
        CAN_WAIT_FIELD_NUMBER: _ClassVar[int]
        HOLDING_CENTS_FIELD_NUMBER: _ClassVar[int]
        PENALTY_CENTS_FIELD_NUMBER: _ClassVar[int]
        shipment: str
        origin: str
        zone: str
        temperature: str
        pallets: float
        weight_kg: float
        can_wait: bool
        holding_cents: int
        penalty_cents: int
        def __init__(self, shipment: _Optional[str] = ..., origin: _Optional[str] = ..., zone: _Optional[str] = ..., temperature: _Optional[str] = ..., pallets: _Optional[float] = ..., weight_kg: _Optional[float] = ..., can_wait: _Optional[bool] = ..., holding_cents: _Optional[int] = ..., penalty_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[HoldableAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[HoldableAnswer.Row, _Mapping]]] = ...) -> None: ...

class HoldAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("shipment",)
        SHIPMENT_FIELD_NUMBER: _ClassVar[int]
        shipment: str
        def __init__(self, shipment: _Optional[str] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[HoldAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[HoldAnswer.Row, _Mapping]]] = ...) -> None: ...

class CapacityAnswer(_message.Message):
    __slots__ = ("rows",)
    class Row(_message.Message):
        __slots__ = ("good", "units", "price_cents", "spot_cents", "release_cents")
        GOOD_FIELD_NUMBER: _ClassVar[int]
        UNITS_FIELD_NUMBER: _ClassVar[int]
        PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
        SPOT_CENTS_FIELD_NUMBER: _ClassVar[int]
        RELEASE_CENTS_FIELD_NUMBER: _ClassVar[int]
        good: str
        units: int
        price_cents: int
        spot_cents: int
        release_cents: int
        def __init__(self, good: _Optional[str] = ..., units: _Optional[int] = ..., price_cents: _Optional[int] = ..., spot_cents: _Optional[int] = ..., release_cents: _Optional[int] = ...) -> None: ...
    ROWS_FIELD_NUMBER: _ClassVar[int]
    rows: _containers.RepeatedCompositeFieldContainer[CapacityAnswer.Row]
    def __init__(self, rows: _Optional[_Iterable[_Union[CapacityAnswer.Row, _Mapping]]] = ...) -> None: ...
