"""``groupage import``: the options of a table of orders."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from experiments.scenario import load_scenario
from groupage.cli.import_ import app
from groupage.errors import InputError

ORDERS = """shipment,owner,date,pallets,origin_lat,origin_lon,destination_lat,destination_lon
A1,Acme,2026-03-02,3,51.5,5.4,51.8,5.5
A2,Acme,2026-03-04,2,51.5,5.4,51.8,5.5
"""


def imported(folder: Path, *options: str) -> Result:
    (folder / "export.csv").write_text(ORDERS, encoding="utf-8")
    return CliRunner().invoke(app, ["orders", str(folder / "export.csv"), "--out", str(folder / "mine"), *options])


def test_start_and_time_zone(tmp_path: Path) -> None:
    """The first planning day and the zone of the table's times are options; what is before the start is history."""
    done = imported(tmp_path, "--start", "2026-03-03", "--time-zone", "Europe/Amsterdam")
    assert done.exit_code == 0, done.output
    scenario = load_scenario(tmp_path / "mine")
    assert scenario.settings.start == date(2026, 3, 3)
    assert scenario.settings.time_zone == "Europe/Amsterdam"
    (shipment,) = scenario.shipments
    assert shipment.window_open == datetime(2026, 3, 4, 6, tzinfo=UTC)
    assert scenario.history["y"].tolist() == [3.0]


def test_without_options(tmp_path: Path) -> None:
    """Left out, the first date of the table is the start and times are UTC."""
    assert imported(tmp_path).exit_code == 0
    settings = load_scenario(tmp_path / "mine").settings
    assert (settings.start, settings.time_zone) == (date(2026, 3, 2), "UTC")


@pytest.mark.parametrize(
    ("option", "given", "said"),
    [
        ("--start", "2026-02-30", "import orders: start is 2026-02-30, expected a day such as 2026-05-04"),
        ("--start", "3 March", "import orders: start is 3 March, expected a day such as 2026-05-04"),
        (
            "--start",
            "2026-03-05",
            "import orders: start is 2026-03-05, expected a day from 2026-03-02 to 2026-03-04, as in export.csv",
        ),
        (
            "--time-zone",
            "europe/amsterdm",
            "import orders: time_zone is europe/amsterdm, expected an IANA name such as Europe/Amsterdam "
            "(did you mean Europe/Amsterdam?)",
        ),
        (
            "--time-zone",
            "../UTC",
            "import orders: time_zone is ../UTC, expected an IANA name such as Europe/Amsterdam",
        ),
    ],
)
def test_bad_options(tmp_path: Path, option: str, given: str, said: str) -> None:
    """A day that is none, a day without orders and an unknown zone are input errors; nothing is written."""
    done = imported(tmp_path, option, given)
    assert isinstance(done.exception, InputError)
    assert str(done.exception).startswith(said)
    assert not (tmp_path / "mine").exists()
