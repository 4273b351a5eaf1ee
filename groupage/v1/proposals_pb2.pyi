import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.type import date_pb2 as _date_pb2
from google.type import latlng_pb2 as _latlng_pb2
from groupage.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Outcome(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OUTCOME_UNSPECIFIED: _ClassVar[Outcome]
    OUTCOME_POOLED: _ClassVar[Outcome]
    OUTCOME_STANDALONE: _ClassVar[Outcome]
    OUTCOME_HELD: _ClassVar[Outcome]
    OUTCOME_UNSERVED: _ClassVar[Outcome]
OUTCOME_UNSPECIFIED: Outcome
OUTCOME_POOLED: Outcome
OUTCOME_STANDALONE: Outcome
OUTCOME_HELD: Outcome
OUTCOME_UNSERVED: Outcome

class OrderPart(_message.Message):
    __slots__ = ("order", "outcome", "reason", "held_until", "reserve_cents", "pickup_at", "delivery_at", "pooled_with_others", "transport_kgco2e", "alone_kgco2e", "legs", "co_loaded_companies")
    ORDER_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    HELD_UNTIL_FIELD_NUMBER: _ClassVar[int]
    RESERVE_CENTS_FIELD_NUMBER: _ClassVar[int]
    PICKUP_AT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_AT_FIELD_NUMBER: _ClassVar[int]
    POOLED_WITH_OTHERS_FIELD_NUMBER: _ClassVar[int]
    TRANSPORT_KGCO2E_FIELD_NUMBER: _ClassVar[int]
    ALONE_KGCO2E_FIELD_NUMBER: _ClassVar[int]
    LEGS_FIELD_NUMBER: _ClassVar[int]
    CO_LOADED_COMPANIES_FIELD_NUMBER: _ClassVar[int]
    order: str
    outcome: Outcome
    reason: str
    held_until: _timestamp_pb2.Timestamp
    reserve_cents: int
    pickup_at: _timestamp_pb2.Timestamp
    delivery_at: _timestamp_pb2.Timestamp
    pooled_with_others: bool
    transport_kgco2e: float
    alone_kgco2e: float
    legs: _containers.RepeatedCompositeFieldContainer[Leg]
    co_loaded_companies: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, order: _Optional[str] = ..., outcome: _Optional[_Union[Outcome, str]] = ..., reason: _Optional[str] = ..., held_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reserve_cents: _Optional[int] = ..., pickup_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delivery_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pooled_with_others: _Optional[bool] = ..., transport_kgco2e: _Optional[float] = ..., alone_kgco2e: _Optional[float] = ..., legs: _Optional[_Iterable[_Union[Leg, _Mapping]]] = ..., co_loaded_companies: _Optional[_Iterable[str]] = ...) -> None: ...

class Leg(_message.Message):
    __slots__ = ("load_id", "carrier", "from_place", "to_place", "pickup_at", "delivery_at", "pallets")
    LOAD_ID_FIELD_NUMBER: _ClassVar[int]
    CARRIER_FIELD_NUMBER: _ClassVar[int]
    FROM_PLACE_FIELD_NUMBER: _ClassVar[int]
    TO_PLACE_FIELD_NUMBER: _ClassVar[int]
    PICKUP_AT_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_AT_FIELD_NUMBER: _ClassVar[int]
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    load_id: str
    carrier: str
    from_place: str
    to_place: str
    pickup_at: _timestamp_pb2.Timestamp
    delivery_at: _timestamp_pb2.Timestamp
    pallets: float
    def __init__(self, load_id: _Optional[str] = ..., carrier: _Optional[str] = ..., from_place: _Optional[str] = ..., to_place: _Optional[str] = ..., pickup_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., delivery_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pallets: _Optional[float] = ...) -> None: ...

