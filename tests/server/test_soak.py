"""`benchmarks.soak` at its shortest, and how it reckons."""

from __future__ import annotations

import os

import numpy as np
import pytest

from benchmarks import soak

# 840 bytes an order, less than an order takes as a message: in so short a time caches and rooms still fill, which
# comes to about half of it.
SHORT_MIB = 8.0


def test_the_slope_is_that_of_the_line_whatever_single_peaks_there_are():
    """A tenth of wild samples moves the slope of a straight line not at all, in however many samples."""
    for count in (30, 3_000):
        orders = np.arange(count, dtype=float)
        mib = 100.0 + 0.25 * orders
        mib[::10] += 1_000.0
        each, low, high = soak.slope(orders, mib)
        assert each == pytest.approx(0.25, abs=0.01)
        assert low <= each <= high


def sampled(leak_bytes: float, seconds: int, noise_mib: float = 3.0) -> dict[str, float]:
    """Measures of a run with 400 orders a second, whose server keeps so much of each and whose worker is flat."""
    rng = np.random.default_rng(7)
    one = soak.Sampled({"server": 0, "worker": 0}, lambda: 0)
    one.times = [float(t) for t in range(seconds)]
    one.orders = [400 * t for t in range(seconds)]
    # Rubbish is looked for every twenty seconds, and noise hangs together: a tenth of it is new each second.
    sawtooth = np.arange(seconds) % 20 / 4
    for name, leak in (("server", leak_bytes), ("worker", 0.0)):
        noise = np.zeros(seconds)
        for t in range(1, seconds):
            noise[t] = 0.9 * noise[t - 1] + 0.1 * noise_mib * rng.normal()
        mib = 200 + sawtooth + noise
        one.bytes[name] = [int(soak.MIB * m + leak * n) for m, n in zip(mib, one.orders, strict=True)]
    return one.measures()


def test_half_an_hour_settles_whether_memory_is_flat():
    """Forty bytes kept of each order are seen, through rubbish and noise of megabytes; nothing kept is flat."""
    (wrong,) = soak.not_flat(sampled(40.0, 1_800))
    assert wrong.startswith("server: +0.3")
    assert soak.not_flat(sampled(0.0, 1_800)) == []


def test_what_a_run_cannot_tell_is_not_called_flat():
    """A run too short for its noise proves nothing, even where its slope happens to be small; nor does one in which
    nothing was ordered."""
    assert soak.not_flat(sampled(0.0, 60))
    with np.errstate(all="ignore"):
        idle = dict.fromkeys(sampled(0.0, 60), float("nan"))
    assert len(soak.not_flat(idle)) == 2


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(os.name != "posix", reason="reads /proc")
def test_memory_stays_flat_under_mixed_load(tmp_path):
    """In forty seconds of writes, reads and negotiations nothing fails, and nobody keeps the orders that pass."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    measures = soak.soaked(tmp_path / "data", url, 40.0, pause_s=0.002, filled=20_000)
    assert measures["soak_failures"] == 0
    assert min(measures[f"soak_{what}"] for what in ("orders", "reads", "synchronizations")) > 0
    assert soak.not_flat(measures, SHORT_MIB) == []
