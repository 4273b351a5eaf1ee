import datetime

from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.api import field_info_pb2 as _field_info_pb2
from google.api import resource_pb2 as _resource_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from groupage.v1 import answers_pb2 as _answers_pb2
from groupage.v1 import companies_pb2 as _companies_pb2
from groupage.v1 import markets_pb2 as _markets_pb2
from groupage.v1 import questions_pb2 as _questions_pb2
from groupage.v1 import tables_pb2 as _tables_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Performative(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PERFORMATIVE_UNSPECIFIED: _ClassVar[Performative]
    PERFORMATIVE_CFP: _ClassVar[Performative]
    PERFORMATIVE_PROPOSE: _ClassVar[Performative]
    PERFORMATIVE_REFUSE: _ClassVar[Performative]
    PERFORMATIVE_ACCEPT_PROPOSAL: _ClassVar[Performative]
    PERFORMATIVE_REJECT_PROPOSAL: _ClassVar[Performative]
    PERFORMATIVE_REQUEST: _ClassVar[Performative]
    PERFORMATIVE_INFORM: _ClassVar[Performative]
    PERFORMATIVE_FAILURE: _ClassVar[Performative]
    PERFORMATIVE_NOT_UNDERSTOOD: _ClassVar[Performative]
PERFORMATIVE_UNSPECIFIED: Performative
PERFORMATIVE_CFP: Performative
PERFORMATIVE_PROPOSE: Performative
PERFORMATIVE_REFUSE: Performative
PERFORMATIVE_ACCEPT_PROPOSAL: Performative
PERFORMATIVE_REJECT_PROPOSAL: Performative
PERFORMATIVE_REQUEST: Performative
PERFORMATIVE_INFORM: Performative
PERFORMATIVE_FAILURE: Performative
PERFORMATIVE_NOT_UNDERSTOOD: Performative

class Question(_message.Message):
    __slots__ = ("question_id", "conversation", "synchronization", "performative", "topic", "reply_by", "recorded_answer", "table", "offer", "standalone", "tariffs", "quotes", "award", "plan", "loads", "tours", "stand", "release", "remainder", "buying", "selling", "wishes", "choice", "deal", "contracts", "signing", "coalition", "hub_terms", "bookings", "fees", "hosting", "promised", "outlook", "holdable", "hold", "capacity", "reserve", "reserved")
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    CONVERSATION_FIELD_NUMBER: _ClassVar[int]
    SYNCHRONIZATION_FIELD_NUMBER: _ClassVar[int]
    PERFORMATIVE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    REPLY_BY_FIELD_NUMBER: _ClassVar[int]
    RECORDED_ANSWER_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    STANDALONE_FIELD_NUMBER: _ClassVar[int]
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    AWARD_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    LOADS_FIELD_NUMBER: _ClassVar[int]
    TOURS_FIELD_NUMBER: _ClassVar[int]
    STAND_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    REMAINDER_FIELD_NUMBER: _ClassVar[int]
    BUYING_FIELD_NUMBER: _ClassVar[int]
    SELLING_FIELD_NUMBER: _ClassVar[int]
    WISHES_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    DEAL_FIELD_NUMBER: _ClassVar[int]
    CONTRACTS_FIELD_NUMBER: _ClassVar[int]
    SIGNING_FIELD_NUMBER: _ClassVar[int]
    COALITION_FIELD_NUMBER: _ClassVar[int]
    HUB_TERMS_FIELD_NUMBER: _ClassVar[int]
    BOOKINGS_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    HOSTING_FIELD_NUMBER: _ClassVar[int]
    PROMISED_FIELD_NUMBER: _ClassVar[int]
    OUTLOOK_FIELD_NUMBER: _ClassVar[int]
    HOLDABLE_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    RESERVE_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    question_id: str
    conversation: str
    synchronization: str
    performative: Performative
    topic: str
    reply_by: _timestamp_pb2.Timestamp
    recorded_answer: Answer
    table: _tables_pb2.Table
    offer: _questions_pb2.OfferQuestion
    standalone: _questions_pb2.StandaloneQuestion
    tariffs: _questions_pb2.TariffsQuestion
    quotes: _questions_pb2.QuotesQuestion
    award: _questions_pb2.AwardQuestion
    plan: _questions_pb2.PlanQuestion
    loads: _questions_pb2.LoadsQuestion
    tours: _questions_pb2.ToursQuestion
    stand: _questions_pb2.StandQuestion
    release: _questions_pb2.ReleaseQuestion
    remainder: _questions_pb2.RemainderQuestion
    buying: _questions_pb2.BuyingQuestion
    selling: _questions_pb2.SellingQuestion
    wishes: _questions_pb2.WishesQuestion
    choice: _questions_pb2.ChoiceQuestion
    deal: _questions_pb2.DealQuestion
    contracts: _questions_pb2.ContractsQuestion
    signing: _questions_pb2.SigningQuestion
    coalition: _questions_pb2.CoalitionQuestion
    hub_terms: _questions_pb2.HubTermsQuestion
    bookings: _questions_pb2.BookingsQuestion
    fees: _questions_pb2.FeesQuestion
    hosting: _questions_pb2.HostingQuestion
    promised: _questions_pb2.PromisedQuestion
    outlook: _questions_pb2.OutlookQuestion
    holdable: _questions_pb2.HoldableQuestion
    hold: _questions_pb2.HoldQuestion
    capacity: _questions_pb2.CapacityQuestion
    reserve: _questions_pb2.ReserveQuestion
    reserved: _questions_pb2.ReservedQuestion
    def __init__(self, question_id: _Optional[str] = ..., conversation: _Optional[str] = ..., synchronization: _Optional[str] = ..., performative: _Optional[_Union[Performative, str]] = ..., topic: _Optional[str] = ..., reply_by: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_answer: _Optional[_Union[Answer, _Mapping]] = ..., table: _Optional[_Union[_tables_pb2.Table, _Mapping]] = ..., offer: _Optional[_Union[_questions_pb2.OfferQuestion, _Mapping]] = ..., standalone: _Optional[_Union[_questions_pb2.StandaloneQuestion, _Mapping]] = ..., tariffs: _Optional[_Union[_questions_pb2.TariffsQuestion, _Mapping]] = ..., quotes: _Optional[_Union[_questions_pb2.QuotesQuestion, _Mapping]] = ..., award: _Optional[_Union[_questions_pb2.AwardQuestion, _Mapping]] = ..., plan: _Optional[_Union[_questions_pb2.PlanQuestion, _Mapping]] = ..., loads: _Optional[_Union[_questions_pb2.LoadsQuestion, _Mapping]] = ..., tours: _Optional[_Union[_questions_pb2.ToursQuestion, _Mapping]] = ..., stand: _Optional[_Union[_questions_pb2.StandQuestion, _Mapping]] = ..., release: _Optional[_Union[_questions_pb2.ReleaseQuestion, _Mapping]] = ..., remainder: _Optional[_Union[_questions_pb2.RemainderQuestion, _Mapping]] = ..., buying: _Optional[_Union[_questions_pb2.BuyingQuestion, _Mapping]] = ..., selling: _Optional[_Union[_questions_pb2.SellingQuestion, _Mapping]] = ..., wishes: _Optional[_Union[_questions_pb2.WishesQuestion, _Mapping]] = ..., choice: _Optional[_Union[_questions_pb2.ChoiceQuestion, _Mapping]] = ..., deal: _Optional[_Union[_questions_pb2.DealQuestion, _Mapping]] = ..., contracts: _Optional[_Union[_questions_pb2.ContractsQuestion, _Mapping]] = ..., signing: _Optional[_Union[_questions_pb2.SigningQuestion, _Mapping]] = ..., coalition: _Optional[_Union[_questions_pb2.CoalitionQuestion, _Mapping]] = ..., hub_terms: _Optional[_Union[_questions_pb2.HubTermsQuestion, _Mapping]] = ..., bookings: _Optional[_Union[_questions_pb2.BookingsQuestion, _Mapping]] = ..., fees: _Optional[_Union[_questions_pb2.FeesQuestion, _Mapping]] = ..., hosting: _Optional[_Union[_questions_pb2.HostingQuestion, _Mapping]] = ..., promised: _Optional[_Union[_questions_pb2.PromisedQuestion, _Mapping]] = ..., outlook: _Optional[_Union[_questions_pb2.OutlookQuestion, _Mapping]] = ..., holdable: _Optional[_Union[_questions_pb2.HoldableQuestion, _Mapping]] = ..., hold: _Optional[_Union[_questions_pb2.HoldQuestion, _Mapping]] = ..., capacity: _Optional[_Union[_questions_pb2.CapacityQuestion, _Mapping]] = ..., reserve: _Optional[_Union[_questions_pb2.ReserveQuestion, _Mapping]] = ..., reserved: _Optional[_Union[_questions_pb2.ReservedQuestion, _Mapping]] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("question_id", "performative", "reason", "table", "offer", "standalone", "tariffs", "quotes", "award", "plan", "loads", "tours", "stand", "release", "remainder", "buying", "selling", "wishes", "choice", "deal", "contracts", "signing", "hub_terms", "bookings", "fees", "hosting", "promised", "outlook", "holdable", "hold", "capacity")
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    PERFORMATIVE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    TABLE_FIELD_NUMBER: _ClassVar[int]
    OFFER_FIELD_NUMBER: _ClassVar[int]
    STANDALONE_FIELD_NUMBER: _ClassVar[int]
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    QUOTES_FIELD_NUMBER: _ClassVar[int]
    AWARD_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    LOADS_FIELD_NUMBER: _ClassVar[int]
    TOURS_FIELD_NUMBER: _ClassVar[int]
    STAND_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    REMAINDER_FIELD_NUMBER: _ClassVar[int]
    BUYING_FIELD_NUMBER: _ClassVar[int]
    SELLING_FIELD_NUMBER: _ClassVar[int]
    WISHES_FIELD_NUMBER: _ClassVar[int]
    CHOICE_FIELD_NUMBER: _ClassVar[int]
    DEAL_FIELD_NUMBER: _ClassVar[int]
    CONTRACTS_FIELD_NUMBER: _ClassVar[int]
    SIGNING_FIELD_NUMBER: _ClassVar[int]
    HUB_TERMS_FIELD_NUMBER: _ClassVar[int]
    BOOKINGS_FIELD_NUMBER: _ClassVar[int]
    FEES_FIELD_NUMBER: _ClassVar[int]
    HOSTING_FIELD_NUMBER: _ClassVar[int]
    PROMISED_FIELD_NUMBER: _ClassVar[int]
    OUTLOOK_FIELD_NUMBER: _ClassVar[int]
    HOLDABLE_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_FIELD_NUMBER: _ClassVar[int]
    question_id: str
    performative: Performative
    reason: str
    table: _tables_pb2.Table
    offer: _answers_pb2.OfferAnswer
    standalone: _answers_pb2.StandaloneAnswer
    tariffs: _answers_pb2.TariffsAnswer
    quotes: _answers_pb2.QuotesAnswer
    award: _answers_pb2.AwardAnswer
    plan: _answers_pb2.PlanAnswer
    loads: _answers_pb2.LoadsAnswer
    tours: _answers_pb2.ToursAnswer
    stand: _answers_pb2.StandAnswer
    release: _answers_pb2.ReleaseAnswer
    remainder: _answers_pb2.RemainderAnswer
    buying: _answers_pb2.BuyingAnswer
    selling: _answers_pb2.SellingAnswer
    wishes: _answers_pb2.WishesAnswer
    choice: _answers_pb2.ChoiceAnswer
    deal: _answers_pb2.DealAnswer
    contracts: _answers_pb2.ContractsAnswer
    signing: _answers_pb2.SigningAnswer
    hub_terms: _answers_pb2.HubTermsAnswer
    bookings: _answers_pb2.BookingsAnswer
    fees: _answers_pb2.FeesAnswer
    hosting: _answers_pb2.HostingAnswer
    promised: _answers_pb2.PromisedAnswer
    outlook: _answers_pb2.OutlookAnswer
    holdable: _answers_pb2.HoldableAnswer
    hold: _answers_pb2.HoldAnswer
    capacity: _answers_pb2.CapacityAnswer
    def __init__(self, question_id: _Optional[str] = ..., performative: _Optional[_Union[Performative, str]] = ..., reason: _Optional[str] = ..., table: _Optional[_Union[_tables_pb2.Table, _Mapping]] = ..., offer: _Optional[_Union[_answers_pb2.OfferAnswer, _Mapping]] = ..., standalone: _Optional[_Union[_answers_pb2.StandaloneAnswer, _Mapping]] = ..., tariffs: _Optional[_Union[_answers_pb2.TariffsAnswer, _Mapping]] = ..., quotes: _Optional[_Union[_answers_pb2.QuotesAnswer, _Mapping]] = ..., award: _Optional[_Union[_answers_pb2.AwardAnswer, _Mapping]] = ..., plan: _Optional[_Union[_answers_pb2.PlanAnswer, _Mapping]] = ..., loads: _Optional[_Union[_answers_pb2.LoadsAnswer, _Mapping]] = ..., tours: _Optional[_Union[_answers_pb2.ToursAnswer, _Mapping]] = ..., stand: _Optional[_Union[_answers_pb2.StandAnswer, _Mapping]] = ..., release: _Optional[_Union[_answers_pb2.ReleaseAnswer, _Mapping]] = ..., remainder: _Optional[_Union[_answers_pb2.RemainderAnswer, _Mapping]] = ..., buying: _Optional[_Union[_answers_pb2.BuyingAnswer, _Mapping]] = ..., selling: _Optional[_Union[_answers_pb2.SellingAnswer, _Mapping]] = ..., wishes: _Optional[_Union[_answers_pb2.WishesAnswer, _Mapping]] = ..., choice: _Optional[_Union[_answers_pb2.ChoiceAnswer, _Mapping]] = ..., deal: _Optional[_Union[_answers_pb2.DealAnswer, _Mapping]] = ..., contracts: _Optional[_Union[_answers_pb2.ContractsAnswer, _Mapping]] = ..., signing: _Optional[_Union[_answers_pb2.SigningAnswer, _Mapping]] = ..., hub_terms: _Optional[_Union[_answers_pb2.HubTermsAnswer, _Mapping]] = ..., bookings: _Optional[_Union[_answers_pb2.BookingsAnswer, _Mapping]] = ..., fees: _Optional[_Union[_answers_pb2.FeesAnswer, _Mapping]] = ..., hosting: _Optional[_Union[_answers_pb2.HostingAnswer, _Mapping]] = ..., promised: _Optional[_Union[_answers_pb2.PromisedAnswer, _Mapping]] = ..., outlook: _Optional[_Union[_answers_pb2.OutlookAnswer, _Mapping]] = ..., holdable: _Optional[_Union[_answers_pb2.HoldableAnswer, _Mapping]] = ..., hold: _Optional[_Union[_answers_pb2.HoldAnswer, _Mapping]] = ..., capacity: _Optional[_Union[_answers_pb2.CapacityAnswer, _Mapping]] = ...) -> None: ...

class OpenStream(_message.Message):
    __slots__ = ("company", "roles", "after_sequence", "agent")
    COMPANY_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    AGENT_FIELD_NUMBER: _ClassVar[int]
    company: str
    roles: _containers.RepeatedScalarFieldContainer[_companies_pb2.Role]
    after_sequence: int
    agent: str
    def __init__(self, company: _Optional[str] = ..., roles: _Optional[_Iterable[_Union[_companies_pb2.Role, str]]] = ..., after_sequence: _Optional[int] = ..., agent: _Optional[str] = ...) -> None: ...

class VehicleOffer(_message.Message):
    __slots__ = ("vehicle_type", "count")
    VEHICLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    vehicle_type: str
    count: int
    def __init__(self, vehicle_type: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class CapacityOffer(_message.Message):
    __slots__ = ("pool", "window_start", "window_end", "vehicles", "hubs")
    POOL_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    VEHICLES_FIELD_NUMBER: _ClassVar[int]
    HUBS_FIELD_NUMBER: _ClassVar[int]
    pool: str
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    vehicles: _containers.RepeatedCompositeFieldContainer[VehicleOffer]
    hubs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, pool: _Optional[str] = ..., window_start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., vehicles: _Optional[_Iterable[_Union[VehicleOffer, _Mapping]]] = ..., hubs: _Optional[_Iterable[str]] = ...) -> None: ...

class Acknowledgement(_message.Message):
    __slots__ = ("sequence",)
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    def __init__(self, sequence: _Optional[int] = ...) -> None: ...

class ConverseRequest(_message.Message):
    __slots__ = ("request_id", "open", "answer", "capacity_offer", "acknowledgement")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    ANSWER_FIELD_NUMBER: _ClassVar[int]
    CAPACITY_OFFER_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGEMENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    open: OpenStream
    answer: Answer
    capacity_offer: CapacityOffer
    acknowledgement: Acknowledgement
    def __init__(self, request_id: _Optional[str] = ..., open: _Optional[_Union[OpenStream, _Mapping]] = ..., answer: _Optional[_Union[Answer, _Mapping]] = ..., capacity_offer: _Optional[_Union[CapacityOffer, _Mapping]] = ..., acknowledgement: _Optional[_Union[Acknowledgement, _Mapping]] = ...) -> None: ...

class StreamOpened(_message.Message):
    __slots__ = ("next_sequence", "server_time")
    NEXT_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    SERVER_TIME_FIELD_NUMBER: _ClassVar[int]
    next_sequence: int
    server_time: _timestamp_pb2.Timestamp
    def __init__(self, next_sequence: _Optional[int] = ..., server_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("request_id", "status")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    status: _status_pb2.Status
    def __init__(self, request_id: _Optional[str] = ..., status: _Optional[_Union[_status_pb2.Status, _Mapping]] = ...) -> None: ...

class QuestionWithdrawn(_message.Message):
    __slots__ = ("question_id", "reason")
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    question_id: str
    reason: str
    def __init__(self, question_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ConversationClosed(_message.Message):
    __slots__ = ("conversation", "synchronization", "proposal")
    CONVERSATION_FIELD_NUMBER: _ClassVar[int]
    SYNCHRONIZATION_FIELD_NUMBER: _ClassVar[int]
    PROPOSAL_FIELD_NUMBER: _ClassVar[int]
    conversation: str
    synchronization: str
    proposal: str
    def __init__(self, conversation: _Optional[str] = ..., synchronization: _Optional[str] = ..., proposal: _Optional[str] = ...) -> None: ...

class ConverseResponse(_message.Message):
    __slots__ = ("sequence", "opened", "market_part", "question", "withdrawn", "receipt", "closed")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    MARKET_PART_FIELD_NUMBER: _ClassVar[int]
    QUESTION_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    opened: StreamOpened
    market_part: _markets_pb2.MarketPart
    question: Question
    withdrawn: QuestionWithdrawn
    receipt: Receipt
    closed: ConversationClosed
    def __init__(self, sequence: _Optional[int] = ..., opened: _Optional[_Union[StreamOpened, _Mapping]] = ..., market_part: _Optional[_Union[_markets_pb2.MarketPart, _Mapping]] = ..., question: _Optional[_Union[Question, _Mapping]] = ..., withdrawn: _Optional[_Union[QuestionWithdrawn, _Mapping]] = ..., receipt: _Optional[_Union[Receipt, _Mapping]] = ..., closed: _Optional[_Union[ConversationClosed, _Mapping]] = ...) -> None: ...
