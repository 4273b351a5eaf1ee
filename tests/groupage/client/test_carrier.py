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
    assert "'barge' is not a valid Body" in text
    assert "per_km_eur is -1.0, expected 0 or more" in text
    with pytest.raises(InputError, match="base is missing, expected a column"):
        Fleet.of(rows.drop(columns="base"), "companies/swift")
    with pytest.raises(InputError, match="has no rows"):
        Fleet.of(rows.iloc[:0], "companies/swift")
    with pytest.raises(InputError, match="cannot be read"):
        Fleet.read(tmp_path / "none.csv", "companies/swift")
