"""A small real run to explain: three factories pool on two days, one shipment waits, some go by groupage."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from agents.policy import Choice, Effort, Policy
from experiments.generator import generate_to, generator_params
from experiments.result_schemas import SCHEMAS
from experiments.results import read_table
from experiments.runs import RunSpec, run

TINY = Effort(
    plan_iterations_per_job=2,
    collect_iterations_per_job=2,
    quote_iterations=2,
    carrier_iterations_per_job=2,
    standalone_iterations_per_job=5,
)
POLICY = Policy(
    name="tiny",
    protocol=Choice(name="contract_net"),
    holding=Choice(name="quantity_based"),
    forecaster=Choice(name="seasonal_naive"),
    effort=TINY,
)


def small_run(folder: Path) -> Path:
    """Generate a region, run it, and return the results folder."""
    size = {"factories": 3, "hubs": 1, "carriers": 2, "clients": 10, "days": 2, "orders_per_day": 12}
    params = generator_params(**size, history_days=28, seed=4)
    generate_to(folder / "scenario", params)
    run(folder / "scenario", RunSpec(POLICY, 1), folder / "results")
    return folder / "results"


def rows(results: Path, name: str, **equal) -> list[dict]:
    """Rows of a table whose columns equal the values given."""
    return [r for r in read_table(results, name).to_pylist() if all(r[k] == v for k, v in equal.items())]


def put_rows(results: Path, name: str, table: list[dict]) -> None:
    """Replace a table of a results folder."""
    pq.write_table(pa.Table.from_pylist(table, schema=SCHEMAS[name]), results / f"{name}.parquet")


def through_hub(results: Path, copy: Path) -> tuple[Path, dict]:
    """Copy a run, with one pooled shipment sent through the hub H1: C1 brings it in, C2 takes it to the client."""
    shutil.copytree(results, copy)
    legs = read_table(copy, "legs").to_pylist()
    leg = legs.pop(0)
    day = leg["day"]
    legs += [leg | {"load": "C1-in", "to_site": "H1"}, leg | {"load": "C2-out", "from_site": "H1"}]
    put_rows(copy, "legs", legs)
    loads = read_table(copy, "loads").to_pylist()
    new = {"day": day, "scope": "after", "mode": "pool", "owner": "", "price_eur": 50.0, "shipments": 1}
    loads += [new | {"load": "C1-in", "carrier": "C1"}, new | {"load": "C2-out", "carrier": "C2"}]
    put_rows(copy, "loads", loads)
    slot = {"day": day, "hub": "H1", "pallets": 2.0, "price_eur": 17.0}
    moment = next(r["start_at"] for r in rows(copy, "stops", day=day))
    slot |= {"start_at": moment, "end_at": moment}
    other = next(load["load"] for load in loads if load["day"] == day and load["load"] not in ("C1-in", "C2-out"))
    put_rows(
        copy,
        "bookings",
        [slot | {"booking": f"B{i}", "load": load} for i, load in enumerate(("C1-in", "C2-out", other))],
    )
    return copy, leg
