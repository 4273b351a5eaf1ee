"""Why a shipment was pooled or not, and how a participant fared: a run's plain facts that a viewer may see."""

from __future__ import annotations

import difflib
import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from agents.day import HELD, POOL, UNSERVED
from agents.telling import POOLED_REASON, quoted, without_quote
from agents.visibility import Phase, Role, visible
from experiments.explain_record import OWN_MEANS, Record
from experiments.runs import read_spec
from groupage.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

OPERATOR = Role.OPERATOR.value
SHIPMENT, PARTICIPANT = "shipment", "participant"

TWO_OWNERS = (
    "only two owners had goods in the pool: whoever knows what the pool cost in all can tell from one's share the "
    "other's share and gain"
)
TWO_MEMBERS = (
    "there are only two owners in this region: whoever knows what the pool cost in all can tell from one's share the "
    "other's share and gain"
)
_MONEY_AND_COUNTS = (
    "standalone_eur",
    "paid_eur",
    "saving_eur",
    "reservation_eur",
    "expected_saving_eur",
    "received_eur",
    "cost_eur",
    "gain_eur",
    "work_lost_eur",
    "disclosed",
)


def explain(results: Path, subject: str, viewer: str = OPERATOR, policy: str | None = None) -> dict[str, Any]:
    """Tell what became of a shipment or a participant, day by day.

    Parameters
    ----------
    results
        Folder of a run; or of a comparison, together with ``policy``.
    subject
        Id of a shipment or of a participant: an owner, a carrier, a hub or a client's site.
    viewer
        Who asks: the operator, or the id of a participant, who is told what `agents.visibility` lets it see.

    Returns
    -------
    dict
        ``subject``, ``kind``, ``viewer``, ``policy``, ``days`` (facts by the names of the visibility matrix, those left
        out that the viewer may not see), ``notes``; for participants also ``roles`` and ``total``. Money in EUR, times
        local with their offset.

    Raises
    ------
    InputError
        If the folder is not a run's, nobody is called ``viewer``, or there is no such subject. A participant that asks
        about what is not its own gets the same answer whether or not there is such a thing.
    """
    folder = run_folder(results, policy)
    record = Record(folder)
    if viewer != OPERATOR and not record.roles(viewer):
        raise InputError(
            [Problem("--as", "", viewer, _expected("the operator or a participant", viewer, record.parties))]
        )
    found = _shipment(record, subject, viewer) or _participant(record, subject, viewer)
    if found is None:
        raise _unknown(record, subject, viewer)
    return {"subject": subject, "viewer": viewer, "policy": read_spec(folder).policy.name} | found


