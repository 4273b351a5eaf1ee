"""``groupage forecast``: train forecasters on files, look ahead, judge, explain, update and watch them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groupage.cli.console import err, key_values, out, print_json, progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from experiments.consents import Consent
    from experiments.demand_files import Demand
    from experiments.forecasts import Calendar

app = typer.Typer(
    no_args_is_help=True,
    help="Forecast demand: train a model on a file, look ahead with it, judge it, and know when it is worn out.",
)

Data = Annotated[Path, typer.Argument(help="CSV or Parquet: unique_id, ds, y and optional columns.")]
ModelFolder = Annotated[Path, typer.Argument(help="Folder that `forecast train` wrote.", metavar="MODEL")]
Seed = Annotated[int, typer.Option(min=0, help="For whatever is drawn at random.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Name = Annotated[str, typer.Option("--forecaster", help="lightgbm, auto_ets, croston, moving_average, ...")]
Param = Annotated[list[str] | None, typer.Option(help="KEY=VALUE for the forecaster; may be repeated.")]
Owner = Annotated[str | None, typer.Option(help="Use this owner's lanes alone.")]
ConsentFile = Annotated[
    Path | None, typer.Option(help="TOML or CSV of dated consents: the owners' histories are learned from together.")
]
Freq = Annotated[str | None, typer.Option(help="D, W-MON to W-SUN or MS; told from the dates if left out.")]
Season = Annotated[int | None, typer.Option(min=1, help="Periods in a season; 7 days, 52 weeks, 12 months.")]
Gaps = Annotated[str | None, typer.Option(help="What a period without a row is: zero (days) or unknown.")]
Ahead = Annotated[list[str] | None, typer.Option(help="Column that is known ahead; may be repeated.")]


@app.command()
def train(
    data: Data,
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for the model.")],
    seed: Seed,
    horizon: Annotated[
        int | None, typer.Option(min=1, help="How far ahead it will be asked; 14 days, 8 weeks or 3 months.")
    ] = None,
    forecaster: Name = "lightgbm",
    param: Param = None,
    owner: Owner = None,
    consent: ConsentFile = None,
    freq: Freq = None,
    season: Season = None,
    gaps: Gaps = None,
    ahead: Ahead = None,
    json_output: Json = False,
) -> None:
    """Learn from a history and write a model; one for each owner, unless all have consented to pool theirs."""
    from experiments.forecasts import train as run_training

    demand = _demand(data, ahead, owner)
    consents = _consents(consent, demand)
    calendar = _calendar(freq, season, gaps, ahead)
    with progress_bar("train", quiet=json_output) as show:
        told = run_training(
            demand,
            out_folder,
            forecaster,
            key_values(param or []),
            seed,
            horizon=horizon,
            calendar=calendar,
            consents=consents,
            progress=show,
        )
    if json_output:
        print_json({"models": told, "unused_columns": list(demand.unused)})
        return
    for model in told:
        whose = f" of {', '.join(model['owners'])}" if model["owners"] else ""
        out.print(
            f"{model['folder']}: {model['forecaster']} for {model['lanes']} lanes{whose}, learned from "
            f"{model['periods']} periods ({model['freq']}) from {model['first']} on.",
            markup=False,
        )
    if len(told) > 1:
        out.print("Each owner's model knows its own history alone; with --consent FILE they learn together.")


@app.command()
def predict(
    model: ModelFolder,
    horizon: Annotated[int, typer.Option(min=1, help="Periods to look ahead.")],
    out_file: Annotated[Path, typer.Option("--out", help="CSV or Parquet for mean and quantiles.")],
    seed: Seed,
    recent: Annotated[
        Path | None, typer.Option(help="What is known since, and what is planned: rows without y are periods to come.")
    ] = None,
    levels: Annotated[str, typer.Option(help="Quantiles, separated by commas.")] = "0.05,0.1,0.25,0.5,0.75,0.9,0.95",
    paths: Annotated[int, typer.Option(min=1, help="Joint sample paths.")] = 500,
    paths_out: Annotated[
        Path | None, typer.Option(help="CSV or Parquet for the paths; one number is one future of all lanes.")
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(help="Besides lanes: factory, product, lane, zone or pool, from sums of paths; may be repeated."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Look ahead with a model: mean and quantiles per lane and period, and of groups of lanes."""
    from experiments.demand_files import check_table_name, read_demand, write_table
    from experiments.forecasts import open_model
    from experiments.predictions import path_rows
    from experiments.predictions import predict as look_ahead

    wanted = _levels(levels)
    for name in (out_file, paths_out):
        if name is not None:
            check_table_name(name)
    opened = open_model(model)
    known = None if recent is None else read_demand(recent)
    table, forecast, left_out = look_ahead(opened, known, horizon, seed, paths, wanted, by or ())
    for level, lanes in left_out.items():
        err.print(f"note: {lanes} lanes have no {level} and are in none of its sums", markup=False, style="yellow")
    write_table(out_file, table)
    if paths_out is not None:
        write_table(paths_out, path_rows(forecast))
    groups = list(dict.fromkeys(by or ()))
    facts = {
        "out": str(out_file),
        "paths_out": None if paths_out is None else str(paths_out),
        "forecaster": opened.state.forecaster,
        "lanes": len(forecast.series),
        "first": forecast.first_day.isoformat(),
        "horizon": horizon,
        "levels": wanted,
        "by": groups,
        "left_out": left_out,
    }
    if json_output:
        print_json(facts)
        return
    sums = f" and their sums by {', '.join(groups)}" if groups else ""
    out.print(
        f"{out_file}: {facts['lanes']} lanes{sums}, {horizon} periods from {facts['first']} on, "
        f"by {facts['forecaster']}.",
        markup=False,
    )


