"""Plain words and number formats of the report."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from agents.telling import quoted
from logistics.costs import CostLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

NBSP = "\u00a0"
MINUS = "\u2212"
NOTHING = "\u2013"
CO2E = "CO\u2082e"

LINE_LABELS: Mapping[str, str] = {
    CostLine.FIXED: "Vehicles for the day",
    CostLine.DISTANCE: "Kilometres driven",
    CostLine.TIME: "Drivers' hours",
    CostLine.TOLL: "Road tolls",
    CostLine.GROUPAGE: "Groupage networks",
    CostLine.COMMITMENT: "Contract vehicles owed but not used",
    CostLine.RESERVATION: "Vehicles and dock slots reserved ahead",
    CostLine.HANDLING: "Handling at hubs",
    CostLine.DOCK_SLOT: "Dock slots at hubs",
    CostLine.STORAGE: "Storage at hubs",
    CostLine.WAITING: "Waiting",
    CostLine.HOLDING: "Goods held for a later day",
    CostLine.LATENESS: "Late deliveries",
    CostLine.LINE_STOP: "Clients' lines that stopped",
}

PROTOCOLS: Mapping[str, str] = {
    "alternating_offers": (
        "owners and carriers bargain in pairs about price, day and delivery window, and owners and hubs about fees, "
        "making offers in turn until a deadline"
    ),
    "coalition_formation": "owners form pools and leave them, as long as nobody loses by it and somebody gains",
    "standalone": "everybody goes alone; nothing is pooled",
    "contract_net": "shipments are offered to all carriers round by round; the lowest quote wins where it saves most",
    "iterated_contract_net": "as contract_net; then carriers pass requests on among themselves, as long as that saves",
    "combinatorial_auction": "carriers bid for whole tours of their choice, and the bids that cost least together win",
    "request_exchange": "carriers release tours area by area and bid for the requests on them, as long as that saves",
    "trustee": (
        "one neutral planner is told everybody's figures and plans for all: the bound that others are held against"
    ),
}
SHARING: Mapping[str, str] = {
    "proportional": "everybody in the pool saves the same percentage",
    "shapley": "everybody pays its average extra cost over all orders in which the pool could have formed",
    "nucleolus": "the group with the least reason to stay is made as content as possible",
    "per_capita_nucleolus": "the group with the least reason to stay per member is made as content as possible",
    "equal_profit": "everybody saves as nearly the same percentage as leaves no group a reason to leave",
    "alternative_cost_avoided": "everybody pays what it adds to all others, and a part of the rest by what it avoids",
    "cost_gap": "everybody pays the same part of the way from the least to the most that could be asked of it",
    "least_core": "no group has more reason to leave than must be, and beyond that all save nearly the same percentage",
    "nash_bargaining": "everybody in the pool saves the same amount of money",
}
BIDDING: Mapping[str, str] = {
    "truthful": "carriers and hubs ask for what the work really adds to their costs",
    "adaptive": "carriers and hubs ask for a margin too, which rises with what they win and falls with what they lose",
    "markup": "carriers and hubs ask for what the work adds to their costs, and a margin",
}
CONCESSION: Mapping[str, str] = {
    "boulware": "who bargains holds out, and gives way only towards the deadline",
    "linear": "who bargains gives way by the same amount in every round",
    "conceder": "who bargains gives most of the way in the first rounds",
    "tit_for_tat": "who bargains gives as much as the other side has just given",
}
HOLDING: Mapping[str, str] = {
    "ship_now": "whatever can be delivered today is put on the table today",
    "quantity_based": "a shipment waits a day when enough more is expected on its lane tomorrow",
    "quantity": "shipments on a lane gather until they make a good load, or one of them must go",
    "time_based": "shipments on a lane gather for some days, and then leave together",
    "time_and_quantity": "shipments on a lane gather until they make a good load, for some days at most",
    "forecast_value": "a shipment waits a day when the orders that all expect make waiting worth more than it costs",
}
RESERVATION: Mapping[str, str] = {
    "none": "vehicles and dock slots are bought on the day",
    "newsvendor": "vehicles and dock slots are reserved ahead where all that is expected makes that pay",
}
LEVERS: Mapping[str, str] = {
    "cost": "its true costs",
    "standalone": "its true cost alone",
    "urgency": "its true urgency",
    "volume": "its true volume",
}
TOPICS: Mapping[str, str] = {
    "offer": "cost alone of each shipment",
    "standalone": "cost alone of groups of shipments",
    "tariffs": "vehicle costs",
    "quotes": "quotes",
    "plan": "prices of tours",
    "loads": "agreement to drive",
    "award": "confirmation of an award",
    "coalition": "whether it joins a coalition",
    "remainder": "what the rest costs alone",
    "buying": "an answer to carriers' offers",
    "selling": "an answer to owners' offers",
    "wishes": "the deals that it wants most",
    "choice": "the deals that it wants most",
    "deal": "confirmation of a deal",
    "bookings": "confirmation of dock slots",
    "hub_terms": "hub terms",
    "outlook": "forecasts",
    "holdable": "what waiting costs",
    "hold": "agreement to hold",
    "capacity": "prices of reserved capacity",
    "reserve": "agreement to a reservation",
    "reserved": "confirmation of a reservation",
}

# What reasons in settlements come to, in plain words. The first pattern that is found counts.
_REASONS: tuple[tuple[str, str], ...] = (
    (r"no vehicle or tariff open to its owner", "No vehicle and no tariff open to its owner takes it"),
    (
        r"lowest quote was .* going alone was put at",
        "No offer in the pool was worth taking: going alone costs its owner no more",
    ),
    (r"no pooled plan was cheaper", "No pooled plan was cheaper than going alone"),
    (r"owner did not offer it", "Its owner did not offer it to the pool"),
    (r"stated no cost of going alone", "Its owner stated no cost of going alone that carrying it could save"),
    (r"no carrier in the pool offered", "No carrier in the pool offered to carry it"),
    (r"could fit it into its day", "No carrier in the pool had room and time for it that day"),
    (r"gave no plan for it", "Awarded at first, but its carrier then gave no plan that can be driven"),
    (r"in no coalition with others", "In no pool with others would everybody have paid no more than without"),
    (r"did not come to terms", "Its owner and the carriers that it bargained with did not come to terms"),
    (r"quoted for it went back on its word", "A carrier that quoted for it went back on its word"),
    (r"rounds of the negotiation ended", "The rounds of the negotiation ended before it was awarded"),
    (r"carrier would not drive it", "Planned at first, but its carrier would not drive it"),
    (r"hub on its way would not handle it", "Planned at first, but the hub on its way would not handle it"),
    (r"left out: it did not say", "Its owner was left out: it did not say what going alone costs it"),
    (r"left out: what the pool did not take", "Its owner was left out: the rest would have cost it too much alone"),
    (
        r"left out: .* gone back on its word",
        "Its owner was left out: after somebody went back on its word, the pool was dearer with it than going alone",
    ),
    (r"left out: with it the pool was dearer", "Its owner was left out: with it the pool was dearer than going alone"),
    (r"policy does not pool", "The policy does not pool"),
    (r"delivery window is on a later day", "Its delivery window is on a later day"),
    (r"its lane has .* of the .* economic load", "Its lane gathers until it makes a good load"),
    (r"no shipment was held for", "Its lane gathers until its oldest shipment has waited long enough"),
    (r"waiting for the next day's orders", "What is expected tomorrow makes waiting worth more than it costs"),
    (r"economic load", "More is expected on its lane tomorrow: together they make a better load"),
    (r"outside the planning window", "Its delivery window lies outside the planning day"),
    (r"is closed during the delivery window", "The client is closed during its delivery window"),
    (r"^the goods are ready at", "The goods are ready too late to be delivered in time"),
    (r"is closed while the goods could be loaded", "Where the goods lie is closed while they could be loaded"),
    (r"no vehicle on offer may carry it", "No vehicle in the pool may carry it"),
    (r"ADR|danger label", "Dangerous goods rules keep it apart"),
    (r"does not keep goods|temperature|chilled|frozen", "Temperature rules keep it apart"),
    (r"certificate", "No carrier with the certificates it needs"),
)
_FIGURES = re.compile(r"\d[\d.,:]*")
_REFUSAL = re.compile(r"^(?P<who>.+) on (?P<topic>\w+): (?P<how>[\w-]+) \((?P<why>.*)\)$", re.DOTALL)
_HOW = {
    "refuse": "refused",
    "reject-proposal": "refused",
    "failure": "did not answer",
    "not-understood": "did not understand",
}


def number(value: float | None, decimals: int = 0) -> str:
    """Write a number with thousands separators; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 and text.strip("0.,") else text


