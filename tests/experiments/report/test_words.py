"""Numbers and reasons in words."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from agents.holding import HOLDING, HoldingView
from agents.protocols import reasons
from agents.telling import NOT_TAKEN, NOT_WORTH_TAKING, lowest_quote, quoted, without_quote
from experiments.report.words import (
    co2e,
    count,
    eur,
    event,
    listed,
    number,
    percent,
    reason_group,
    signed,
)
from forecasting import Forecast
from logistics.costs import CostLine


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (number(1234567.4), "1,234,567"),
        (number(-0.4), "0"),
        (number(-1234.5, 1), "\u22121,234.5"),
        (number(math.nan), "\u2013"),
        (eur(99.994), "99.99 EUR"),
        (eur(100.4), "100 EUR"),
        (eur(-12.3), "\u221212.30 EUR"),
        (eur(None), "\u2013"),
        (percent(100.0), "100 %"),
        (percent(99.96), "100.0 %"),
        (percent(math.inf), "\u2013"),
        (co2e(9999.0), "9,999 kg CO\u2082e"),
        (co2e(12345.0), "12.3 t CO\u2082e"),
        (signed(3.25, 1, "%"), "+3.2 %"),
        (signed(-3.25, 1, "%"), "\u22123.2 %"),
        (signed(0.01, 1, "points"), "no change"),
        (count(1, "day"), "1 day"),
        (count(1200, "factory", "factories"), "1,200 factories"),
        (listed(["a"]), "a"),
        (listed("abc"), "a, b and c"),
        (listed("abcdef"), "a, b, c and 3 more"),
        (listed([]), ""),
    ],
)
def test_figures_read_well(written: str, expected: str) -> None:
    """Thousands are separated, units follow, a minus is a minus, and what is not a figure is a dash."""
    assert written.replace("\u00a0", " ") == expected


def test_every_cost_line_has_plain_words() -> None:
    """No line of cost appears in a report under its technical name."""
    from experiments.report.words import LINE_LABELS

    assert set(LINE_LABELS) == set(CostLine)


def test_reasons_that_differ_in_figures_are_one_group() -> None:
    """Unknown reasons are grouped by their words, known ones by what they come to."""
    assert reason_group("dock 3 was full at 10:30") == reason_group("dock 14 was full at 9:05")
    assert reason_group("C2 holds no ADR certificate, needed for goods") == "Dangerous goods rules keep it apart"
    assert reason_group("") == "No reason was recorded"


def test_every_reason_of_a_protocol_has_its_own_plain_words() -> None:
    """No two reasons that protocols give come to the same words."""
    parts = (reasons.LEFT_OUT, reasons.AFTER_REFUSAL)
    given = {v for k, v in vars(reasons).items() if k.isupper() and isinstance(v, str) and v not in parts}
    given |= {reasons.DEARER + reasons.AFTER_REFUSAL, lowest_quote(300, 200), lowest_quote(100, 200)}
    words = {why: reason_group(why) for why in given}
    assert len(set(words.values())) == len(given)


def test_why_shipments_wait_is_told_rule_by_rule() -> None:
    """Waiting for volume, for days and for a forecast come to different words, whatever the figures."""
    view = HoldingView("s", ("lane",), 2.0, 3, lane=("F1", "Z2"))
    today = date(2026, 3, 2)
    forecast = Forecast(("lane",), today, np.full((1, 2, 1), 9.0))
    words = {}
    for name, make in HOLDING.items():
        decision = make().decide([view], forecast, today, np.random.default_rng(1))[0]
        if decision.hold:
            words[name] = reason_group(decision.reason)
    assert words["quantity"] == words["time_and_quantity"] == "Its lane gathers until it makes a good load"
    assert words["time_based"] == "Its lane gathers until its oldest shipment has waited long enough"
    assert words["quantity_based"].startswith("More is expected on its lane tomorrow")


def test_who_cannot_go_alone_either_is_told_of_that_first() -> None:
    """A shipment that neither the pool nor its owner takes is grouped by what leaves it undelivered."""
    alone = "no vehicle or tariff open to its owner takes it"
    assert reason_group(f"{alone}, and {reasons.NO_PLAN}") == reason_group(alone)


def test_reasons_without_figures_keep_what_the_figures_say() -> None:
    """Going alone is called no dearer only where the lowest quote was not below it; no figure is left."""
    for quote, alone, said in ((300, 200, NOT_WORTH_TAKING), (200, 200, NOT_WORTH_TAKING), (100, 200, NOT_TAKEN)):
        assert without_quote(lowest_quote(quote, alone)) == said
    assert without_quote(f"nobody, and {lowest_quote(300, 200)}") == f"nobody, and {NOT_WORTH_TAKING}"
    assert without_quote(reasons.NO_PLAN) == reasons.NO_PLAN
    assert "offered less" in reason_group(lowest_quote(100, 200))


def test_quotes_are_read_out_of_reasons() -> None:
    """The lowest quote and the cost alone are found in the reason that names them, and in no other."""
    assert quoted("the lowest quote was 233.38 EUR, going alone was put at 71.97 EUR") == (233.38, 71.97)
    assert quoted("no carrier in the pool could fit it into its day") is None


def test_refusals_tell_who_and_why() -> None:
    """A refusal is split into what happened and to whom; other notes stand as they are."""
    assert event("C (1) on quotes: failure (no reply in time)") == (
        "Asked for quotes, {} did not answer: no reply in time",
        "C (1)",
    )
    assert event("negotiated again without H1") == ("Negotiated again without H1", "")