@app.command()
def evaluate(
    data: Data,
    horizon: Annotated[int, typer.Option(min=1, help="Periods to look ahead.")],
    folds: Annotated[int, typer.Option(min=1, help="How often, each further back by a horizon.")] = 4,
    seed: Seed = 1,
    forecaster: Name = "lightgbm",
    param: Param = None,
    against: Annotated[
        str | None,
        typer.Option(help="Further forecasters, separated by commas; auto_ets where installed, `none` for none."),
    ] = None,
    pool_by: Annotated[
        str | None, typer.Option(help="Column whose values reserve together; seven lanes at a time if left out.")
    ] = None,
    lanes: Annotated[bool, typer.Option("--lanes", help="Tell every lane's figures too.")] = False,
    owner: Owner = None,
    consent: ConsentFile = None,
    freq: Freq = None,
    season: Season = None,
    gaps: Gaps = None,
    ahead: Ahead = None,
    json_output: Json = False,
) -> None:
    """Judge a forecaster on the last periods of a file, as if they had been to come."""
    from experiments.forecasts import evaluate_file
    from groupage.cli.forecast_tables import print_evaluation

    demand = _demand(data, ahead, owner)
    consents = _consents(consent, demand)
    others = None if against is None else [n.strip() for n in against.split(",") if n.strip() not in ("", "none")]
    with progress_bar("evaluate", quiet=json_output) as show:
        found, figures = evaluate_file(
            demand,
            forecaster,
            key_values(param or []),
            horizon=horizon,
            folds=folds,
            seed=seed,
            calendar=_calendar(freq, season, gaps, ahead),
            against=others,
            pool_by=pool_by,
            consents=consents,
            progress=show,
        )
    if lanes:
        figures["by_lane"] = found.measures("unique_id")
    if json_output:
        print_json(figures)
    else:
        print_evaluation(figures)