def counted(value: float | None) -> str:
    """Write a count, or a mean of counts with a decimal where it has one and is small."""
    return number(
        value,
        0 if value is None or not math.isfinite(value) or abs(value) >= 100 or abs(value - round(value)) < 0.05 else 1,
    )


def eur(value: float | None, decimals: int | None = None) -> str:
    """Write money: whole EUR from 100 on, cents below."""
    if value is None or not math.isfinite(value):
        return NOTHING
    places = decimals if decimals is not None else 0 if abs(value) >= 100 or value == 0 else 2
    return f"{number(value, places)}{NBSP}EUR"


def percent(value: float | None, decimals: int = 1) -> str:
    """Write a percentage that is given in percent."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{number(value, 0 if value in (0, 100) else decimals)}{NBSP}%"


def co2e(kilograms: float | None) -> str:
    """Write emissions: kilograms, from ten tonnes on tonnes."""
    if kilograms is None or not math.isfinite(kilograms):
        return NOTHING
    if abs(kilograms) >= 10_000:
        return f"{number(kilograms / 1000, 1)}{NBSP}t{NBSP}{CO2E}"
    return f"{number(kilograms, 0 if abs(kilograms) >= 100 else 1)}{NBSP}kg{NBSP}{CO2E}"


def signed(value: float | None, decimals: int = 1, unit: str = "") -> str:
    """Write a change with its sign."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = number(value, decimals)
    if not text.strip("0.,"):
        return "no change" if unit else text
    plus = "+" if value > 0 else ""
    return f"{plus}{text}{NBSP}{unit}" if unit else f"{plus}{text}"


