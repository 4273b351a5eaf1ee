"""Forecasters at work on files: train, evaluate, update, monitor; `experiments.predictions` looks ahead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from experiments.consents import check_still_given, read_consents
from experiments.predictions import check_horizon
from experiments.problems import problem_error
from forecasting.apart import Apart
from forecasting.evaluate import YARDSTICK, Evaluation, evaluate
from forecasting.model_files import read_model, write_model
from forecasting.monitor import Monitoring, monitor
from forecasting.panel import Panel, extend, panel_from_state
from forecasting.registry import forecaster, with_horizon
from groupage.errors import InputError, MissingLibraryError, ModelFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from experiments.consents import Consent
    from experiments.demand_files import Demand
    from forecasting.evaluate import Learns
    from forecasting.forecast import FittedForecaster
    from forecasting.model_state import ModelState

# What the commands need to know of how a model came to be.
ORIGIN = ("owners", "consents", "first", "learned_until", "lanes")


def _silent(done: int, total: int, word: str = "") -> None:
    pass


@dataclass(frozen=True)
class Calendar:
    """How a record is to be read; ``None`` leaves it to `forecasting.history.read_history`."""

    freq: str | None = None
    season: int | None = None
    gaps: str | None = None
    ahead: tuple[str, ...] = ()

    def panel(self, demand: Demand) -> Panel:
        """Read a record so."""
        return demand.panel(freq=self.freq, season=self.season, gaps=self.gaps, ahead=self.ahead)


@dataclass(frozen=True, eq=False)
class Model:
    """A model folder at work.

    Attributes
    ----------
    training
        How it came to be, as `train` wrote it.
    history
        What it knows.
    """

    folder: Path
    state: ModelState
    fitted: FittedForecaster
    training: Mapping[str, Any]
    history: Panel

    def known(self, recent: Demand | None) -> Panel:
        """Everything known with what is recent.

        Lanes that are not told again keep what is known of them on the days that are.

        Raises
        ------
        InputError
            Where there are lanes of owners whom the model did not learn from, or days between what the model knows and
            what is recent.
        """
        if recent is None:
            return self.history
        self._refuse_strangers(recent)
        new = recent.panel(like=self.history)
        if new.first > self.history.next_period:
            expected = f"from {self.history.next_period} or before: nothing is known of the days between"
            raise problem_error(recent.file, "ds", f"from {new.first}", expected)
        return _kept(self.history, new)

    def _refuse_strangers(self, recent: Demand) -> None:
        """Let no lane in whose owner's history the model was not made of; one without an owner may be anybody's."""
        own = set(self.training["owners"])
        if not own:
            return
        owner_of, known = recent.owners(), set(self.history.series)
        for lane in sorted(set(recent.frame["unique_id"].astype(str))):
            owner = owner_of.get(lane)
            if owner not in own and not (owner is None and lane in known):
                said = f"{lane} of {owner or 'nobody named'}"
                raise problem_error(recent.file, "unique_id", said, f"only lanes of {', '.join(sorted(own))}")


def _kept(old: Panel, new: Panel) -> Panel:
    """Extend a history, and keep what it knows of lanes that the new one does not have."""
    whole = extend(old, new)
    place = {s: i for i, s in enumerate(whole.series)}
    missing = [(place[s], row) for row, s in enumerate(old.series) if s not in set(new.series)]
    if not missing:
        return whole
    rows, old_rows = (list(numbers) for numbers in zip(*missing, strict=True))
    start = old.first_number - whole.first_number
    stop = max(start, min(whole.periods, start + old.periods))
    demand, censored = whole.demand.copy(), whole.censored.copy()
    demand[rows, start:stop] = old.demand[old_rows, : stop - start]
    censored[rows, start:stop] = old.censored[old_rows, : stop - start]
    if old.gaps == "zero":
        demand[rows, stop:] = 0.0
    ahead = {name: values.copy() for name, values in whole.ahead.items()}
    for name, values in old.ahead.items():
        end = max(start, min(ahead[name].shape[1], start + values.shape[1]))
        ahead[name][rows, start:end] = values[old_rows, : end - start]
    return replace(whole, demand=demand, censored=censored, ahead=ahead)


def open_model(folder: Path) -> Model:
    """Read a model folder and put its forecaster together.

    Raises
    ------
    InputError, ModelFileError
        Where the folder is none, or not as it was written.
    MissingLibraryError
        Where its forecaster needs a library that is not installed.
    """
    state, training = read_model(folder)
    try:
        history = panel_from_state(state.spec["history"], state.arrays)
        fitted = forecaster(state.forecaster, {}).restore(state)
    except (InputError, MissingLibraryError):
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # Digests are no signature: a folder that was written by somebody else may lack anything.
        said = f"{type(error).__name__}: {error}"
        raise ModelFileError(f"{folder}: {said}, expected the parts of a {state.forecaster} model") from error
    lost = [name for name in ORIGIN if name not in training]
    if lost:
        # Whose history made it decides who may be forecast with it, so nothing is assumed.
        expected = "what `forecast train` writes, whose history made the model"
        raise ModelFileError(f"{folder}: training is without {', '.join(lost)}, expected {expected}")
    return Model(folder, state, fitted, training, history)


def train(
    demand: Demand,
    out: Path,
    name: str,
    params: Mapping[str, Any],
    seed: int,
    *,
    horizon: int | None = None,
    calendar: Calendar = Calendar(),
    consents: Sequence[Consent] = (),
    progress: Callable[[int, int, str], None] = _silent,
) -> list[dict[str, Any]]:
    """Fit a forecaster and write what it became.

    Where the file names several owners and there are no consents, each owner gets a model of its own history, in a
    folder of its name below ``out``.

    Parameters
    ----------
    horizon
        How far ahead the model will be asked, where its forecaster wants to know.
    consents
        Of every owner in the file, where they pool their histories (`experiments.consents.check_consents`).

    Returns
    -------
        What was trained, per model.
    """
    owners = sorted(set(demand.owners().values()))
    parts = [(out, demand, owners)]
    if len(owners) > 1 and not consents:
        parts = [(out / _folder_name(owner), demand.of(owner), [owner]) for owner in owners]
    made = forecaster(name, with_horizon(name, params, horizon))
    # All are read before any is trained: a wrong line shows at once.
    panels = [calendar.panel(part) for _, part, _ in parts]
    for panel in panels:
        check_horizon(horizon, panel.freq)
    told = []
    for number, ((folder, _, names), panel) in enumerate(zip(parts, panels, strict=True)):
        progress(number, len(parts), " ".join(names) if len(parts) > 1 else "")
        fitted = made.fit(panel, seed)
        facts = {
            "seed": seed,
            "owners": names,
            "consents": [c.facts() for c in consents] if len(names) > 1 else [],
            "first": panel.first.isoformat(),
            "learned_until": panel.next_period.isoformat(),
            "periods": panel.periods,
            "lanes": len(panel.series),
        }
        write_model(folder, fitted.state(), facts)
        told.append({"folder": str(folder), "forecaster": name, "freq": panel.freq, "season": panel.season} | facts)
    progress(len(parts), len(parts), "")
    return told


def _folder_name(owner: str) -> str:
    """Name an owner's folder so that no name leads elsewhere."""
    return quote(owner, safe=" ").replace(".", "%2E")


