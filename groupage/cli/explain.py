"""``groupage explain``: why a shipment was pooled or not, or how a participant fared."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from groupage.cli.console import eur, print_json
from groupage.cli.console import out as console

Facts = Mapping[str, Any]

_WAYS = {
    "pool": "pooled",
    "alone": "not pooled: its owner sent it alone",
    "groupage": "not pooled: its owner sent it by a groupage network",
    "held": "held for a later day",
    "unserved": "not served: neither pooled nor sent alone",
}
_ALONE_WAYS = {"alone": "on a vehicle of its own", "groupage": "by a groupage network", "unserved": "not at all"}
_COUNTS = {"pool": "pooled", "alone": "alone", "groupage": "groupage", "held": "held", "unserved": "not served"}
_COLUMNS = {
    "standalone_eur": "alone EUR",
    "paid_eur": "paid EUR",
    "saving_eur": "saved EUR",
    "reservation_eur": "for reservations EUR",
    "received_eur": "received EUR",
    "cost_eur": "cost EUR",
    "gain_eur": "gain EUR",
    "work_lost_eur": "work lost EUR",
    "loads": "tours",
    "bookings": "dock slots",
    "deliveries": "deliveries",
    "disclosed": "figures disclosed",
}


def explain(
    results: Annotated[Path, typer.Argument(help="Folder written by run, or by compare together with --policy.")],
    subject: Annotated[str, typer.Argument(help="A shipment or a participant.", metavar="SHIPMENT|PARTICIPANT")],
    viewer: Annotated[
        str, typer.Option("--as", help="Who asks: a participant is told only what it may see.", metavar="VIEWER")
    ] = "operator",
    policy: Annotated[str | None, typer.Option(help="Which run of a comparison.")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say why a shipment was pooled or not, with whom and at what price, or how a participant fared."""
    from experiments.explain import SHIPMENT
    from experiments.explain import explain as explained

    found = explained(results, subject, viewer, policy)
    if json_output:
        print_json(found)
        return
    asked = "" if viewer == "operator" else f", as {viewer} may see it"
    if found["kind"] == SHIPMENT:
        console.print(Text(f"Shipment {subject} under {found['policy']}{asked}", style="bold"))
        for day in found["days"]:
            for line in _shipment_lines(day):
                console.print(Text(line))
    else:
        roles = " and ".join("client" if r == "consignee" else r for r in found["roles"])
        console.print(Text(f"{subject} ({roles}) under {found['policy']}{asked}", style="bold"))
        for line in _party_lines(found["total"], len(found["days"])):
            console.print(Text(line))
        console.print(_party_table(found))
        for line in _party_details(found["days"]):
            console.print(Text(line))
    for note in found["notes"]:
        console.print(Text(f"Note: {note}.", style="yellow"))


def _promise(promise: Facts) -> str:
    """Say what was promised, and why it is void."""
    several = f" for {promise['shipments']} shipments" if promise["shipments"] > 1 else ""
    said = f"{promise['carrier']}, {promise['due_day']}, {eur(promise['price_eur'])} EUR{several}"
    if promise["latest_at"]:
        said += f", delivery to start by {promise['latest_at'][11:16]}"
    return f"{said}; {promise['reason']}" if promise["reason"] else said


