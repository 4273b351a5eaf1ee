"""``groupage compare``: policies against each other."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from groupage.cli.console import out as console
from groupage.cli.console import percent, print_json, progress_bar


def _whole(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _cents(value: float | None) -> str:
    return "–" if value is None else f"{value:,.2f}"


def _share(value: float | None) -> str:
    return percent(None if value is None else 100 * value, 0)


ROWS: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("paid, EUR", "total_cost_eur", _whole),
    ("saved against going alone", "saving_percent", percent),
    ("resource cost, EUR", "resource_cost_eur", _whole),
    ("distance, km", "distance_km", _whole),
    ("vehicles", "vehicles", _whole),
    ("CO2e, kg", "kgco2e", _whole),
    ("load factor", "load_factor", _share),
    ("on time", "on_time_percent", percent),
    ("shipments pooled", "pooled", _whole),
    ("unserved", "unserved", _whole),
    ("efficiency (of the trustee's saving)", "efficiency", _share),
    ("rounds", "rounds", _whole),
    ("messages", "messages", _whole),
    ("private figures disclosed", "disclosed", _whole),
    ("left with the operator, EUR", "operator_eur", _whole),
    ("gained by one's false report, EUR a day", "misreport_gain_eur", _cents),
    ("done to all others by it, EUR a day", "misreport_others_eur", _cents),
)
ROLES = {"owner": "owners", "carrier": "carriers", "hub": "hubs"}
MANY_EUR = 1000  # from here on cents are noise
LEVERS = {"cost": "own costs", "standalone": "cost alone", "urgency": "urgency", "volume": "volume", "": "best of all"}


def compare(
    scenario: Annotated[Path, typer.Argument(help="Folder of a scenario.")],
    policies: Annotated[str, typer.Option(help="Names or TOML files, separated by commas.")],
    seed: Annotated[int, typer.Option(min=0)],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    replications: Annotated[
        int, typer.Option(min=1, help="New orders for a generated region, new seeds otherwise.")
    ] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes; results do not depend on it.")] = 1,
    stability: Annotated[bool, typer.Option(help="Work out every coalition's cost (slow).")] = False,
    probe_misreport: Annotated[
        bool,
        typer.Option("--probe-misreport", help="Work out what each participant gains by false reports (slow)."),
    ] = False,
    forecasters: Annotated[
        str | None,
        typer.Option(
            help="Run each policy that looks at a forecast with each of these, separated by commas, and tell what they "
            "are worth; the first is the starting point, and oracle knows the future."
        ),
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run several policies on the same orders and say which saves what."""
    from experiments.compare import compare as run_comparison
    from experiments.policies import load_policy

    chosen = [load_policy(name.strip()) for name in policies.split(",") if name.strip()]
    with progress_bar("run", quiet=json_output) as show:
        found = run_comparison(
            scenario,
            chosen,
            seed,
            replications,
            out,
            workers=workers,
            stability=stability,
            probe_misreport=probe_misreport,
            forecasters=None if forecasters is None else [n.strip() for n in forecasters.split(",") if n.strip()],
            progress=show,
        )
    if json_output:
        print_json(found)
        return
    print_comparison(found)
    console.print(f"\nResults are in {out}; `groupage report {out}` makes a page of them.", markup=False)


def print_comparison(found: dict[str, Any]) -> None:
    """Print the comparison as a table, the cheapest policy named."""
    from experiments.forecast_value import ORACLE

    table = Table(
        title=f"{found['scenario']}: {found['replications']} replication(s), seed {found['seed']}", title_justify="left"
    )
    table.add_column("")
    for name in found["policies"]:
        table.add_column(name.replace("+", " +"), justify="right", overflow="fold")
    for label, key, show in ROWS:
        means = [found["summary"][name].get(key, {"mean": None})["mean"] for name in found["policies"]]
        if any(m is not None for m in means):
            table.add_row(label, *(show(m) for m in means))
    console.print(table)
    if "misreports" in found:
        print_misreports(found)
    if "forecast_value" in found:
        print_forecast_value(found)
    # Who knows the future is no policy that anybody could choose.
    knowing = {f["run"] for f in _forecasters(found) if f["forecaster"] == ORACLE}
    open_to_all = [n for n in found["policies"] if n not in knowing] or found["policies"]
    best = min(open_to_all, key=lambda n: found["summary"][n]["total_cost_eur"]["mean"])
    s = found["summary"][best]
    saving = s.get("saving_percent", {"mean": None, "low": None, "high": None})
    interval = (
        "" if saving["low"] is None else f" (95 % interval {percent(saving['low'])} to {percent(saving['high'])})"
    )
    console.print(f"{best} costs least: {percent(saving['mean'])} less than going alone{interval}.", markup=False)