def update(model: Model, recent: Demand, out: Path, today: date, consents: Path | None = None) -> dict[str, Any]:
    """Take in what came since, without learning anew, and write the model.

    Parameters
    ----------
    consents
        File of the consents that stand today, needed where owners pool their histories in the model: a consent that
        stood when it learned may have been withdrawn since.

    Returns
    -------
        What it knows now.

    Raises
    ------
    InputError
        Where ``recent`` ends before what the model knows, or where owners pool their histories in it and the consent of
        one of them no longer stands, or nobody says whether it does.
    """
    training = dict(model.training)
    if training["consents"]:
        training["consents"] = [c.facts() for c in _standing(model, consents, today)]
    fitted = model.fitted.update(model.known(recent))
    state = fitted.state()
    history = panel_from_state(state.spec["history"], state.arrays)
    if history.next_period < model.history.next_period:
        said = f"until {history.next_period}"
        raise problem_error(
            recent.file, "ds", said, f"at least what the model knows, until {model.history.next_period}"
        )
    write_model(out, state, training)
    return {
        "folder": str(out),
        "lanes": len(history.series),
        "new_lanes": len(history.series) - len(model.history.series),
        "known_until": history.next_period.isoformat(),
        "new_periods": history.periods - model.history.periods,
        "learned_until": model.training["learned_until"],
    }