def _shipment_lines(day: Facts) -> Iterator[str]:
    """Say what became of a shipment on one day; facts that the viewer may not see are not there."""
    yield f"\n{day['day']}: {_WAYS[day['mode']]}." if "mode" in day else f"\n{day['day']}"
    for promise in day.get("promises", ()):
        yield f"  Promise {promise['state']}: {_promise(promise)}."
    if day.get("reason"):
        quote = day.get("lowest_quote_eur")
        yield f"  Why: {day['reason']}{'' if quote is None else f' (the lowest quote was {eur(quote)} EUR)'}."
    goods = [f"{day['pallets']:g} pallets"] if "pallets" in day else []
    goods += [f"{day['weight_kg']:,.0f} kg"] if "weight_kg" in day else []
    places = [f"{word} {day[key]}" for word, key in (("of", "owner"), ("to", "destination")) if key in day]
    if goods or "destination" in day:
        yield f"  Goods: {', '.join(goods)}{' ' if goods else ''}{' '.join(places)}".rstrip() + "."
    yield from _with_whom(day)
    for leg in day.get("legs", ()):
        yield f"  {_leg(leg)}."
    for b in day.get("bookings", ()):
        yield (
            f"  Dock at {b['hub']} for {b['load']}: {_clock(b['start_at'])} to {_clock(b['end_at'])}, "
            f"{b['pallets']:g} pallets, {eur(b['price_eur'])} EUR for the whole load."
        )
    yield from _delivery(day)
    yield from _money(day)
    if "kgco2e" in day:
        alone = f", {day['alone_kgco2e']:,.1f} kg without a pool" if "alone_kgco2e" in day else ""
        yield f"  CO2e: {day['kgco2e']:,.1f} kg{alone}."


def _with_whom(day: Facts) -> Iterator[str]:
    if "co_loaded" in day:
        by_owner: dict[str, list[str]] = {}
        for other in day["co_loaded"]:
            by_owner.setdefault(other["owner"], []).append(other["shipment"])
        with_whom = "; ".join(f"{owner}: {', '.join(sorted(set(own)))}" for owner, own in sorted(by_owner.items()))
        yield f"  On the same load: {with_whom or 'nothing else'}."
    elif "pooled_with_others" in day:
        yield f"  Pooled with others: {'yes' if day['pooled_with_others'] else 'no, only with its own owner'}."


def _leg(leg: Facts) -> str:
    if leg["load"] is None:
        return f"Carried by {leg['carrier']}'s groupage network to {leg['to_site']}"
    origin = f"from {leg['from_site']}" if leg["from_site"] else ""
    loaded = f" ({_clock(leg['loaded_at'])})" if leg["loaded_at"] else ""
    unloaded = f" ({_clock(leg['unloaded_at'])})" if leg["unloaded_at"] else ""
    return f"Carried by {leg['carrier']} on {leg['load']} {origin}{loaded} to {leg['to_site']}{unloaded}"


def _clock(moment: str) -> str:
    """Time of day of an ISO moment, in the region's local time."""
    return moment[11:16]


def _delivery(day: Facts) -> Iterator[str]:
    if "on_time" not in day:
        return
    if "delivered_at" not in day:
        yield "  Not delivered on this day."
        return
    at = day["delivered_at"]
    when = f"{at[:10]} at {_clock(at)}" if at else "in the course of the day"
    late = "on time" if day["on_time"] else f"{day['late_hours']:,.1f} hours late"
    yield f"  Delivered {when}, {late}."


def _money(day: Facts) -> Iterator[str]:
    if "alone_mode" in day and day.get("mode") != day["alone_mode"]:
        yield f"  Without a pool it would have gone {_ALONE_WAYS.get(day['alone_mode'], day['alone_mode'])}."
    if day.get("reserve_eur") is not None:
        yield f"  What its owner put it at alone (its reserve): {eur(day['reserve_eur'])} EUR."
    if "paid_eur" in day:
        yield (
            f"  Its owner paid {eur(day['paid_eur'])} EUR for all its shipments of this day, "
            f"{eur(day['standalone_eur'])} EUR alone: {_saved(day['saving_eur'])}."
        )


def _saved(saving_eur: float) -> str:
    if saving_eur == 0:
        return "no difference"
    return f"{eur(abs(saving_eur))} EUR {'saved' if saving_eur > 0 else 'more'}"