class Promise(_message.Message):
    __slots__ = ("promise_id", "owner", "carrier", "orders", "due_day", "latest_delivery_at", "price_cents", "state", "reason")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Promise.State]
        MADE: _ClassVar[Promise.State]
        KEPT: _ClassVar[Promise.State]
        VOID: _ClassVar[Promise.State]
    STATE_UNSPECIFIED: Promise.State
    MADE: Promise.State
    KEPT: Promise.State
    VOID: Promise.State
    PROMISE_ID_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    CARRIER_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    DUE_DAY_FIELD_NUMBER: _ClassVar[int]
    LATEST_DELIVERY_AT_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    promise_id: str
    owner: str
    carrier: str
    orders: _containers.RepeatedScalarFieldContainer[str]
    due_day: _date_pb2.Date
    latest_delivery_at: _timestamp_pb2.Timestamp
    price_cents: int
    state: Promise.State
    reason: str
    def __init__(self, promise_id: _Optional[str] = ..., owner: _Optional[str] = ..., carrier: _Optional[str] = ..., orders: _Optional[_Iterable[str]] = ..., due_day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., latest_delivery_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., price_cents: _Optional[int] = ..., state: _Optional[_Union[Promise.State, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class Reservation(_message.Message):
    __slots__ = ("reservation_id", "good", "quantity", "used", "price_cents", "release_cents", "day", "settled")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    GOOD_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    RELEASE_CENTS_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    good: str
    quantity: int
    used: int
    price_cents: int
    release_cents: int
    day: _date_pb2.Date
    settled: bool
    def __init__(self, reservation_id: _Optional[str] = ..., good: _Optional[str] = ..., quantity: _Optional[int] = ..., used: _Optional[int] = ..., price_cents: _Optional[int] = ..., release_cents: _Optional[int] = ..., day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ..., settled: _Optional[bool] = ...) -> None: ...

class OwnerPart(_message.Message):
    __slots__ = ("orders", "standalone_cents", "paid_cents", "left_cents", "saving_cents", "lines", "promises", "standard_error_cents", "reservation_cents", "expected_saving_cents", "fees_cents", "reserving_cents", "reserving_day")
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    STANDALONE_CENTS_FIELD_NUMBER: _ClassVar[int]
    PAID_CENTS_FIELD_NUMBER: _ClassVar[int]
    LEFT_CENTS_FIELD_NUMBER: _ClassVar[int]
    SAVING_CENTS_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    PROMISES_FIELD_NUMBER: _ClassVar[int]
    STANDARD_ERROR_CENTS_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_CENTS_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_SAVING_CENTS_FIELD_NUMBER: _ClassVar[int]
    FEES_CENTS_FIELD_NUMBER: _ClassVar[int]
    RESERVING_CENTS_FIELD_NUMBER: _ClassVar[int]
    RESERVING_DAY_FIELD_NUMBER: _ClassVar[int]
    orders: _containers.RepeatedCompositeFieldContainer[OrderPart]
    standalone_cents: int
    paid_cents: int
    left_cents: int
    saving_cents: int
    lines: _containers.RepeatedCompositeFieldContainer[_types_pb2.MoneyLine]
    promises: _containers.RepeatedCompositeFieldContainer[Promise]
    standard_error_cents: int
    reservation_cents: int
    expected_saving_cents: int
    fees_cents: int
    reserving_cents: int
    reserving_day: _date_pb2.Date
    def __init__(self, orders: _Optional[_Iterable[_Union[OrderPart, _Mapping]]] = ..., standalone_cents: _Optional[int] = ..., paid_cents: _Optional[int] = ..., left_cents: _Optional[int] = ..., saving_cents: _Optional[int] = ..., lines: _Optional[_Iterable[_Union[_types_pb2.MoneyLine, _Mapping]]] = ..., promises: _Optional[_Iterable[_Union[Promise, _Mapping]]] = ..., standard_error_cents: _Optional[int] = ..., reservation_cents: _Optional[int] = ..., expected_saving_cents: _Optional[int] = ..., fees_cents: _Optional[int] = ..., reserving_cents: _Optional[int] = ..., reserving_day: _Optional[_Union[_date_pb2.Date, _Mapping]] = ...) -> None: ...

class LoadStop(_message.Message):
    __slots__ = ("position", "place", "location", "arrival_at", "start_at", "departure_at", "pickups", "deliveries", "place_name")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    ARRIVAL_AT_FIELD_NUMBER: _ClassVar[int]
    START_AT_FIELD_NUMBER: _ClassVar[int]
    DEPARTURE_AT_FIELD_NUMBER: _ClassVar[int]
    PICKUPS_FIELD_NUMBER: _ClassVar[int]
    DELIVERIES_FIELD_NUMBER: _ClassVar[int]
    PLACE_NAME_FIELD_NUMBER: _ClassVar[int]
    position: int
    place: str
    location: _latlng_pb2.LatLng
    arrival_at: _timestamp_pb2.Timestamp
    start_at: _timestamp_pb2.Timestamp
    departure_at: _timestamp_pb2.Timestamp
    pickups: _containers.RepeatedScalarFieldContainer[str]
    deliveries: _containers.RepeatedScalarFieldContainer[str]
    place_name: str
    def __init__(self, position: _Optional[int] = ..., place: _Optional[str] = ..., location: _Optional[_Union[_latlng_pb2.LatLng, _Mapping]] = ..., arrival_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., departure_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pickups: _Optional[_Iterable[str]] = ..., deliveries: _Optional[_Iterable[str]] = ..., place_name: _Optional[str] = ...) -> None: ...

class LoadJob(_message.Message):
    __slots__ = ("job", "owner", "external_ref", "ssccs", "pallets", "weight_kg", "volume_m3", "handling")
    JOB_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_REF_FIELD_NUMBER: _ClassVar[int]
    SSCCS_FIELD_NUMBER: _ClassVar[int]
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_KG_FIELD_NUMBER: _ClassVar[int]
    VOLUME_M3_FIELD_NUMBER: _ClassVar[int]
    HANDLING_FIELD_NUMBER: _ClassVar[int]
    job: str
    owner: str
    external_ref: str
    ssccs: _containers.RepeatedScalarFieldContainer[str]
    pallets: float
    weight_kg: float
    volume_m3: float
    handling: _types_pb2.Handling
    def __init__(self, job: _Optional[str] = ..., owner: _Optional[str] = ..., external_ref: _Optional[str] = ..., ssccs: _Optional[_Iterable[str]] = ..., pallets: _Optional[float] = ..., weight_kg: _Optional[float] = ..., volume_m3: _Optional[float] = ..., handling: _Optional[_Union[_types_pb2.Handling, _Mapping]] = ...) -> None: ...

class Load(_message.Message):
    __slots__ = ("load_id", "vehicle_type", "stops", "jobs", "price_lines", "price_cents")
    LOAD_ID_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    STOPS_FIELD_NUMBER: _ClassVar[int]
    JOBS_FIELD_NUMBER: _ClassVar[int]
    PRICE_LINES_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    load_id: str
    vehicle_type: str
    stops: _containers.RepeatedCompositeFieldContainer[LoadStop]
    jobs: _containers.RepeatedCompositeFieldContainer[LoadJob]
    price_lines: _containers.RepeatedCompositeFieldContainer[_types_pb2.MoneyLine]
    price_cents: int
    def __init__(self, load_id: _Optional[str] = ..., vehicle_type: _Optional[str] = ..., stops: _Optional[_Iterable[_Union[LoadStop, _Mapping]]] = ..., jobs: _Optional[_Iterable[_Union[LoadJob, _Mapping]]] = ..., price_lines: _Optional[_Iterable[_Union[_types_pb2.MoneyLine, _Mapping]]] = ..., price_cents: _Optional[int] = ...) -> None: ...

class CarrierPart(_message.Message):
    __slots__ = ("loads", "received_cents", "promises", "reservations", "fees_cents", "fee_lines", "liability_cents", "reserving")
    LOADS_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_CENTS_FIELD_NUMBER: _ClassVar[int]
    PROMISES_FIELD_NUMBER: _ClassVar[int]
    RESERVATIONS_FIELD_NUMBER: _ClassVar[int]
    FEES_CENTS_FIELD_NUMBER: _ClassVar[int]
    FEE_LINES_FIELD_NUMBER: _ClassVar[int]
    LIABILITY_CENTS_FIELD_NUMBER: _ClassVar[int]
    RESERVING_FIELD_NUMBER: _ClassVar[int]
    loads: _containers.RepeatedCompositeFieldContainer[Load]
    received_cents: int
    promises: _containers.RepeatedCompositeFieldContainer[Promise]
    reservations: _containers.RepeatedCompositeFieldContainer[Reservation]
    fees_cents: int
    fee_lines: _containers.RepeatedCompositeFieldContainer[_types_pb2.MoneyLine]
    liability_cents: int
    reserving: _containers.RepeatedCompositeFieldContainer[Reservation]
    def __init__(self, loads: _Optional[_Iterable[_Union[Load, _Mapping]]] = ..., received_cents: _Optional[int] = ..., promises: _Optional[_Iterable[_Union[Promise, _Mapping]]] = ..., reservations: _Optional[_Iterable[_Union[Reservation, _Mapping]]] = ..., fees_cents: _Optional[int] = ..., fee_lines: _Optional[_Iterable[_Union[_types_pb2.MoneyLine, _Mapping]]] = ..., liability_cents: _Optional[int] = ..., reserving: _Optional[_Iterable[_Union[Reservation, _Mapping]]] = ...) -> None: ...

class Booking(_message.Message):
    __slots__ = ("booking_id", "load_id", "start_at", "end_at", "pallets", "storage_pallet_hours", "price_cents", "hub")
    BOOKING_ID_FIELD_NUMBER: _ClassVar[int]
    LOAD_ID_FIELD_NUMBER: _ClassVar[int]
    START_AT_FIELD_NUMBER: _ClassVar[int]
    END_AT_FIELD_NUMBER: _ClassVar[int]
    PALLETS_FIELD_NUMBER: _ClassVar[int]
    STORAGE_PALLET_HOURS_FIELD_NUMBER: _ClassVar[int]
    PRICE_CENTS_FIELD_NUMBER: _ClassVar[int]
    HUB_FIELD_NUMBER: _ClassVar[int]
    booking_id: str
    load_id: str
    start_at: _timestamp_pb2.Timestamp
    end_at: _timestamp_pb2.Timestamp
    pallets: float
    storage_pallet_hours: float
    price_cents: int
    hub: str
    def __init__(self, booking_id: _Optional[str] = ..., load_id: _Optional[str] = ..., start_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pallets: _Optional[float] = ..., storage_pallet_hours: _Optional[float] = ..., price_cents: _Optional[int] = ..., hub: _Optional[str] = ...) -> None: ...

class HubPart(_message.Message):
    __slots__ = ("bookings", "received_cents", "reservations", "fees_cents", "fee_lines", "liability_cents", "reserving")
    BOOKINGS_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_CENTS_FIELD_NUMBER: _ClassVar[int]
    RESERVATIONS_FIELD_NUMBER: _ClassVar[int]
    FEES_CENTS_FIELD_NUMBER: _ClassVar[int]
    FEE_LINES_FIELD_NUMBER: _ClassVar[int]
    LIABILITY_CENTS_FIELD_NUMBER: _ClassVar[int]
    RESERVING_FIELD_NUMBER: _ClassVar[int]
    bookings: _containers.RepeatedCompositeFieldContainer[Booking]
    received_cents: int
    reservations: _containers.RepeatedCompositeFieldContainer[Reservation]
    fees_cents: int
    fee_lines: _containers.RepeatedCompositeFieldContainer[_types_pb2.MoneyLine]
    liability_cents: int
    reserving: _containers.RepeatedCompositeFieldContainer[Reservation]
    def __init__(self, bookings: _Optional[_Iterable[_Union[Booking, _Mapping]]] = ..., received_cents: _Optional[int] = ..., reservations: _Optional[_Iterable[_Union[Reservation, _Mapping]]] = ..., fees_cents: _Optional[int] = ..., fee_lines: _Optional[_Iterable[_Union[_types_pb2.MoneyLine, _Mapping]]] = ..., liability_cents: _Optional[int] = ..., reserving: _Optional[_Iterable[_Union[Reservation, _Mapping]]] = ...) -> None: ...

class Proposal(_message.Message):
    __slots__ = ("name", "company", "round", "state", "expire_time", "owner_part", "carrier_part", "hub_part", "disclosed", "etag", "create_time", "update_time")
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        STATE_UNSPECIFIED: _ClassVar[Proposal.State]
        OPEN: _ClassVar[Proposal.State]
        ACCEPTED: _ClassVar[Proposal.State]
        DECLINED: _ClassVar[Proposal.State]
        LAPSED: _ClassVar[Proposal.State]
        SUPERSEDED: _ClassVar[Proposal.State]
        COMMITTED: _ClassVar[Proposal.State]
        RELEASED: _ClassVar[Proposal.State]
    STATE_UNSPECIFIED: Proposal.State
    OPEN: Proposal.State
    ACCEPTED: Proposal.State
    DECLINED: Proposal.State
    LAPSED: Proposal.State
    SUPERSEDED: Proposal.State
    COMMITTED: Proposal.State
    RELEASED: Proposal.State
    NAME_FIELD_NUMBER: _ClassVar[int]
    COMPANY_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    OWNER_PART_FIELD_NUMBER: _ClassVar[int]
    CARRIER_PART_FIELD_NUMBER: _ClassVar[int]
    HUB_PART_FIELD_NUMBER: _ClassVar[int]
    DISCLOSED_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    company: str
    round: int
    state: Proposal.State
    expire_time: _timestamp_pb2.Timestamp
    owner_part: OwnerPart
    carrier_part: CarrierPart
    hub_part: HubPart
    disclosed: int
    etag: str
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., company: _Optional[str] = ..., round: _Optional[int] = ..., state: _Optional[_Union[Proposal.State, str]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., owner_part: _Optional[_Union[OwnerPart, _Mapping]] = ..., carrier_part: _Optional[_Union[CarrierPart, _Mapping]] = ..., hub_part: _Optional[_Union[HubPart, _Mapping]] = ..., disclosed: _Optional[int] = ..., etag: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetProposalRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ListProposalsRequest(_message.Message):
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

class ListProposalsResponse(_message.Message):
    __slots__ = ("proposals", "next_page_token")
    PROPOSALS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    proposals: _containers.RepeatedCompositeFieldContainer[Proposal]
    next_page_token: str
    def __init__(self, proposals: _Optional[_Iterable[_Union[Proposal, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class AcceptProposalRequest(_message.Message):
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

class DeclineProposalRequest(_message.Message):
    __slots__ = ("name", "etag", "reason", "comment", "request_id", "validate_only")
    class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        REASON_UNSPECIFIED: _ClassVar[DeclineProposalRequest.Reason]
        REASON_PRICE: _ClassVar[DeclineProposalRequest.Reason]
        REASON_TIMES: _ClassVar[DeclineProposalRequest.Reason]
        REASON_CAPACITY: _ClassVar[DeclineProposalRequest.Reason]
        REASON_OTHER: _ClassVar[DeclineProposalRequest.Reason]
    REASON_UNSPECIFIED: DeclineProposalRequest.Reason
    REASON_PRICE: DeclineProposalRequest.Reason
    REASON_TIMES: DeclineProposalRequest.Reason
    REASON_CAPACITY: DeclineProposalRequest.Reason
    REASON_OTHER: DeclineProposalRequest.Reason
    NAME_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    name: str
    etag: str
    reason: DeclineProposalRequest.Reason
    comment: str
    request_id: str
    validate_only: bool
    def __init__(self, name: _Optional[str] = ..., etag: _Optional[str] = ..., reason: _Optional[_Union[DeclineProposalRequest.Reason, str]] = ..., comment: _Optional[str] = ..., request_id: _Optional[str] = ..., validate_only: _Optional[bool] = ...) -> None: ...
