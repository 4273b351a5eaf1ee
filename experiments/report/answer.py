"""The answer in plain words: what pooling was worth, for whom, how sure, and what to keep in mind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.report.facts import AFTER, BEFORE, GROUPAGE, Measures, Party, RunFacts, known
from experiments.report.words import CO2E, co2e, count, counted, eur, listed, number, percent, shortened
from logistics.sites import SiteKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STANDALONE = "standalone"
TRUSTEE = "trustee"
_CENT = 0.005
_LONGEST_NAME = 40
_EVEN_PERCENT = 0.15  # savings this close together read as the same percentage


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands at the top of a report.

    Attributes
    ----------
    points
        Heading and sentences.
    caveats
        Sentences that qualify the answer.
    """

    headline: str
    lead: str
    points: Sequence[tuple[str, str]]
    caveats: Sequence[str]


def named(names: Mapping[str, str], who: str) -> str:
    """Name of a participant: the longer one where there is one."""
    return names.get(who) or who or "no name"


def briefly(names: Mapping[str, str], who: str) -> str:
    """Name of a participant, cut where a sentence would drown in it."""
    return shortened(named(names, who), _LONGEST_NAME)


def owner_noun(facts: RunFacts) -> str:
    """Say factory where every owner is one, else owner."""
    places = facts.files.setting.places
    kinds = {places[p.id].kind if p.id in places else None for p in facts.owners}
    return "factory" if kinds == {SiteKind.FACTORY} else "owner"


def owners_counted(facts: RunFacts) -> str:
    """Count owners with their noun."""
    noun = owner_noun(facts)
    return count(len(facts.owners), noun, "factories" if noun == "factory" else "")


def run_answer(facts: RunFacts) -> Answer:
    """Answer for one run."""
    headline, lead = _headline(facts)
    points = [("For whom", _for_whom(facts))] if facts.pooled else []
    points += [("Real, or on paper", text) for text in [real_saving_words(facts.total)] if text and facts.pooled]
    points += [("Climate and road", text) for text in [climate_words(facts.total)] if text and facts.pooled]
    points += [("Service", text) for text in [service_words(facts)] if text]
    points.append(
        (
            "How sure",
            "This is one run with one seed: no interval can be given. A comparison with replications gives one.",
        )
    )
    return Answer(headline, lead, points, caveats(facts))


def _headline(facts: RunFacts) -> tuple[str, str]:
    cost = facts.total.cost_eur
    days = count(len(facts.days), "planning day")
    if not facts.shipments:
        return "There was nothing to deliver", f"No shipment came on the table in {days}."
    if facts.unserved == facts.shipments:
        return (
            f"None of the {count(facts.shipments, 'shipment')} could be delivered",
            "Neither the pool nor anybody alone found a way; the reasons stand below.",
        )
    about = f"{owners_counted(facts)} had {count(facts.shipments, 'shipment')} to deliver in {days}"
    if facts.files.protocol == STANDALONE:
        return (
            f"Without a pool the deliveries cost {eur(cost.after)}",
            f"{about}. This is what pooling is held against.",
        )
    if not facts.pooled:
        return "Nothing was pooled, so nothing was saved", f"{about}; every one of them went its own way."
    paid = f"Going alone they would have paid {eur(cost.before)}; with the pool they paid {eur(cost.after)}"
    return saving_headline(cost.change, cost.change_percent), f"{about}. {paid}."


def saving_headline(change: float | None, change_percent: float | None, subject: str = "Pooling") -> str:
    """Say what was saved, or that it cost more."""
    if change is None:
        return f"What {subject[:1].lower()}{subject[1:]} was worth is not known"
    share = percent(abs(change_percent)) if change_percent is not None else ""
    if change < -_CENT:
        return f"{subject} saved {eur(-change)}{f', {share} of the cost without it' if share else ''}"
    if change > _CENT:
        return f"{subject} cost {eur(change)}{f' ({share})' if share else ''} more than going alone"
    return f"{subject} neither saved nor cost anything"


def _for_whom(facts: RunFacts) -> str:
    names = facts.files.setting.names
    plural = "factories" if owner_noun(facts) == "factory" else "owners"
    gained = sorted((p for p in facts.owners if p.gain > _CENT), key=lambda p: (-(p.gain_percent or 0.0), p.id))
    lost = [p for p in facts.owners if p.gain < -_CENT]
    sentences = []
    if gained:
        who = (
            f"All {len(gained)} {plural}"
            if len(gained) == len(facts.owners) > 1
            else f"{len(gained)} of {owners_counted(facts)}"
        )
        sentences.append(f"{who} paid less than alone{_range(gained, names)}.")
    if lost:
        worst = listed(f"{briefly(names, p.id)} ({eur(-p.gain)})" for p in lost)
        sentences.append(f"{count(len(lost), 'owner')} paid more than alone: {worst}.")
    paid = sum(p.received for p in facts.providers)
    if paid > _CENT:
        kept = sum(p.gain for p in facts.providers)
        how = f"{eur(abs(kept))} {'more' if kept > 0 else 'less'} than the work cost them"
        how = how if abs(kept) >= 1 else "just what the work cost them"
        sentences.append(f"Carriers and hubs were paid {eur(paid)} for pooled work, {how}.")
    displaced = sorted((p for p in facts.parties if p.displaced > _CENT), key=lambda p: (-p.displaced, p.id))
    if displaced:
        lose = listed(f"{briefly(names, p.id)} {eur(p.displaced)}" for p in displaced)
        sentences.append(f"Revenue lost by those who carry the goods today: {lose}.")
    return " ".join(sentences)


