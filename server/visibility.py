"""The visibility matrix of `agents.visibility` applied to the wire: which fields show which fact.

One table; what a field shows to whom follows from it and from the matrix, and a field of a proposal that is not in it
is a fault (`tests/server/test_visibility.py`). docs/reference/visibility.md is written from it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from agents.visibility import MATRIX, Phase, Role, reached, visible
from groupage.errors import PolicyError, Problem
from groupage.v1 import rulebooks_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from groupage.v1 import proposals_pb2

Grants = tuple[tuple[str, str, str], ...]

# What a rulebook may show beyond the matrix: nobody's costs, prices, forecasts or stakes, nor what tells them.
GRANTABLE = frozenset(
    {
        *("owner", "origins", "destination", "places", "pallets", "weight_kg", "volume_m3", "handling", "papers"),
        *("mode", "pooled_with_others", "co_loaded", "legs", "driven_by", "delivered_at", "on_time", "late_hours"),
        *("kgco2e", "pool_owners", "deliveries"),
    }
)

_OWNER, _ORDERS, _LEGS = "Proposal.owner_part", "Proposal.owner_part.orders", "Proposal.owner_part.orders.legs"
_CARRIER, _LOADS = "Proposal.carrier_part", "Proposal.carrier_part.loads"
_STOPS, _GOODS = f"{_LOADS}.stops", f"{_LOADS}.jobs"
_HUB, _BOOKINGS = "Proposal.hub_part", "Proposal.hub_part.bookings"
_BOUGHT, _SOLD = f"{_OWNER}.promises", f"{_CARRIER}.promises"
_JOBS = "MarketPart.jobs"
_RESERVATION = "reservation_id good quantity used price_cents release_cents"

# Fact, message that shows it by its place in another, and the fields.
_ROWS: tuple[tuple[str, str, str], ...] = (
    ("owner", "Order", "name"),
    ("owner", _JOBS, "own_order"),
    ("owner", _ORDERS, "order"),
    ("owner", _GOODS, "owner"),
    ("owner", _BOUGHT, "owner orders"),
    ("owner", _SOLD, "owner orders"),
    ("origins", "Order", "origins"),
    ("origins", _JOBS, "origins"),
    ("destination", "Order", "destination"),
    ("destination", _JOBS, "destination"),
    ("places", _LEGS, "from_place to_place"),
    ("places", _STOPS, "place_name"),
    *((fact, place, fact) for fact in ("pallets", "weight_kg", "volume_m3") for place in ("Order", _JOBS, _GOODS)),
    ("pallets", _LEGS, "pallets"),
    ("pallets", _BOOKINGS, "pallets"),
    ("handling", "Order", "handling"),
    ("handling", _JOBS, "handling"),
    ("handling", f"{_GOODS}.handling", "adr_labels temperature certificates"),
    ("papers", "Order", "external_ref ssccs"),
    ("papers", _GOODS, "external_ref ssccs"),
    ("stakes", "Order", "stakes"),
    ("mode", _ORDERS, "outcome held_until"),
    ("mode", "Order", "held_until"),
    ("reason", "Order", "held_reason"),
    ("reason", _ORDERS, "reason"),
    ("reason", "OrderChanged", "reason"),
    ("reserve_eur", _ORDERS, "reserve_cents"),
    ("pooled_with_others", _ORDERS, "pooled_with_others"),
    ("co_loaded", _ORDERS, "co_loaded_companies"),
    ("legs", _ORDERS, "pickup_at"),
    ("legs", _LEGS, "load_id pickup_at delivery_at"),
    ("driven_by", _LEGS, "carrier"),
    ("driven_by", _BOUGHT, "carrier"),
    ("driven_by", _SOLD, "carrier"),
    ("delivered_at", _ORDERS, "delivery_at"),
    ("delivered_at", "Shipment", "delivered_at expected_arrival"),
    ("late_hours", "Shipment", "late_hours"),
    ("kgco2e", _ORDERS, "transport_kgco2e"),
    ("alone_kgco2e", _ORDERS, "alone_kgco2e"),
    *(("promises", p, "promise_id due_day latest_delivery_at price_cents state reason") for p in (_BOUGHT, _SOLD)),
    ("standalone_eur", _OWNER, "standalone_cents"),
    ("paid_eur", _OWNER, "paid_cents left_cents"),
    ("paid_eur", f"{_OWNER}.lines", "line cents"),
    ("saving_eur", _OWNER, "saving_cents"),
    ("standard_error_eur", _OWNER, "standard_error_cents"),
    ("reservation_eur", _OWNER, "reservation_cents reserving_cents reserving_day"),
    ("expected_saving_eur", _OWNER, "expected_saving_cents"),
    *(("fees", part, "fees_cents") for part in (_OWNER, _CARRIER, _HUB)),
    *(("fees", f"{part}.fee_lines", "line cents") for part in (_CARRIER, _HUB)),
    *(("received_eur", part, "received_cents liability_cents") for part in (_CARRIER, _HUB)),
    *(
        ("reservations", f"{part}.{field}", f"{_RESERVATION} day settled")
        for part in (_CARRIER, _HUB)
        for field in ("reservations", "reserving")
    ),
    ("loads", _LOADS, "load_id vehicle_type price_cents"),
    ("loads", f"{_LOADS}.price_lines", "line cents"),
    ("loads", _STOPS, "position place arrival_at start_at departure_at pickups deliveries"),
    ("loads", f"{_STOPS}.location", "latitude longitude"),
    ("loads", _GOODS, "job"),
    ("bookings", _BOOKINGS, "booking_id load_id hub start_at end_at storage_pallet_hours price_cents"),
    ("disclosed", "Proposal", "disclosed"),
    ("disclosed", "MessageLogged", "disclosed"),
)
FACT_OF: Mapping[str, str] = {f"{place}.{name}": fact for fact, place, names in _ROWS for name in names.split()}
FIELDS: Mapping[str, tuple[str, ...]] = {
    fact: tuple(path for path, shows in FACT_OF.items() if shows == fact) for fact in MATRIX
}
# Of a proposal, what tells of nothing but itself: that it was made to this company, and where it stands.
ENVELOPE = frozenset(
    f"Proposal.{name}"
    for name in ("name", "company", "round", "state", "expire_time", "etag", "create_time", "update_time")
)
# Whose part it is says what its reader is to what stands there.
_READERS: Mapping[str, tuple[Role, ...]] = {
    "owner_part": (Role.OWNER,),
    "carrier_part": (Role.CARRIER,),
    "hub_part": (Role.HUB,),
    "disclosed": (Role.OWNER, Role.CARRIER, Role.HUB),
}
# An owner is a co-loader of what travels with its goods: what stands here is about others.
_OF_OTHERS: Mapping[str, tuple[Role, ...]] = {f"{_ORDERS}.co_loaded_companies": (Role.OWNER, Role.CO_LOADER)}


def shown(fact: str, role: Role, phase: Phase, grants: Grants = ()) -> bool:
    """Tell whether a fact is shown by the matrix, or by what a rulebook grants beyond it."""
    return visible(fact, role, phase) or any(
        fact == granted and role == viewer and reached(Phase(since), phase) for granted, viewer, since in grants
    )


def field_shown(path: str, phase: Phase, grants: Grants = ()) -> bool:
    """Tell whether a field of a proposal is shown to whom the proposal is made.

    Raises
    ------
    KeyError
        If the table says of no fact that it is shown there: nothing is shown by mistake.
    """
    if path in ENVELOPE:
        return True
    readers = _OF_OTHERS.get(path) or _READERS[path.split(".")[1]]
    return any(shown(FACT_OF[path], role, phase, grants) for role in readers)


@cache
def hidden_fields(phase: Phase, grants: Grants = ()) -> frozenset[str]:
    """Paths in a proposal that are not shown."""
    return frozenset(p for p in FACT_OF if p.startswith("Proposal.") and not field_shown(p, phase, grants))


def blank(message: proposals_pb2.Proposal, phase: Phase, grants: Grants = ()) -> None:
    """Clear every field of a proposal that its company may not see in a phase."""
    for path in hidden_fields(phase, grants):
        _clear([message], path.split(".")[1:])


def _clear(messages: Iterable[Any], path: list[str]) -> None:
    name, *rest = path
    for message in messages:
        if not rest:
            message.ClearField(name)
        elif message.DESCRIPTOR.fields_by_name[name].is_repeated:
            _clear(getattr(message, name), rest)
        elif message.HasField(name):
            _clear([getattr(message, name)], rest)


def grants_of(message: rulebooks_pb2.Visibility, where: str = "rulebook") -> Grants:
    """Facts that a rulebook shows beyond the matrix: name, viewer's role, phase.

    Raises
    ------
    PolicyError
        If the matrix has no such fact, or it is one that no rulebook may show.
    """
    found, problems = [], []
    for i, grant in enumerate(message.grants):
        field = f"visibility.grants[{i}].fact"
        if grant.fact not in MATRIX:
            problems.append(Problem(where, field, grant.fact, f"one of {', '.join(sorted(GRANTABLE))}"))
        elif grant.fact not in GRANTABLE:
            said = "a fact that is nobody's cost, price, forecast or stake: " + ", ".join(sorted(GRANTABLE))
            problems.append(Problem(where, field, grant.fact, said))
        viewer = rulebooks_pb2.ViewerRole.Name(grant.viewer).removeprefix("VIEWER_ROLE_").lower()
        phase = rulebooks_pb2.Phase.Name(grant.phase).removeprefix("PHASE_").lower()
        found.append((grant.fact, viewer, phase))
    if problems:
        raise PolicyError(problems)
    return tuple(sorted(set(found)))


_LETTERS = {Phase.BEFORE: "always", Phase.PROPOSED: "proposed", Phase.AFTER: "after"}


def table_text() -> str:
    """Write the matrix with the wire's fields as a Markdown table."""
    roles = [role for role in Role if role is not Role.OPERATOR]
    head = ["fact", "what", *(str(role).replace("_", "-") for role in roles), "may be granted", "fields"]
    rows = [head, ["---"] * len(head)]
    for name, fact in MATRIX.items():
        since = [fact.since(role) for role in roles]
        fields = "<br>".join(f"`{path}`" for path in FIELDS.get(name, ())) or "none"
        grantable = "yes" if name in GRANTABLE else "no"
        rows.append([f"`{name}`", fact.meaning, *(_LETTERS[s] if s else "–" for s in since), grantable, fields])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