def run_folder(results: Path, policy: str | None) -> Path:
    """Return the folder of one run: the one given, or a policy's of a comparison.

    Raises
    ------
    InputError
        If a comparison is given without one of its policies, or a run of another policy.
    """
    comparison = results / "comparison.json"
    if not comparison.is_file():
        if policy is not None and (name := read_spec(results).policy.name) != policy:
            raise InputError([Problem("--policy", "", policy, f"{name}, the policy of {results}")])
        return results
    try:
        policies = json.loads(comparison.read_text(encoding="utf-8"))["policies"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError([Problem(str(comparison), "", "unreadable", "what `groupage compare` wrote")]) from None
    if policy is None:
        expected = f"one run of it: --policy with one of {', '.join(policies)}, or {results / 'runs' / policies[0]}"
        raise InputError([Problem(str(results), "", "a comparison of several runs", expected)])
    if policy not in policies:
        raise InputError([Problem("--policy", "", policy, _expected(f"a policy of {results}", policy, policies))])
    return results / "runs" / policy


def _expected(what: str, given: str, known: Iterable[str]) -> str:
    """Say what would have been right, with the nearest known ids."""
    near = difflib.get_close_matches(given, sorted(known), n=5, cutoff=0.3) or sorted(known)[:5]
    return f"{what}, such as {', '.join(near)}"


def _unknown(record: Record, subject: str, viewer: str) -> InputError:
    if viewer == OPERATOR:
        known = record.shipment_ids | record.parties
        expected = _expected("a shipment that came on the table, or a participant", subject, known)
        return InputError([Problem(str(record.folder), "", subject, expected)])
    # Said of every id that is not the viewer's, known or not, pooled or not.
    own = _expected("its own shipments and account", subject, record.owned_by(viewer) | {viewer})
    return InputError(f"{subject} is not for {viewer} to see: a participant is told of {own}")


def _seen(facts: Mapping[str, Any], roles: Iterable[Role]) -> dict[str, Any]:
    """Facts of the past that some role of the viewer may see."""
    held = tuple(roles)
    return {k: v for k, v in facts.items() if any(visible(k, role, Phase.AFTER) for role in held)}


def _shipment(record: Record, shipment: str, viewer: str) -> dict[str, Any] | None:
    """Explain a shipment by day; ``None`` if there is none, or nothing of it that the viewer may see."""
    days, notes = [], []
    for row in record.rows("shipments", shipment=shipment, scope="after"):
        facts = _shipment_facts(record, row)
        roles = _roles_on(record, row, facts, viewer)
        seen = _seen(_own_part(facts, roles, viewer), roles)
        if seen:
            days.append({"day": row["day"].isoformat()} | seen)
        if "mode" in seen:
            notes += _two_owner_notes(record, row["day"], pooled=row["mode"] == POOL, roles=roles)
    if not days:
        return None
    return {"kind": SHIPMENT, "days": days, "notes": list(dict.fromkeys(notes))}


def _shipment_facts(record: Record, row: dict[str, Any]) -> dict[str, Any]:
    """All facts of a shipment on one day."""
    day, shipment, owner = row["day"], row["shipment"], row["owner"]
    facts = {"owner": owner, "mode": row["mode"]}
    if promises := record.promises_of(day, shipment):
        facts["promises"] = promises
    if row["mode"] == HELD:
        return facts | {"reason": row["reason"]}
    quote = quoted(row["reason"])
    facts |= {
        "destination": row["destination"],
        "pallets": row["pallets"],
        "weight_kg": row["weight_kg"],
        "reason": POOLED_REASON if row["mode"] == POOL else without_quote(row["reason"]),
        "delivered_at": record.local(row["delivered_at"]),
        "on_time": row["on_time"],
        "late_hours": row["late_hours"],
        "reserve_eur": row["reserve_eur"],
        "legs": record.legs_of(row),
        "kgco2e": row["kgco2e"],
    }
    if row["mode"] == UNSERVED:
        del facts["delivered_at"], facts["late_hours"]
    if quote:
        facts["lowest_quote_eur"] = quote[0]
    if row["mode"] == POOL:
        others = record.co_loaded(day, shipment)
        facts |= {
            "co_loaded": others,
            "pooled_with_others": any(other["owner"] != owner for other in others),
            "bookings": record.bookings_of(day, shipment),
            "pool_owners": record.pool_owners(day),
        }
    for alone in record.rows("shipments", shipment=shipment, scope="before", day=day):
        facts |= {"alone_mode": alone["mode"], "alone_kgco2e": alone["kgco2e"]}
    for account in record.rows("shares", party=owner, day=day):
        facts |= _owner_account(account)
    return facts


def _owner_account(row: Mapping[str, Any]) -> dict[str, Any]:
    paid = row["share_eur"] + row["left_alone_eur"] + row["reservation_eur"]
    return {
        "standalone_eur": row["standalone_eur"],
        "paid_eur": round(paid, 2),
        "saving_eur": round(row["standalone_eur"] - paid, 2),
    }


def _roles_on(record: Record, row: Mapping[str, Any], facts: Mapping[str, Any], viewer: str) -> frozenset[Role]:
    """What a viewer is to a shipment on one day."""
    if viewer == OPERATOR:
        return frozenset({Role.OPERATOR})
    holds = {
        Role.OWNER: viewer == row["owner"],
        Role.CO_LOADER: any(other["owner"] == viewer for other in facts.get("co_loaded", ())),
        Role.CARRIER: any(own["carrier"] == viewer for what in ("legs", "promises") for own in facts.get(what, ())),
        Role.HUB: any(b["hub"] == viewer for b in facts.get("bookings", ())),
        Role.CONSIGNEE: viewer == row["destination"],
    }
    return frozenset(role for role, it_is in holds.items() if it_is)


def _own_part(facts: Mapping[str, Any], roles: frozenset[Role], viewer: str) -> dict[str, Any]:
    """Cut facts about several parties' work to the viewer's own."""
    part = dict(facts)
    if Role.OPERATOR in roles:
        return part
    if "bookings" in part:
        part["bookings"] = [b for b in part["bookings"] if b["hub"] == viewer]
    if "promises" in part and Role.OWNER not in roles:
        part["promises"] = [p for p in part["promises"] if p["carrier"] == viewer]
    if Role.OWNER in roles or "legs" not in part:
        return part
    brings_it = bool(part["legs"]) and part["legs"][-1]["carrier"] == viewer
    part["legs"] = [leg for leg in part["legs"] if leg["carrier"] == viewer]
    if not brings_it and Role.CONSIGNEE not in roles:
        # Who carried it to a hub only does not learn where it went from there, nor when it came.
        for fact in ("destination", "delivered_at", "on_time", "late_hours"):
            part.pop(fact, None)
    return part


def _two_owner_notes(record: Record, day: Any, *, pooled: bool, roles: frozenset[Role]) -> list[str]:
    """Warn where a share tells the other's; an owner is not told how many others pooled on a day."""
    if not pooled:
        return []
    if any(visible("pool_owners", role, Phase.AFTER) for role in roles):
        return [f"{day}: {TWO_OWNERS}"] if record.pool_owners(day) == 2 else []
    return [TWO_MEMBERS] if Role.OWNER in roles and len(record.owners) == 2 else []


def _participant(record: Record, party: str, viewer: str) -> dict[str, Any] | None:
    """Explain a participant by day; ``None`` if nobody is called so, or the viewer is another participant."""
    roles = record.roles(party)
    if not roles or viewer not in (OPERATOR, party):
        return None
    viewed_as = frozenset({Role.OPERATOR}) if viewer == OPERATOR else roles
    days, notes = [], []
    for day in record.days:
        facts = _party_facts(record, party, roles, day)
        days.append({"day": day.isoformat()} | _seen(facts, viewed_as))
        pooled = Role.OWNER in roles and facts["shipments"].get(POOL, 0) > 0
        notes += _two_owner_notes(record, day, pooled=pooled, roles=viewed_as)
    return {
        "kind": PARTICIPANT,
        "roles": sorted(roles),
        "days": days,
        "total": _total(days),
        "notes": list(dict.fromkeys(notes)),
    }


def _party_facts(record: Record, party: str, roles: frozenset[Role], day: Any) -> dict[str, Any]:
    """All facts of a participant on one day."""
    facts: dict[str, Any] = {}
    account = next(iter(record.rows("shares", party=party, day=day)), None)
    if Role.OWNER in roles:
        modes = Counter(r["mode"] for r in record.rows("shipments", owner=party, scope="after", day=day))
        facts["shipments"] = dict(sorted(modes.items()))
        facts |= (
            _owner_account(account) if account else dict.fromkeys(("standalone_eur", "paid_eur", "saving_eur"), 0.0)
        )
        facts["pool_owners"] = record.pool_owners(day)
        if account and account.get("standard_error_eur") is not None:
            facts["standard_error_eur"] = account["standard_error_eur"]
        facts |= record.sharing_on(day)
        facts |= record.borne_by(party, day)
    if roles & {Role.CARRIER, Role.HUB}:
        received, cost, lost = (
            account[k] if account else 0.0 for k in ("received_eur", "cost_eur", "displaced_revenue_eur")
        )
        reserved = record.reserved_with(day, party)
        received = round(received + math.fsum(r["price_eur"] - r["release_eur"] for r in reserved), 2)
        facts |= {"received_eur": received, "cost_eur": cost, "gain_eur": round(received - cost, 2)}
        if reserved:
            facts["reservations"] = reserved
        if Role.CARRIER in roles:
            facts |= {"work_lost_eur": lost, "loads": record.loads_of(day, party)}
        if Role.HUB in roles:
            facts["bookings"] = record.bookings_at(day, party)
    if Role.CONSIGNEE in roles:
        facts["deliveries"] = [
            {
                "shipment": r["shipment"],
                "delivered_at": record.local(r["delivered_at"]),
                "on_time": r["on_time"],
            }
            for r in record.rows("shipments", destination=party, scope="after", day=day)
            if r["mode"] != UNSERVED
        ]
    if roles - OWN_MEANS:
        facts["disclosed"] = account["disclosed"] if account else 0
        facts["notes"] = record.notes_on(day, party)
    return facts


def _total(days: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum the days' money and counts; shipments held are counted once a day."""
    total: dict[str, Any] = {}
    for name in _MONEY_AND_COUNTS:
        figures = [day[name] for day in days if name in day]
        if figures:
            total[name] = round(math.fsum(figures), 2) if name.endswith("_eur") else sum(figures)
    if any("shipments" in day for day in days):
        modes: Counter[str] = Counter()
        for day in days:
            modes.update(day["shipments"])
        total["shipments"] = dict(sorted(modes.items()))
    for name in ("loads", "bookings", "reservations", "deliveries"):
        if any(name in day for day in days):
            total[name] = sum(len(day.get(name, ())) for day in days)
    return total
