"""The annex: exact terms, and what a run was made with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from experiments.report.reading import RunFiles, choice_name
from experiments.report.words import BIDDING, CONCESSION, HOLDING, PROTOCOLS, RESERVATION, SHARING

TERMS: Sequence[tuple[str, str]] = (
    (
        "Stand-alone cost",
        "What a participant pays without pooling: the cheapest of its running contracts and own vehicles with their "
        "commitments, a dedicated vehicle at public prices, and the carriers' public groupage tariffs.",
    ),
    (
        "Cost (paid)",
        "All that owners pay, by named line: prices of tours, groupage, hubs, unused "
        "commitments, and the cost of being "
        "late. What was paid for a tour is spread over its lines in proportion to their true cost.",
    ),
    ("Saving", "Stand-alone cost less cost with the pool, on the same shipments; in percent of stand-alone cost."),
    (
        "Resource cost (used up)",
        "What driving, handling, storing, waiting and lateness really use up, without prices, margins and fees.",
    ),
    (
        "Efficiency",
        "Share of the achievable saving that was reached: (stand-alone \u2212 negotiated) / "
        "(stand-alone \u2212 best known "
        "central plan), in resource cost. Empty where there is nearly nothing to gain (under 0.1 % of stand-alone).",
    ),
    (
        "Gain of a false report",
        "What a participant has more of a day, by its true costs, if it alone states its costs, urgency or volume "
        "wrongly by one of a few factors. The factor is chosen by the replications other than the one it is judged by.",
    ),
    (
        "Settlement",
        "The outcome of a day's negotiation: legs, loads, bookings, transfers, and what stayed unpooled and why. "
        "Everyone's share is derived from its transfers, which balance to the cent.",
    ),
    (
        "Share",
        "What an owner pays for its pooled shipments under the sharing rule; never above what they would cost it alone "
        "by its own statement.",
    ),
    (
        "Gain",
        "For an owner: stand-alone cost \u2212 cost of what it sent outside the pool \u2212 "
        "share. For a carrier or hub: what it "
        "received \u2212 true cost of the pooled work.",
    ),
    (
        "Displaced revenue",
        "What a carrier would have earned without the pool and no longer does. Such carriers "
        "stand outside the guarantee that "
        "nobody in a settlement is worse off.",
    ),
    (
        "Stability",
        "What the most tempted group would gain by leaving: the largest core violation, the maximum over groups S of "
        "(shares of S \u2212 cost of S on its own), 0 where no group gains.",
    ),
    (
        "Evenness (Jain)",
        "Jain's index of the relative savings s: (\u03a3 s)\u00b2 / (n \u03a3 s\u00b2). 1 where "
        "all save the same percentage.",
    ),
    (
        "Disclosure",
        "How many private figures (costs, quotes, prices) left their owner in messages, and to whom. All go to the "
        "coordinator and to nobody else.",
    ),
    (
        "Rounds and messages",
        "Exchanges of the coordinator with participants, and the messages in them, questions and answers.",
    ),
    (
        "Load factor",
        "Mean over vehicle tours of the largest share of any capacity (pallets, weight, volume) "
        "in use at any point of the "
        "tour; groupage networks are not in it.",
    ),
    ("On time", "Share of the delivered shipments whose unloading began by their due date."),
    (
        "Emissions",
        "Carbon dioxide equivalents, well-to-wheel (making the fuel and burning it), structured "
        "after ISO 14083 and the GLEC "
        "framework, with empty running and hub operations; allocated to shipments by tonnes times shortest distance. "
        "Factors: UK Government GHG Conversion Factors for "
        "Company Reporting 2025 (DESNZ and DEFRA; contains public sector information licensed under the Open "
        "Government Licence v3.0).",
    ),
    (
        "Interval",
        "95 % interval of the mean over replications (Student's t); none from a single one.",
    ),
)

BARGAINS = frozenset({"alternating_offers"})  # protocols in which parties give way to each other
_KINDS: Sequence[tuple[str, str, Mapping[str, str]]] = (
    ("protocol", "Negotiation", PROTOCOLS),
    ("sharing", "Sharing of the cost", SHARING),
    ("bidding", "Prices of carriers and hubs", BIDDING),
    ("concession", "Giving way in bargains", CONCESSION),
    ("holding", "Holding back", HOLDING),
    ("reservation", "Reserving ahead", RESERVATION),
    ("forecaster", "Forecast", {}),
)


def policy_terms(files: RunFiles) -> list[tuple[str, str]]:
    """Tell what a policy consists of."""
    out = [("Policy", files.policy_name)] if files.policy_name else []
    for key, title, words in _KINDS:
        if key == "concession" and choice_name(files.policy.get("protocol")) not in BARGAINS:
            continue
        choice = files.policy.get(key)
        name = choice_name(choice)
        if name:
            meaning = words.get(name)
            out.append((title, f"{name}{_params(choice)}{f': {meaning}' if meaning else ''}"))
    effort = files.policy.get("effort")
    if isinstance(effort, Mapping):
        out.append(("Effort", ", ".join(f"{k.replace('_', ' ')} {v:,}" for k, v in sorted(effort.items()))))
    for key in ("seed", "replication", "stability"):
        if key in files.config:
            out.append((key.capitalize(), _word(files.config[key])))
    return out


def _params(choice: Any) -> str:
    params = choice.get("params") if isinstance(choice, Mapping) else None
    return f" ({', '.join(f'{k} {v}' for k, v in sorted(params.items()))})" if params else ""


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
