import zipfile
from io import BytesIO

import numpy as np
import pytest

from forecasting.apart import select
from forecasting.lightgbm_model import LightGBM
from forecasting.model_archive import pack_model, unpack_model, without_others
from forecasting.model_files import MANIFEST
from forecasting.moving_average import MovingAverage
from forecasting.panel import panel_from_state
from groupage.errors import InputError, ModelFileError
from tests.forecasting.test_accuracy import panel


def test_a_model_comes_out_as_it_went_in_and_gives_the_same_bytes_twice():
    """State and training facts, whenever and wherever it is packed."""
    state = MovingAverage(7).fit(panel(), 0).state()
    packed = pack_model(state, {"seed": 0})
    assert packed == pack_model(state, {"seed": 0})
    back, training = unpack_model(packed)
    assert training == {"seed": 0}
    assert (back.forecaster, dict(back.spec)) == (state.forecaster, dict(state.spec))
    assert all(np.array_equal(back.arrays[name], array, equal_nan=True) for name, array in state.arrays.items())


def test_what_is_changed_in_an_archive_is_found():
    """The files inside are held by their digests, and an archive without them is no model."""
    packed = pack_model(MovingAverage(7).fit(panel(), 0).state(), {})
    changed = BytesIO()
    with zipfile.ZipFile(BytesIO(packed)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) + (b" " if name.endswith(".npy") else b""))
    with pytest.raises(ModelFileError):
        unpack_model(changed.getvalue())
    empty = BytesIO()
    with zipfile.ZipFile(empty, "w") as new:
        new.writestr("other", b"")
    with pytest.raises(InputError, match=MANIFEST):
        unpack_model(empty.getvalue())


def test_without_others_forecasts_its_own_series_from_their_own_record():
    """Nothing of the others is kept, and what the trees learned from them is."""
    history = panel()
    made = LightGBM(trees=5)
    fitted = made.fit(history, 0)
    state = without_others(fitted.state(), ["b"])
    kept = panel_from_state(state.spec["history"], state.arrays)
    assert kept.series == ("b",)
    assert np.array_equal(kept.demand, history.demand[1:])
    assert state.boosters == fitted.state().boosters
    told = made.restore(state).forecast(select(history, np.array([1])), 7, 50, np.random.default_rng(1))
    assert (told.series, told.paths.shape) == (("b",), (1, 7, 50))
