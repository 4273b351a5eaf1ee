"""How the benchmark of scale reckons."""

import numpy as np
import pytest

from benchmarks import scale


def test_a_day_has_as_many_shipments_as_asked_for():
    """Sizes are exact, and the same each time; hubs, carriers and factories grow with them, as the issue has it."""
    made = scale.world(60)
    (_, _, shipments), again = made.releases[0], scale.world(60).releases[0]
    assert len(shipments) == 60
    assert shipments == again[2]
    params = scale.params_of(5000)
    assert (params.factories, params.hubs, params.carriers, params.clients) == (100, 20, 50, 5000)
    density = [p.clients / (p.width_km * p.height_km) for p in map(scale.params_of, scale.SIZES)]
    assert density == pytest.approx([density[0]] * len(density))


def test_exponent():
    """Time that grows as n^1.3 has the exponent 1.3, whatever its unit."""
    sizes = np.array(scale.SIZES, dtype=float)
    assert scale.exponent(sizes, 7 * sizes**1.3) == pytest.approx(1.3)


def test_figures_of_a_day():
    """All that is reported is there; without pooling nothing is saved and nothing pooled."""
    found = scale.day_of("standalone", 60)
    assert found["negotiated"] == 60
    assert found["pooled"] == 0
    assert found["saving_percent"] == 0
    assert found["peak_mb"] > 1
    assert found["cpu_s"] > 0


@pytest.mark.parametrize("name", ["curve.svg", "curve.png"])
def test_plot(name, tmp_path):
    """The curve is drawn, and the same bytes each time."""
    measures = {
        f"scale.p.{n}.{figure}": float(n) for n in (10, 20, 40) for figure in ("negotiated", "cpu_s", "peak_mb")
    } | {"scale.p.growth_exponent": 1.0}
    for file in (tmp_path / name, tmp_path / f"again-{name}"):
        scale.plot(measures, ["p"], (10, 20, 40), file)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"again-{name}").read_bytes()