def _range(gained: Sequence[Party], names: Mapping[str, str]) -> str:
    rates = [(p.gain_percent, p.id) for p in gained if p.gain_percent is not None]
    if not rates:
        return ""
    (most, best), (least, last) = rates[0], rates[-1]
    if len(rates) == 1 or (most or 0.0) - (least or 0.0) < _EVEN_PERCENT:
        return f", by {percent(most)}"
    return f", by {percent(least)} ({briefly(names, last)}) to {percent(most)} ({briefly(names, best)})"


def real_saving_words(total: Measures) -> str:
    """Tell what is used up less from what only changes hands."""
    paid, resource = total.cost_eur.change, total.resource_eur.change
    if paid is None or resource is None:
        return ""
    share = f" ({percent(abs(total.resource_eur.change_percent))})" if total.resource_eur.change_percent else ""
    if resource >= -_CENT:
        more = f"{eur(resource)} more" if resource > _CENT else "no less"
        only = ": what was saved is other people's margin" if paid < -_CENT else ""
        return f"Driving, handling and lateness really use up {more}{share}{only}."
    used = f"Driving, handling and lateness really use up {eur(-resource)} less{share}"
    if resource - paid > max(1.0, -0.01 * paid):
        return f"{used}; the rest of the saving is margin that no longer has to be paid."
    if paid - resource > max(1.0, -0.01 * resource):
        return (
            f"{used}; those who ship keep {eur(max(0.0, -paid))} of it, the rest goes to carriers, hubs and operator."
        )
    return f"{used}: the saving is work that no longer has to be done, not margin that changes hands."


def climate_words(total: Measures) -> str:
    """Say what became of emissions, vehicles and kilometres."""
    sentences = []
    k = total.kgco2e
    if k.change is not None and k.before:
        fell = "fell" if k.change < 0 else "rose"
        sentences.append(
            f"Emissions {fell} by {percent(abs(k.change_percent or 0.0))}, from {co2e(k.before)} to {co2e(k.after)}."
        )
    v, d = total.vehicles, total.distance_km
    if v.before is not None and v.after is not None and d.before is not None and d.after is not None:
        sentences.append(
            f"{counted(v.after)} vehicle tours instead of {counted(v.before)}, "
            f"{number(d.after)} km instead of {number(d.before)} km."
        )
    return " ".join(sentences)


def service_words(facts: RunFacts) -> str:
    """Say what was on time and what was not delivered."""
    t = facts.total.on_time_percent
    sentences = []
    if t.after is not None:
        instead = f", {percent(t.before)} without the pool" if t.before is not None else ""
        same = "All deliveries were on time, with the pool and without." if t.after == t.before == 100 else ""
        sentences.append(same or f"{percent(t.after)} of the deliveries were on time{instead}.")
    if facts.unserved:
        alone = facts.modes[BEFORE].get("unserved", 0)
        sentences.append(
            f"{count(facts.unserved, 'shipment')} could not be delivered (without the pool: {number(alone)})."
        )
    return " ".join(sentences)


def caveats(facts: RunFacts) -> list[str]:
    """List what a careful reader has to know."""
    out = []
    if facts.files.summary.get("feasible") is False:
        out.append("The plan broke a promise that it should keep (see the run's own messages): do not use its figures.")
    if len(facts.owners) == 2 and facts.pooled:
        out.append(
            "With two in the pool, one's share reveals the other's gain: "
            "who knows its own share and the rule can work out the rest."
        )
    if facts.pooled and not facts.stability:
        out.append(
            "Whether a group would do better by leaving was not worked out: stability figures come only when asked for."
        )
    if any(facts.modes[s].get(GROUPAGE) for s in (BEFORE, AFTER)):
        out.append(
            "Goods in public groupage networks ride on vehicles that are counted neither among "
            "vehicles nor in kilometres; "
            f"their price and their {CO2E} are counted."
        )
    if facts.modes[AFTER]:
        out.append(
            "Tours are driven here as planned: late deliveries come from tight windows, not from traffic or breakdowns."
        )
    k = known(facts.operator_eur)
    if k is not None and abs(k) > _CENT:
        out.append(f"{eur(k)} stay with the operator." if k > 0 else f"The operator pays in {eur(-k)}.")
    return out