def _party_lines(total: Facts, days: int) -> Iterator[str]:
    """Say how a participant fared over all days."""
    over = f"Over {days} day{'' if days == 1 else 's'}"
    if "shipments" in total:
        counts = ", ".join(f"{n} {_COUNTS[mode]}" for mode, n in total["shipments"].items()) or "none"
        yield f"{over}, shipments: {counts}."
    if "paid_eur" in total:
        alone = f"{eur(total['standalone_eur'])} EUR alone: {_saved(total['saving_eur'])}"
        yield f"{over}, paid {eur(total['paid_eur'])} EUR, {alone}."
    if "reservation_eur" in total:
        yield (
            f"Of that, {eur(total['reservation_eur'])} EUR went for vehicles and dock slots reserved ahead for it, "
            f"which were expected to save it {eur(total['expected_saving_eur'])} EUR against buying them on the day."
        )
    if "received_eur" in total:
        gain = f" at a cost of {eur(total['cost_eur'])} EUR: a gain of {eur(total['gain_eur'])} EUR"
        yield f"{over}, received {eur(total['received_eur'])} EUR for work in the pool{gain}."
    if total.get("work_lost_eur"):
        yield f"The pool took work worth {eur(total['work_lost_eur'])} EUR from it that it would have had otherwise."
    if "disclosed" in total:
        yield f"It told the coordinator {total['disclosed']:,} private figures."


def _party_table(found: Facts) -> Table:
    total = found["total"]
    modes = list(total.get("shipments", ()))
    columns = [name for name in _COLUMNS if name in total]
    table = Table(box=None, pad_edge=False)
    table.add_column("day")
    for heading in (*(_COUNTS[m] for m in modes), *(_COLUMNS[name] for name in columns)):
        table.add_column(heading, justify="right")

    def cells(facts: Facts) -> list[str]:
        counts = [str(facts["shipments"].get(mode, 0)) for mode in modes]
        figures = [facts[name] if not isinstance(facts[name], list) else len(facts[name]) for name in columns]
        return counts + [
            eur(figure) if name.endswith("_eur") else f"{figure:,}"
            for name, figure in zip(columns, figures, strict=True)
        ]

    for day in found["days"]:
        table.add_row(day["day"], *cells(day))
    table.add_row("all", *cells(total), style="bold")
    return table


def _stability(found: Facts) -> str:
    """Whether a group would rather leave, and how surely."""
    words = found.get("verdict") or ("stable" if found["in_core"] else "not stable")
    said = f"shares are {words}"
    if not found["in_core"]:
        group = found["violating_coalition"].replace("+", ", ")
        said += f": {group} would pay {eur(found['largest_violation_eur'])} EUR less on their own"
    if not found["certified"]:
        said += f" (not certified, {found['coalitions_evaluated']:,} groups looked at)"
    return said


def _party_details(days: list[Facts]) -> Iterator[str]:
    """Say which tours, dock slots and deliveries there were, and what was noted."""
    for day in days:
        for load in day.get("loads", ()):
            way = " > ".join(stop["site"] for stop in load["stops"])
            yield (
                f"{day['day']} {load['load']} ({load['vehicle']}): {load['shipments']} shipments, "
                f"{load['distance_km']:,.0f} km, paid {eur(load['price_eur'])} EUR: {way}"
            )
        for r in day.get("reservations", ()):
            kind = "dock slots" if r["kind"] == "dock_slot" else r["good"]
            back = f", {eur(r['release_eur'])} EUR given back" if r["release_eur"] else ""
            yield (
                f"{day['day']} reserved ahead: {r['quantity']} {kind}, {r['used']} used, "
                f"paid {eur(r['price_eur'])} EUR{back}"
            )
        for b in day.get("bookings", ()):
            slot = f"{_clock(b['start_at'])} to {_clock(b['end_at'])}"
            yield f"{day['day']} {slot} for {b['load']}: {b['pallets']:g} pallets, paid {eur(b['price_eur'])} EUR"
        for d in day.get("deliveries", ()):
            at = _clock(d["delivered_at"]) if d["delivered_at"] else "during the day"
            yield f"{day['day']} {d['shipment']}: {at}, {'on time' if d['on_time'] else 'late'}"
        if "standard_error_eur" in day:
            error = eur(day["standard_error_eur"])
            yield f"{day['day']} its share is estimated from a sample of groups: standard error {error} EUR"
        if "stability" in day:
            yield f"{day['day']} {_stability(day['stability'])}"
        if "sharing_note" in day:
            yield f"{day['day']} where the sharing rule fell back: {day['sharing_note']}"
        for note in day.get("notes", ()):
            yield f"{day['day']} {note}"
