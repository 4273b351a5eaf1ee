"""What ``groupage forecast`` shows to people: tables and plain words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from groupage.cli.console import out, percent

if TYPE_CHECKING:
    from forecasting.monitor import Monitoring

WORST_LANES = 10
CLASSES = {
    "smooth": "smooth",
    "erratic": "erratic: often, uneven",
    "intermittent": "intermittent: rare, even",
    "lumpy": "lumpy: rare, uneven",
    "none": "no demand",
}


def print_evaluation(figures: Mapping[str, Any]) -> None:
    """Print what a rolling origin found, then what it means."""
    names = [figures["forecaster"], *figures["against"]]
    told = figures["measures"]
    table = Table(
        title=Text(
            f"{figures['data']}: {figures['lanes']} lanes, {len(figures['folds'])} times {figures['horizon']} "
            f"periods ahead ({figures['freq']}, season {figures['season']})"
        ),
        title_justify="left",
    )
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right")
    table.add_row("loss, scaled (SPL)", *(_figure(told[n]["spl"]) for n in names))
    table.add_row("error of the median (WAPE)", *(_share(told[n]["wape"]) for n in names))
    table.add_row("bias of the mean", *(_share(told[n]["bias"]) for n in names))
    for level in told[names[0]]["coverage"]:
        table.add_row(
            f"demand within the {_level(level)} quantile", *(_share(told[n]["coverage"][level]) for n in names)
        )
    for level in told[names[0]]["regret"]:
        table.add_row(f"regret of reserving {_level(level)}", *(_share(told[n]["regret"][level]) for n in names))
    if "pool_regret" in told[names[0]]:
        for level in told[names[0]]["pool_regret"]:
            cells = [_share(told[n].get("pool_regret", {}).get(level)) for n in names]
            table.add_row(f"regret of pools reserving {_level(level)}", *cells)
    out.print(table)
    if len(figures["classes"]) > 1:
        _print_classes(figures, names)
    if "by_lane" in figures:
        _print_lanes(figures, names)
    for line in _verdict(figures):
        out.print(Text(line))


def _print_classes(figures: Mapping[str, Any], names: list[str]) -> None:
    table = Table(title="Scaled loss by kind of demand", title_justify="left")
    table.add_column("")
    table.add_column("lanes", justify="right")
    for name in names:
        table.add_column(name, justify="right")
    for kind, group in figures["classes"].items():
        table.add_row(CLASSES[kind], f"{group['lanes']:,}", *(_figure(group[n]["spl"]) for n in names))
    out.print(table)


def _print_lanes(figures: Mapping[str, Any], names: list[str]) -> None:
    table = Table(title="Scaled loss by lane", title_justify="left")
    table.add_column("", overflow="fold")
    for name in names:
        table.add_column(name, justify="right")
    for lane, group in figures["by_lane"].items():
        table.add_row(Text(lane), *(_figure(group[n]["spl"]) for n in names))
    out.print(table)


def _verdict(figures: Mapping[str, Any]) -> list[str]:
    """Say in plain words how the forecaster did against the others."""
    name, words = figures["forecaster"], []
    for other, ratio in figures["spl_ratio"].items():
        if ratio is not None:
            side = "less" if ratio < 1 else "more"
            words.append(f"{name} loses {percent(100 * abs(1 - ratio))} {side} than {other}.")
    covered = figures["coverage_q90"]
    if covered is not None:
        words.append(f"Its 90 % quantile held {percent(100 * covered)} of the time.")
    ratio = figures["pool_regret90_ratio"]
    if ratio is not None:
        side = "less" if ratio < 1 else "more"
        words.append(
            f"Lanes that reserve together regret {percent(100 * abs(1 - ratio))} {side} than lanes that reserve alone."
        )
    return words


def monitoring_facts(found: "Monitoring") -> dict[str, Any]:
    """All figures of a monitoring for a machine."""
    return {
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "horizon": found.horizon,
        "figures": found.figures,
        "measures": found.measures,
        "by_lane": found.lanes,
        "reasons": list(found.reasons),
        "retrain": found.retrain,
    }


def print_monitoring(found: "Monitoring") -> None:
    """Print how a model did of late, its worst lanes, and whether it should learn anew."""
    table = Table(
        title=f"{found.first} to {found.last}, {found.horizon} periods ahead each time: {found.figures:,} figures",
        title_justify="left",
    )
    table.add_column("")
    for heading in ("model", "naive"):
        table.add_column(heading, justify="right")
    model, naive = found.measures["model"], found.measures["seasonal_naive"]
    table.add_row("loss, scaled (SPL)", _figure(model["spl"]), _figure(naive["spl"]))
    table.add_row("bias of the mean", _share(model["bias"]), _share(naive["bias"]))
    for level in ("0.1", "0.5", "0.9"):
        cells = [_share(m["coverage"][level]) for m in (model, naive)]
        table.add_row(f"demand within the {_level(level)} quantile", *cells)
    out.print(table)
    losing = {
        lane: (told["model"], told["seasonal_naive"])
        for lane, told in found.lanes.items()
        if told["model"]["spl"] is not None and told["model"]["spl"] > told["seasonal_naive"]["spl"]
    }
    if losing:
        shown = sorted(losing, key=lambda lane: losing[lane][1]["spl"] - losing[lane][0]["spl"])[:WORST_LANES]
        table = Table(title=f"{len(losing)} of {len(found.lanes)} lanes do worse than naive", title_justify="left")
        table.add_column("", overflow="fold")
        for heading in ("loss", "naive", "bias", "within 90 %"):
            table.add_column(heading, justify="right")
        for lane in shown:
            own, other = losing[lane]
            covered = _share(own["coverage"]["0.9"])
            table.add_row(Text(lane), _figure(own["spl"]), _figure(other["spl"]), _share(own["bias"]), covered)
        out.print(table)
    if found.retrain:
        out.print(Text("Train the model anew:", style="bold"))
        for reason in found.reasons:
            out.print(Text(f"  {reason}."))
    else:
        out.print("The model need not learn anew.")


def print_explanation(told: Mapping[str, Any]) -> None:
    """Print what a model looks at."""
    for line in told["words"]:
        out.print(Text(line))
    if told.get("importances"):
        table = Table(title="What the trees look at (share of their gain)", title_justify="left")
        table.add_column("", overflow="fold")
        table.add_column("share", justify="right")
        for row in told["importances"]:
            table.add_row(Text(row["words"]), _share(row["share"]))
        out.print(table)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return percent(None if value is None else 100 * value)


def _level(level: str) -> str:
    return f"{100 * float(level):g} %"