def count(many: int, one: str, more: str = "") -> str:
    """Write a count with its noun."""
    return f"{many:,}{NBSP}{one if many == 1 else more or one + 's'}"


def day_label(day: date, *, year: bool = False) -> str:
    """Write a day as in 2 Mar, without depending on a locale."""
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[day.month - 1]
    return f"{day.day}{NBSP}{month}{NBSP}{day.year}" if year else f"{day.day}{NBSP}{month}"


def weekday(day: date) -> str:
    """Name of a day's weekday."""
    return ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")[day.weekday()]


def listed(names: Iterable[str], most: int = 4) -> str:
    """Write names as a sentence does, the many as a count."""
    known = list(names)
    if len(known) > most:
        known = [*known[: most - 1], f"{len(known) - most + 1:,} more"]
    return " and ".join([", ".join(known[:-1]), known[-1]] if len(known) > 1 else known)


def shortened(text: str, longest: int = 26) -> str:
    """Cut a text that is too long for a chart."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}\u2026"


def line_label(line: str) -> str:
    """Plain label of a cost line."""
    return LINE_LABELS.get(line, line.replace("_", " ").capitalize())


def reason_group(reason: str) -> str:
    """Plain words for a reason: reasons that differ in figures alone are one group."""
    figures = quoted(reason)
    if figures is not None and figures[0] < figures[1]:
        return "A carrier offered less than going alone costs, but no award came of it"
    for pattern, words in _REASONS:
        if re.search(pattern, reason):
            return words
    plain = _FIGURES.sub("\u2026", reason).strip()
    return plain[:1].upper() + plain[1:] if plain else "No reason was recorded"


def event(note: str) -> tuple[str, str]:
    """Split a negotiation's note into what happened, in plain words, and to whom (empty where it does not say)."""
    refusal = _REFUSAL.match(note)
    if refusal is None:
        return note[:1].upper() + note[1:], ""
    about = TOPICS.get(refusal["topic"], refusal["topic"].replace("_", " "))
    return f"Asked for {about}, {{}} {_HOW.get(refusal['how'], refusal['how'])}: {refusal['why']}", refusal["who"]
