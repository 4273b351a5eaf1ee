"""``groupage explain`` in words and as JSON, and how its refusals end."""

import json
import shutil
import sys

import pytest
from typer.testing import CliRunner

from experiments.explain import explain
from groupage.cli import app, console
from tests.experiments.explained import put_rows, rows, small_run, through_hub


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results folder of a small run."""
    return small_run(tmp_path_factory.mktemp("explain"))


@pytest.fixture(scope="module")
def pooled(results):
    """A pooled shipment's row."""
    return rows(results, "shipments", scope="after", mode="pool")[0]


@pytest.fixture
def say(results, monkeypatch):
    """Run the command on the results."""
    # The console may have taken its width from the environment when another test imported it.
    monkeypatch.setattr(console.out, "width", 300)

    def with_args(*args, folder=results):
        result = CliRunner().invoke(app.app, ["explain", str(folder), *args])
        assert result.exit_code == 0, result.output
        return result.stdout

    return with_args


def test_how_sure_shares_are(results, say, tmp_path):
    """In words: the standard error, who is tempted, and over how many groups that was looked at."""
    copy = tmp_path / "copy"
    shutil.copytree(results, copy)
    put_rows(copy, "shares", [r | {"standard_error_eur": 3.5} for r in rows(copy, "shares")])
    figures = {"in_core": False, "violating_coalition": "F1+F2", "largest_violation_eur": 9.0}
    figures |= {"certified": False, "coalitions_evaluated": 1040, "verdict": "not distinguishable from stable"}
    put_rows(copy, "days", [r | {"stability": json.dumps(figures)} for r in rows(copy, "days")])
    said = say("F1", folder=copy)
    assert "standard error 3.50 EUR" in said
    assert (
        "shares are not distinguishable from stable: F1, F2 would pay 9.00 EUR less on their own "
        "(not certified, 1,040 groups looked at)"
    ) in said


def test_json(results, pooled, say):
    """One object, as the library gives it."""
    told = json.loads(say(pooled["shipment"], "--as", pooled["owner"], "--json"))
    assert told == explain(results, pooled["shipment"], pooled["owner"])


def test_operator(results, pooled, say):
    """The operator reads who else was on the vehicle, what the owner paid, and who carried it when."""
    text = say(pooled["shipment"])
    leg = rows(results, "legs", shipment=pooled["shipment"])[0]
    other = next(r for r in rows(results, "legs", load=leg["load"], day=leg["day"]) if r["shipment"] != leg["shipment"])
    assert f"{pooled['day']}: pooled." in text
    assert other["shipment"] in text.partition("On the same load: ")[2].splitlines()[0]
    assert f"Carried by {pooled['carrier']} on {leg['load']} from {leg['from_site']}" in text
    assert "EUR alone" in text
    assert "CO2e" in text


def test_owner(results, pooled, say):
    """An owner reads that others were on the vehicle, not who."""
    text = say(pooled["shipment"], "--as", pooled["owner"])
    assert f"as {pooled['owner']} may see it" in text
    assert "Pooled with others: yes." in text
    assert "On the same load" not in text
    others = {r["owner"] for r in rows(results, "shipments")} - {pooled["owner"]}
    assert not [o for o in others if f"{o}:" in text]


@pytest.mark.parametrize("viewer", ["carrier", "destination"])
def test_carriers_and_clients(viewer, pooled, say):
    """A carrier and a client read of the delivery, and of no owner's money."""
    text = say(pooled["shipment"], "--as", pooled[viewer])
    assert "Delivered" in text
    assert "EUR" not in text


def test_held(results, say):
    """A shipment that waited is said to have, and why."""
    row = rows(results, "shipments", mode="held")[0]
    text = say(row["shipment"])
    assert f"{row['day']}: held for a later day." in text
    assert row["reason"] in text


def test_left_outside(results, say):
    """For a shipment outside the pool the operator reads the quote and the reserve."""
    row = next(r for r in rows(results, "shipments", scope="after") if "lowest quote" in (r["reason"] or ""))
    text = say(row["shipment"])
    assert "not pooled" in text
    assert "the lowest quote was" in text
    assert "its reserve" in text


def test_hub(results, say, tmp_path):
    """Hops through a hub and the docks booked for them are listed."""
    copy, leg = through_hub(results, tmp_path / "hub")
    text = say(leg["shipment"], folder=copy)
    assert "Carried by C1 on C1-in" in text
    assert "Dock at H1 for C1-in" in text
    assert "dock slots" in say("H1", folder=copy)


@pytest.mark.parametrize(
    ("party", "words"),
    [
        ("F1", ["F1 (owner)", "Over 2 days, shipments:", "EUR alone", "private figures", "saved EUR"]),
        ("C1", ["C1 (carrier)", "at a cost of", "received EUR", "tours"]),
        ("H1", ["H1 (hub)", "dock slots"]),
    ],
)
def test_participants(party, words, say):
    """A participant's account stands by day and in all."""
    text = say(party)
    assert not [w for w in words if w not in text]
    assert [line for line in text.splitlines() if line.startswith("all ")]


def test_refusal_ends_with_2(results, pooled, monkeypatch, capsys):
    """Asking about another's shipment ends with exit code 2 and one plain sentence."""
    other = next(r["shipment"] for r in rows(results, "shipments") if r["owner"] != pooled["owner"])
    monkeypatch.setattr(sys, "argv", ["groupage", "explain", str(results), other, "--as", pooled["owner"]])
    with pytest.raises(SystemExit) as ended:
        app.run()
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert f"{other} is not for {pooled['owner']} to see" in printed.err