def _standing(model: Model, consents: Path | None, today: date) -> tuple[Consent, ...]:
    """Consents of all owners whose histories a model learned from together."""
    owners = sorted(c["owner"] for c in model.training["consents"])
    if consents is None:
        expected = (
            f"a file of the consents that stand today, of {', '.join(owners)}: the model learned from all of them"
        )
        raise problem_error(str(model.folder), "--consent", "missing", expected)
    return check_still_given(consents, read_consents(consents), owners, today)


def evaluate_file(
    demand: Demand,
    name: str,
    params: Mapping[str, Any],
    *,
    horizon: int,
    folds: int,
    seed: int,
    calendar: Calendar = Calendar(),
    against: Sequence[str] | None = None,
    pool_by: str | None = None,
    paths: int | None = None,
    consents: Sequence[Consent] = (),
    progress: Callable[[int, int, str], None] = _silent,
) -> tuple[Evaluation, dict[str, Any]]:
    """Judge a forecaster on a user's own file, beside the yardstick and other forecasters.

    Parameters
    ----------
    against
        Names of further forecasters; ``auto_ets`` where it is installed if ``None``.
    pool_by
        Static column whose values name the pools; seven lanes at a time if ``None``.
    consents
        As for `train`: without them the lanes of each owner are forecast from its own history alone.

    Returns
    -------
        The evaluation, and all its figures for a machine.
    """
    panel = calendar.panel(demand)
    check_horizon(horizon, panel.freq)
    owners = demand.owners()
    if against is None:
        against = ["auto_ets"] if find_spec("statsforecast") is not None else []
    chosen: dict[str, Learns] = {}
    for other, given in ((name, params), *((n, {}) for n in against if n != name)):
        made = forecaster(other, with_horizon(other, given, horizon))
        apart = len(set(owners.values())) > 1 and not consents
        chosen[other if other != YARDSTICK else f"{YARDSTICK}_paths"] = Apart(made, owners) if apart else made
    more = {} if paths is None else {"paths": paths}
    found = evaluate(
        panel, chosen, horizon=horizon, folds=folds, seed=seed, pools=_pools(panel, pool_by), progress=progress, **more
    )
    return found, _figures(demand, panel, found)


def _pools(panel: Panel, column: str | None) -> dict[str, list[str]] | None:
    if column is None:
        return None
    if column not in panel.static:
        known = ", ".join(panel.static) or "a file with a column factory, lane, product or zone"
        raise problem_error("evaluation", "pool-by", repr(column), f"one of {known}" if panel.static else known)
    pools: dict[str, list[str]] = {}
    for series, group in zip(panel.series, panel.static[column], strict=True):
        pools.setdefault(group, []).append(series)
    return pools


def _figures(demand: Demand, panel: Panel, found: Evaluation) -> dict[str, Any]:
    """All figures of an evaluation, with the ratios that sum them up."""
    told = found.measures()
    judged, *others = found.forecasters
    own = told[judged]
    return {
        "data": demand.file,
        "forecaster": judged,
        "against": others,
        "lanes": len(panel.series),
        "periods": panel.periods,
        "freq": panel.freq,
        "season": panel.season,
        "horizon": found.horizon,
        "folds": [day.isoformat() for day in found.folds],
        "measures": told,
        "spl_ratio": {n: _ratio(own["spl"], told[n]["spl"]) for n in others},
        "coverage_q90": own["coverage"]["0.9"],
        "regret90_ratio": {n: _ratio(own["regret"]["0.9"], told[n]["regret"]["0.9"]) for n in others},
        "pool_regret90_ratio": own.get("pool_regret_ratio", {}).get("0.9"),
        "classes": found.measures("class"),
    }


def _ratio(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def monitor_model(
    model: Model,
    recent: Demand,
    seed: int,
    *,
    horizon: int | None = None,
    window: int | None = None,
    progress: Callable[[int, int, str], None] = _silent,
) -> Monitoring:
    """Judge a model by the periods since it learned."""
    check_horizon(horizon, model.history.freq)
    known = model.known(recent)
    return monitor(
        model.fitted,
        known,
        date.fromisoformat(model.training["learned_until"]),
        seed=seed,
        new_lanes=len(known.series) - int(model.training["lanes"]),
        horizon=horizon,
        window=window,
        progress=progress,
    )
