"""Every reason of an error, with its code, its metadata and its words: `groupage.v1.ErrorReason` as a table."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Reason:
    """What the contract says of one reason.

    Attributes
    ----------
    code
        gRPC status code.
    keys
        Keys of the metadata, all of which are always there.
    text
        What the status says to people; the same for every caller, so that it can tell nobody anything.
    """

    code: grpc.StatusCode
    keys: tuple[str, ...]
    text: str


_S = grpc.StatusCode

#: Reasons by name, in the order of the contract; a test holds them against it and against the page.
REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        "UNAUTHENTICATED_CALLER": Reason(
            _S.UNAUTHENTICATED, (), "no client certificate or token, or one that is unknown, expired or revoked"
        ),
        "NOT_ALLOWED": Reason(_S.PERMISSION_DENIED, (), "the caller may not do this"),
        "RESOURCE_NOT_FOUND": Reason(
            _S.NOT_FOUND, ("name",), "there is no such thing, or the caller may not know that there is"
        ),
        "INVALID_FIELD": Reason(_S.INVALID_ARGUMENT, (), "fields break their rules"),
        "MALFORMED_REQUEST": Reason(_S.INVALID_ARGUMENT, (), "the bytes are no message of the method's request type"),
        "REQUEST_ID_REUSED": Reason(
            _S.INVALID_ARGUMENT, ("request_id",), "the request id was used before, with another content"
        ),
        "ETAG_MISMATCH": Reason(_S.ABORTED, ("name",), "the stored etag is another one: read again"),
        "PAGE_TOKEN_INVALID": Reason(
            _S.INVALID_ARGUMENT, (), "the page token is none of this method's, or other fields changed since"
        ),
        "FILTER_INVALID": Reason(
            _S.INVALID_ARGUMENT, ("at",), "the filter cannot be read, or names a field that it may not"
        ),
        "MASK_INVALID": Reason(
            _S.INVALID_ARGUMENT, ("path",), "the update mask names what is no field, or one that only the server sets"
        ),
        "NAME_TAKEN": Reason(_S.ALREADY_EXISTS, ("name",), "the id that was given for the new name is taken"),
        "RATE_LIMITED": Reason(
            _S.RESOURCE_EXHAUSTED, ("limit",), "too many calls or bytes for now: wait as RetryInfo says"
        ),
        "REQUEST_TOO_LARGE": Reason(
            _S.RESOURCE_EXHAUSTED, ("limit",), "the message or a list in it is larger than allowed"
        ),
        "STORE_FULL": Reason(_S.RESOURCE_EXHAUSTED, (), "the store is full; nothing was stored"),
        "SERVER_DRAINING": Reason(
            _S.UNAVAILABLE, (), "the server is stopping; ask again, or go on with the stream elsewhere"
        ),
        "STORE_UNAVAILABLE": Reason(
            _S.UNAVAILABLE, (), "the store does not answer; ask again with the same request id"
        ),
        "INTERNAL_FAULT": Reason(
            _S.INTERNAL, ("incident_id",), "a fault of the service: give the incident id to the operator"
        ),
        "COMPANY_SUSPENDED": Reason(_S.FAILED_PRECONDITION, (), "the company is suspended; reads go on"),
        "CALL_TIMED_OUT": Reason(
            _S.DEADLINE_EXCEEDED,
            (),
            "the caller's deadline passed; a write may have been stored: ask again with the same request id",
        ),
        "GLN_TAKEN": Reason(_S.ALREADY_EXISTS, ("gln",), "another record of the company has this GLN"),
        "SITE_UNKNOWN": Reason(_S.INVALID_ARGUMENT, ("site",), "the site is not among the company's"),
        "TIME_ZONE_UNKNOWN": Reason(_S.INVALID_ARGUMENT, ("time_zone",), "the time zone is no IANA name"),
        "EMISSION_CLASS_UNKNOWN": Reason(
            _S.INVALID_ARGUMENT, ("emission_class",), "there is no factor for this emission class"
        ),
        "VEHICLE_TYPE_UNKNOWN": Reason(_S.INVALID_ARGUMENT, ("vehicle_type",), "the vehicle type is unknown"),
        "ROLE_MISSING": Reason(_S.FAILED_PRECONDITION, ("role",), "the company does not have the role that this needs"),
        "RESOURCE_IN_USE": Reason(
            _S.FAILED_PRECONDITION, ("used_by",), "something that is not finished still names it"
        ),
        "COMPANY_UNKNOWN": Reason(_S.INVALID_ARGUMENT, ("company",), "there is no such company"),
        "NOT_A_MEMBER": Reason(_S.FAILED_PRECONDITION, (), "the caller is no member of the pool that takes part now"),
        "ALREADY_MEMBER": Reason(_S.ALREADY_EXISTS, (), "the company is a member or invited"),
        "NOTICE_RUNNING": Reason(_S.FAILED_PRECONDITION, ("leave_time",), "notice was given already"),
        "POOL_CLOSED": Reason(_S.FAILED_PRECONDITION, (), "the pool is closed"),
        "RULEBOOK_OPEN": Reason(
            _S.FAILED_PRECONDITION, ("rulebook",), "another version of the rulebook is open for consent"
        ),
        "RULEBOOK_NOT_OPEN": Reason(_S.FAILED_PRECONDITION, (), "the rulebook is not open for consent, nor in force"),
        "RULEBOOK_NOT_IN_FORCE": Reason(
            _S.FAILED_PRECONDITION, ("rulebook",), "another rulebook is in force than the one that the caller named"
        ),
        "CONSENT_MISSING": Reason(
            _S.FAILED_PRECONDITION, ("rulebook",), "the caller has not consented to the rulebook"
        ),
        "DIGEST_MISMATCH": Reason(_S.ABORTED, (), "the digest is not that of the stored rulebook: read it again"),
        "POLICY_INVALID": Reason(
            _S.INVALID_ARGUMENT, (), "the policy names or parametrises a strategy wrongly, or a grant names no fact"
        ),
        "TARIFF_UNKNOWN": Reason(_S.INVALID_ARGUMENT, ("tariff",), "the tariff is unknown, or a contract"),
        "EXPORT_UNKNOWN": Reason(_S.NOT_FOUND, (), "there is no such file of an export, or it was erased"),
        "EXTERNAL_REF_TAKEN": Reason(
            _S.ALREADY_EXISTS, ("external_ref", "name"), "another order of the company has this reference"
        ),
        "WINDOW_PASSED": Reason(_S.FAILED_PRECONDITION, (), "the delivery window, or the planning window, is over"),
        "ORDER_NEGOTIATING": Reason(_S.FAILED_PRECONDITION, ("synchronization",), "the order is being negotiated"),
        "ORDER_COMMITTED": Reason(
            _S.FAILED_PRECONDITION, ("synchronization",), "the order is in a committed plan: make a change request"
        ),
        "ORDER_FINISHED": Reason(_S.FAILED_PRECONDITION, (), "the order is delivered or cancelled"),
        "ORDER_UNKNOWN": Reason(
            _S.INVALID_ARGUMENT, ("order",), "there is no such order among those that the caller may speak of"
        ),
        "HISTORY_MISSING": Reason(
            _S.FAILED_PRECONDITION, ("days", "needed_days"), "there is too little demand history to learn from"
        ),
        "MODEL_MISSING": Reason(_S.FAILED_PRECONDITION, (), "no model is READY"),
        "OPERATION_RUNNING": Reason(_S.FAILED_PRECONDITION, ("operation",), "such an operation is under way already"),
        "SYNCHRONIZATION_OPEN": Reason(
            _S.FAILED_PRECONDITION,
            ("synchronization",),
            "the caller is in an open synchronization of that window already",
        ),
        "DEADLINE_TOO_SHORT": Reason(
            _S.INVALID_ARGUMENT,
            (),
            "there is no room for a reply, or for the rulebook's time to decide, before `decide_by`",
        ),
        "DEADLINE_PASSED": Reason(_S.FAILED_PRECONDITION, ("expire_time",), "the time to answer is over"),
        "PROPOSAL_NOT_OPEN": Reason(
            _S.FAILED_PRECONDITION, ("state",), "the proposal was answered otherwise already, or is superseded"
        ),
        "NOT_REQUESTER": Reason(_S.FAILED_PRECONDITION, (), "only who made it may, or the operator"),
        "ALREADY_FINAL": Reason(
            _S.FAILED_PRECONDITION, ("state",), "the synchronization is committed, released, cancelled or failed"
        ),
        "NOT_COMMITTED": Reason(
            _S.FAILED_PRECONDITION, (), "the synchronization is not committed, so that there is nothing to change"
        ),
        "CHANGE_OPEN": Reason(_S.FAILED_PRECONDITION, ("change_request",), "another change of this order is open"),
        "CHANGE_NOT_OPEN": Reason(_S.FAILED_PRECONDITION, ("state",), "the change request is decided already"),
        "SEQUENCE_UNKNOWN": Reason(
            _S.OUT_OF_RANGE,
            ("first", "last"),
            "the sequence number was never given, or is older than what is kept: start at 0, or read the resource",
        ),
        "WATCHER_TOO_SLOW": Reason(
            _S.RESOURCE_EXHAUSTED,
            (),
            "the watcher took nothing of what waits for it for a minute; go on from the last sequence number",
        ),
        "STREAM_REPLACED": Reason(_S.ABORTED, (), "another stream was opened for the same company and role"),
        "STREAM_NOT_OPENED": Reason(_S.FAILED_PRECONDITION, (), "the first message of the stream did not open it"),
        "QUESTION_UNKNOWN": Reason(_S.NOT_FOUND, ("question_id",), "the question was never asked of the caller"),
        "REPLY_LATE": Reason(_S.FAILED_PRECONDITION, ("question_id", "reply_by"), "the answer came after its deadline"),
        "REPLY_MALFORMED": Reason(
            _S.INVALID_ARGUMENT,
            ("question_id",),
            "the answer does not fit its question: another topic, a row that was not asked for, a cell missing",
        ),
        "ANSWER_CONFLICT": Reason(_S.ALREADY_EXISTS, ("question_id",), "another answer to the question is on record"),
        "EVENT_CONFLICT": Reason(
            _S.ALREADY_EXISTS, ("event_id",), "another event with this id and another content is on record"
        ),
        "LOAD_UNKNOWN": Reason(
            _S.INVALID_ARGUMENT, ("load_id",), "there is no such load or booking among the caller's"
        ),
        "EVENT_IN_FUTURE": Reason(
            _S.INVALID_ARGUMENT, (), "the event is said to have happened more than five minutes from now"
        ),
    }
)
