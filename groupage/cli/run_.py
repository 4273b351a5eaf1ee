"""``groupage run``: one policy on one scenario."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from groupage.cli.console import eur, percent, print_json, progress_bar
from groupage.cli.console import out as console


def run(
    scenario: Annotated[Path, typer.Argument(help="Folder of a scenario.")],
    policy: Annotated[str, typer.Option(help="Name of a protocol, or a policy file in TOML.")],
    seed: Annotated[int, typer.Option(min=0, help="Root of every random draw.")],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    stability: Annotated[
        bool, typer.Option(help="Work out every coalition's cost: slow, and tells who would rather leave.")
    ] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run a scenario under a policy and write tables, summary and manifest."""
    from experiments.policies import load_policy
    from experiments.runs import RunSpec
    from experiments.runs import run as run_scenario

    spec = RunSpec(load_policy(policy), seed, stability)
    with progress_bar("day", quiet=json_output) as show:
        summary = run_scenario(scenario, spec, out, lambda done, total: show(done, total, ""))
    if json_output:
        print_json(summary)
        return
    print_summary(spec.policy.name, summary)
    console.print(f"\nResults are in {out}; `groupage report {out}` makes a page of them.", markup=False)


def print_summary(name: str, s: dict[str, Any]) -> None:
    """Say what came out, before and after."""
    saved = s["saving_eur"]
    word = "saved" if saved >= 0 else "cost more by"
    console.print(
        f"{name}: {s['shipments']} shipments in {s['days']} days, {s['pooled']} pooled; {word} "
        f"{eur(abs(saved))} EUR ({percent(abs(s['saving_percent'] or 0.0))}) against going alone.",
        markup=False,
    )
    table = Table("", "alone", "with this policy", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for label, key, show in (
        ("paid, EUR", "total_cost_eur", eur),
        ("resource cost, EUR", "resource_cost_eur", eur),
        ("distance, km", "distance_km", lambda x: f"{x:,.0f}"),
        ("vehicles", "vehicles", lambda x: f"{x:,.0f}"),
        ("CO2e, kg", "kgco2e", lambda x: f"{x:,.0f}"),
        ("load factor", "load_factor", lambda x: percent(None if x is None else 100 * x, 0)),
        ("on time", "on_time_percent", percent),
    ):
        before = s["standalone_cost_eur"] if key == "total_cost_eur" else s[f"standalone_{key}"]
        table.add_row(label, show(before), show(s[key]))
    console.print(table)
    if s["unserved"]:
        console.print(f"{s['unserved']} shipments could not be served at all.", style="yellow")
    for line in (*_shares_lines(s.get("sharing")), *_stability_lines(s["stability"])):
        console.print(line, markup=False)


def _shares_lines(sharing: dict[str, Any] | None) -> Iterator[str]:
    """Say how even the savings are, how sure the shares, and where the rule fell back."""
    if not sharing:
        return
    rational = "nobody pays more than alone"
    if sharing["days_rational"] < sharing["days"]:
        rational = f"nobody pays more than alone on {sharing['days_rational']} of {sharing['days']} days"
    even = f"evenness of the savings in per cent (Jain's index, 1 is even) {sharing['jain_index']:.2f}"
    yield f"Shares: {rational}; {even}."
    if sharing["largest_standard_error_eur"] is not None:
        error = eur(sharing["largest_standard_error_eur"])
        yield f"Shares are estimated from a sample of groups: standard error of up to {error} EUR."
    for note in sharing["notes"]:
        yield f"Where the rule fell back: {note}."


def _stability_lines(st: dict[str, Any] | None) -> Iterator[str]:
    """Say who would rather leave, and how surely."""
    if not st:
        return
    yield (
        f"Stable on {st['days_in_core']} of {st['days']} days; the most tempted group would gain "
        f"{eur(st['largest_violation_eur'])} EUR by leaving."
    )
    if st["days_not_distinguishable"]:
        yield (
            f"Not distinguishable from stable on {st['days_not_distinguishable']} more: plans of the same goods differ "
            f"by up to {eur(st['largest_routing_noise_eur'])} EUR with the seed of the search alone."
        )
    if st["days_not_certified"]:
        yield (
            f"Not certified on {st['days_not_certified']} of {st['days']} days, {st['coalitions_evaluated']:,} groups "
            "looked at in all: a group that was not looked at may be more tempted."
        )
