"""A carrier's fleet, read from its own file."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from groupage.client.carrier import Fleet
from groupage.errors import InputError
from logistics import Body, OperatingCosts, Temperature

CSV = """vehicle,base,lat,lon,time_zone,count,capacity_pallets,capacity_kg,capacity_m3,fixed_eur,per_km_eur,per_hour_eur
rigid,yard,51.45,6.75,Europe/Berlin,4,18,9000,50,150,0.6,30
"""


def test_a_file(tmp_path):
    """A row is a vehicle type at its base; names are those of the service, and what no column says is the usual."""
    file = tmp_path / "fleet.csv"
    file.write_text(CSV, encoding="utf-8")
    fleet = Fleet.read(file, "companies/swift")
    vehicle = fleet.vehicles["companies/swift/vehicleTypes/rigid"]
    assert (vehicle.body, vehicle.count, vehicle.base) == (Body.RIGID, 4, "companies/swift/sites/yard")
    assert vehicle.temperatures == {Temperature.AMBIENT}
    assert (vehicle.shift_close_min, vehicle.max_shift_min) == (1440.0, None)
    assert fleet.costs[vehicle.id] == OperatingCosts(150, 0.6, 30, 0)
    assert fleet.sites[vehicle.base].time_zone == "Europe/Berlin"


def test_cells_that_do_not_fit(tmp_path):
    """Each line that is no vehicle is named with what was expected, and so are columns and files that are not there."""
    rows = pd.read_csv(io.StringIO(CSV))
    wrong = pd.concat([rows.assign(count=1.5), rows.assign(body="barge"), rows.assign(per_km_eur=-1)])
    with pytest.raises(InputError) as caught:
        Fleet.of(wrong, "companies/swift")
    text = str(caught.value)
    assert "line 2" in text
    assert "count is 1.5, expected a whole number" in text
    assert "body is 'barge', expected one of" in text
    assert "per_km_eur is -1.0, expected 0 or more" in text
    with pytest.raises(InputError, match="base is missing, expected a column"):
        Fleet.of(rows.drop(columns="base"), "companies/swift")
    with pytest.raises(InputError, match="has no rows"):
        Fleet.of(rows.iloc[:0], "companies/swift")
    with pytest.raises(InputError, match="cannot be read"):
        Fleet.read(tmp_path / "none.csv", "companies/swift")


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("lat", "51,4", "a number from -90 to 90"),
        ("lat", 91.0, "a number from -90 to 90"),
        ("lat", None, "a number from -90 to 90"),
        ("time_zone", "Mars", "an IANA time zone"),
        ("time_zone", "../passwd", "an IANA time zone"),
        ("vehicle", "Rigid A", "the last segment of its name"),
        ("vehicle", "companies/swift/vehicleTypes/rigid", "the last segment of its name"),
        ("base", "companies/swift/sites/yard", "the last segment of its name"),
    ],
)
def test_a_cell_is_named_with_its_line_and_column(column, cell, expected):
    """What would keep the fleet out of every negotiation, such as a base that nobody knows, is told here."""
    rows = pd.read_csv(io.StringIO(CSV)).astype(object)
    rows[column] = [cell]
    with pytest.raises(InputError, match=rf"^fleet line 2: {column} is .*, expected {expected}") as caught:
        Fleet.of(rows, "companies/swift")
    assert len(caught.value.problems) == 1


def test_a_vehicle_type_has_one_line_and_a_base_one_place():
    """Which of two lines would count is not guessed."""
    rows = pd.read_csv(io.StringIO(CSV))
    with pytest.raises(InputError, match="line 3: vehicle is 'rigid', expected a vehicle type that has no line yet"):
        Fleet.of(pd.concat([rows, rows]), "companies/swift")
    with pytest.raises(InputError, match="line 3: base is 'yard', expected the same place"):
        Fleet.of(pd.concat([rows, rows.assign(vehicle="van", lat=40.0)]), "companies/swift")
    assert len(Fleet.of(pd.concat([rows, rows.assign(vehicle="van")]), "companies/swift").vehicles) == 2
