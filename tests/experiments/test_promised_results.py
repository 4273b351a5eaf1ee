"""Promises in results: written down, explained to whom they concern alone, and replayed."""

from __future__ import annotations

import json
from operator import itemgetter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agents.policy import Choice, Policy
from experiments.explain import explain
from experiments.generator import generate_to, generator_params
from experiments.runs import RunSpec, replay_run, run
from groupage.cli.app import app
from groupage.errors import InputError
from tests.agents.test_promised_days import TIGHT
from tests.experiments.explained import TINY, rows

POLICY = Policy(name="tiny", protocol=Choice(name="alternating_offers"), effort=TINY)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two days with promises."""
    folder = tmp_path_factory.mktemp("promised")
    sizes = {"factories": 3, "hubs": 1, "carriers": 1, "clients": 20, "orders_per_day": 20, "days": 2, "seed": 2}
    generate_to(folder / "scenario", generator_params(**sizes, **TIGHT, intermittent_share=0.0))
    run(folder / "scenario", RunSpec(POLICY, 1), folder / "results")
    return folder / "results"


def test_written_down(results: Path) -> None:
    """Each promise has its rows on the day that it was made, and on the day that it was due: kept, or void and why."""
    made = rows(results, "promises", state="made")
    ended = [r for r in rows(results, "promises") if r["state"] != "made"]
    assert made
    named = ("promise", "shipment", "owner", "carrier", "due_day", "latest_at", "price_eur")
    key = itemgetter(*named)
    assert sorted(map(key, made)) == sorted(map(key, ended))
    assert all(r["day"] == r["due_day"] for r in ended)
    assert all(r["day"] < r["due_day"] for r in made)
    assert all(bool(r["reason"]) == (r["state"] == "void") for r in [*made, *ended])
    for r in ended:
        if r["state"] == "kept":
            shipment = rows(results, "shipments", shipment=r["shipment"], day=r["day"], scope="after")[0]
            assert (shipment["mode"], shipment["carrier"]) == ("pool", r["carrier"])
            assert shipment["delivered_at"] <= r["latest_at"]


def test_explained(results: Path) -> None:
    """An owner is told of its promise on both days; the carrier of its own; nobody else of any."""
    row = rows(results, "promises", state="made")[0]
    told = explain(results, row["shipment"], row["owner"])["days"]
    assert told[0]["mode"] == "held"
    assert [day["promises"][0]["state"] for day in told] == ["made", "kept"]
    assert told[0]["promises"][0]["price_eur"] == row["price_eur"]
    assert told[0]["promises"][0]["due_day"] == str(row["due_day"])
    assert str(row["due_day"]) in told[0]["reason"]
    assert row["carrier"] not in told[0]["reason"]
    carrier = explain(results, row["shipment"], row["carrier"])["days"]
    assert carrier[0]["promises"] == told[0]["promises"]
    assert "reason" not in carrier[0]
    others = {r["owner"] for r in rows(results, "shipments")} - {row["owner"]}
    for other in others:
        with pytest.raises(InputError):
            explain(results, row["shipment"], other)
    client = rows(results, "shipments", shipment=row["shipment"], mode="pool")[0]["destination"]
    assert "promises" not in json.dumps(explain(results, row["shipment"], client))


def test_on_the_command_line(results: Path) -> None:
    """``groupage explain`` says with whom, for when and at what price a promise was made, and that it was kept."""
    row = rows(results, "promises", state="made")[0]
    said = CliRunner().invoke(app, ["explain", str(results), row["shipment"], "--as", row["owner"]]).output
    assert f"Promise made: {row['carrier']}, {row['due_day']}" in said
    assert "Promise kept" in said


def test_replayed(results: Path) -> None:
    """The record of a run with promises replays to the same settlements."""
    assert replay_run(results)["settlements_equal"]