def print_forecast_value(found: dict[str, Any]) -> None:
    """Print what each forecaster cost in the end, saved, regretted and closed of the gap, and say it in words."""
    from experiments.report.forecasts import verdict

    told = found["forecast_value"]
    for name, policy in told["policies"].items():
        table = Table(title=f"{name}: what all owners pay in the end by forecaster, EUR", title_justify="left")
        table.add_column("")
        saved = f"less than {told['baseline']}" if told["baseline"] else "saved"
        for heading in ("cost", saved, "more than the oracle", "gap closed"):
            table.add_column(heading, justify="right", overflow="fold")
        figures = policy["forecasters"]
        show = _whole if min(f["cost_eur"]["mean"] for f in figures) >= MANY_EUR else _cents
        for f in figures:
            table.add_row(
                f["forecaster"],
                show(f["cost_eur"]["mean"]),
                _with_interval(f["saved_eur"], show),
                _with_interval(f["regret_eur"], show),
                _with_interval(f["gap_closed_percent"], lambda v: percent(v, 0)),
            )
        console.print(table)
        words = " ".join(verdict(policy, told["baseline"], found["replications"]))
        words = words.replace("\u00a0", " ").replace("\u2212", "-")
        console.print(words, markup=False)
    runs = {f["run"] for f in _forecasters(found)}
    if blind := [n for n in found["policies"] if n not in runs]:
        console.print(f"No forecast is looked at by {', '.join(blind)}, run once.", markup=False)


def _forecasters(found: dict[str, Any]) -> list[dict[str, Any]]:
    policies = found.get("forecast_value", {}).get("policies", {})
    return [figure for policy in policies.values() for figure in policy["forecasters"]]


def print_misreports(found: dict[str, Any]) -> None:
    """Print what false reports gain by role and lever, and name who is tempted most."""
    told = found["misreports"]["policies"]
    grid = ", ".join(f"{factor:g}" for factor in found["misreports"]["grid"])
    table = Table(
        title=f"Gain of one false report (stated over true: {grid}), EUR a day, with its 95 % interval",
        title_justify="left",
    )
    table.add_column("who, about what")
    for name in found["policies"]:
        table.add_column(name, justify="right")
    figures = {
        (row["role"], row["lever"], name): row["gain_eur"] for name in found["policies"] for row in told[name]["roles"]
    }
    kinds = sorted({(role, lever) for role, lever, _ in figures}, key=lambda k: (list(ROLES).index(k[0]), k[1]))
    for role, lever in kinds:
        cells = [_with_interval(figures.get((role, lever, name))) for name in found["policies"]]
        table.add_row(f"{ROLES[role]}, {LEVERS[lever]}", *cells)
    console.print(table)
    for name in found["policies"]:
        tempted = max(told[name]["parties"], key=lambda p: p["gain_eur"]["mean"], default=None)
        if tempted is not None and tempted["lever"] and tempted["gain_eur"]["mean"] > 0:
            console.print(
                f"{name}: {tempted['party']} is tempted most, to state {tempted['factor']:g} times its "
                f"{LEVERS[tempted['lever']].removeprefix('own ')}: {_with_interval(tempted['gain_eur'])} EUR a day; "
                f"all others together {_with_interval(tempted['others_eur'])}.",
                markup=False,
            )
    if found["replications"] == 1:
        console.print("One replication: these are best gains in hindsight, too high where they are noise.")


def _with_interval(figure: dict[str, float | None] | None, show: Callable[[float | None], str] = _cents) -> str:
    if figure is None:
        return "–"
    ends = "" if figure["low"] is None else f" ({show(figure['low'])} to {show(figure['high'])})"
    return show(figure["mean"]) + ends
