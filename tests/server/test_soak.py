"""`benchmarks.soak` at its shortest, and how it reckons."""

from __future__ import annotations

import os

import numpy as np
import pytest

from benchmarks import soak


def test_the_slope_is_that_of_the_line_whatever_single_peaks_there_are():
    """A tenth of wild samples moves the slope of a straight line not at all, in however many samples."""
    for count in (30, 3_000):
        times = np.arange(count, dtype=float)
        values = 100.0 + 0.25 * times
        values[::10] += 1_000.0
        assert soak.slope(times, values) == pytest.approx(0.25, abs=0.01)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(os.name != "posix", reason="reads /proc")
def test_memory_stays_flat_under_mixed_load(tmp_path):
    """In twenty seconds of writes, reads and negotiations nothing fails, and neither server nor worker grows away."""
    measures = soak.soaked(tmp_path / "data", 20.0)
    assert measures["soak_failures"] == 0
    assert min(measures[f"soak_{what}"] for what in ("orders", "reads", "synchronizations")) > 0
    for name in ("server", "worker"):
        # What is loaded and cached on the way comes to tens of MiB; keeping all that passes would come to more.
        assert measures[f"soak_{name}_growth_mib"] < 100, measures