@app.command()
def explain(
    model: ModelFolder,
    lane: Annotated[str | None, typer.Option(help="Say what moves this lane's forecast.")] = None,
    ahead_by: Annotated[int, typer.Option("--period", min=1, help="Which period ahead, 1 for the next.")] = 1,
    recent: Annotated[Path | None, typer.Option(help="What is known since, and what is planned.")] = None,
    json_output: Json = False,
) -> None:
    """Say what a model looks at, and what moves one lane's forecast."""
    from experiments.demand_files import read_demand
    from experiments.forecast_explain import explain_model
    from experiments.forecasts import open_model
    from groupage.cli.forecast_tables import print_explanation

    opened = open_model(model)
    told = explain_model(opened, None if recent is None else read_demand(recent), lane, ahead_by)
    if json_output:
        print_json(told)
    else:
        print_explanation(told)


@app.command()
def update(
    model: ModelFolder,
    recent: Annotated[Path, typer.Option(help="What is known since: CSV or Parquet.")],
    consent: Annotated[
        Path | None, typer.Option(help="TOML or CSV of the consents that stand today; where owners learned together.")
    ] = None,
    out_folder: Annotated[Path | None, typer.Option("--out", help="Another folder; else the model itself.")] = None,
    json_output: Json = False,
) -> None:
    """Give a model the days that have passed, without learning anew."""
    from experiments.demand_files import read_demand
    from experiments.forecasts import open_model
    from experiments.forecasts import update as take_in

    told = take_in(open_model(model), read_demand(recent), out_folder or model, _today(), consent)
    if json_output:
        print_json(told)
        return
    new = f", {told['new_lanes']} of them new" if told["new_lanes"] else ""
    out.print(
        f"{told['folder']}: knows {told['new_periods']} periods more, all before {told['known_until']}; "
        f"{told['lanes']} lanes{new}. It learned from what was before {told['learned_until']}.",
        markup=False,
    )


@app.command()
def monitor(
    model: ModelFolder,
    recent: Annotated[Path, typer.Option(help="What came since the model learned: CSV or Parquet.")],
    horizon: Annotated[int | None, typer.Option(min=1, help="Periods ahead; a week, four weeks, a quarter.")] = None,
    window: Annotated[int | None, typer.Option(min=1, help="Last periods to judge; eight horizons.")] = None,
    seed: Seed = 1,
    json_output: Json = False,
) -> None:
    """Judge a model by what came since it learned, and say when it should learn anew; the exit code is 0 either way."""
    from experiments.demand_files import read_demand
    from experiments.forecasts import monitor_model, open_model
    from groupage.cli.forecast_tables import monitoring_facts, print_monitoring

    opened, known = open_model(model), read_demand(recent)
    with progress_bar("monitor", quiet=json_output) as show:
        found = monitor_model(opened, known, seed, horizon=horizon, window=window, progress=show)
    if json_output:
        print_json(monitoring_facts(found))
    else:
        print_monitoring(found)


def _today() -> "date":
    from datetime import UTC, datetime

    return datetime.now(UTC).date()


def _calendar(freq: str | None, season: int | None, gaps: str | None, ahead: "Sequence[str] | None") -> "Calendar":
    from experiments.forecasts import Calendar

    return Calendar(freq, season, gaps, tuple(ahead or ()))


def _demand(data: Path, ahead: "Sequence[str] | None", owner: str | None) -> "Demand":
    from experiments.demand_files import read_demand

    demand = read_demand(data, tuple(ahead or ()))
    if demand.unused:
        err.print(f"note: not used: {', '.join(demand.unused)}", markup=False, style="yellow")
    return demand if owner is None else demand.of(owner)


def _consents(consent: Path | None, demand: "Demand") -> "Sequence[Consent]":
    """Read the consents of all owners in a file, where a file of them was given."""
    from experiments.consents import check_consents, read_consents

    if consent is None:
        return ()
    return check_consents(consent, read_consents(consent), set(demand.owners().values()), _today())


def _levels(text: str) -> list[float]:
    from groupage.errors import InputError, Problem

    try:
        levels = [float(part) for part in text.split(",")]
    except ValueError:
        levels = []
    if not levels or not all(0 < level < 1 for level in levels):
        raise InputError([Problem("--levels", "", repr(text), "figures between 0 and 1, such as 0.5,0.9")])
    return levels
