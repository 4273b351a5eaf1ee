"""The settings of a scenario: ``scenario.toml``."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from experiments.columns import nearest, read_weekdays
from experiments.generator.params import GeneratorParams
from experiments.problems import problem_error, shown
from groupage.errors import InputError, Problem
from logistics.network import DEFAULT_CIRCUITY, DEFAULT_SPEED_KMH

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS_FILE = "scenario.toml"
MAX_DAYS = 3660


def _known_time_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"expected a time zone such as Europe/Amsterdam{nearest(name, available_timezones())}")
    return name


def _readable_weekdays(text: str) -> str:
    read_weekdays(text)
    return text


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NetworkSettings(_Frozen):
    """Where distances come from.

    Attributes
    ----------
    mode
        ``great_circle``: from coordinates; ``table``: from the table ``distances``.
    circuity
        Road distance over great-circle distance.
    speed_kmh
        Average speed; with ``mode = "table"`` it is not used.
    """

    mode: Literal["great_circle", "table"] = "great_circle"
    circuity: float = Field(default=DEFAULT_CIRCUITY, ge=1, le=10)
    speed_kmh: float = Field(default=DEFAULT_SPEED_KMH, gt=0)


class GeneratedFrom(_Frozen):
    """How a generated scenario came about.

    Attributes
    ----------
    tables_sha256
        Digest of the tables as they were generated; new orders can be drawn only while they are untouched.
    """

    params: GeneratorParams
    replication: int = Field(default=0, ge=0)
    tables_sha256: str


class ScenarioSettings(_Frozen):
    """What ``scenario.toml`` says.

    Attributes
    ----------
    start, days
        First planning day and number of planning days.
    time_zone
        Of days and of times without an offset.
    horizon_min
        Length of each day's planning window, from local midnight.
    planning_weekdays
        Days of the week on which plans are made; what is released on another day waits for the next one.
    """

    name: str = Field(min_length=1)
    description: str = ""
    start: date = Field(ge=date(1971, 1, 1), le=date(2200, 1, 1))
    days: int = Field(ge=1, le=MAX_DAYS)
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "UTC"
    horizon_min: float = Field(default=1440.0, gt=0)
    planning_weekdays: Annotated[str, AfterValidator(_readable_weekdays)] = "Mon-Sun"
    network: NetworkSettings = NetworkSettings()
    generator: GeneratedFrom | None = None


def read_settings(folder: Path) -> ScenarioSettings:
    """Read and check ``scenario.toml``.

    Raises
    ------
    InputError
        With every problem of the file.
    """
    path = folder / SETTINGS_FILE
    try:
        raw = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise problem_error(f"{SETTINGS_FILE} line {line}", "", "a byte that is not UTF-8", "text in UTF-8") from None
    except OSError as error:
        said = "missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise problem_error(SETTINGS_FILE, "", said, f"the settings of a scenario in {folder}") from None
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        where = f"{SETTINGS_FILE} line {place[1]}" if place else SETTINGS_FILE
        raise problem_error(where, "", str(error), 'TOML, such as: name = "region"') from None
    return parse_settings(raw)


def parse_settings(raw: dict[str, Any], file: str = SETTINGS_FILE) -> ScenarioSettings:
    """Check settings given as nested dictionaries."""
    try:
        return ScenarioSettings.model_validate(raw)
    except ValidationError as error:
        raise InputError(model_problems(error, ScenarioSettings, file)) from None


def model_problems(error: ValidationError, model: type[BaseModel], file: str) -> list[Problem]:
    """Turn pydantic's findings into problems; an unknown key comes with the nearest known one."""
    problems = []
    for found in error.errors():
        *tables, key = found["loc"] or ("",)
        where = f"{file} [{'.'.join(map(str, tables))}]" if tables else file
        if found["type"] == "extra_forbidden":
            known = _keys_at(model, tables)
            near = nearest(str(key), known)
            problems.append(Problem(where, str(key), "an unknown key", f"one of {', '.join(known)}{near}"))
        elif found["type"] == "missing":
            problems.append(Problem(where, str(key), "missing", f"a value for {key}"))
        else:
            said = found["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            given, _, expected = said.rpartition("expected ")
            # A rule between keys says itself what is given.
            value = given.removesuffix(", ") if not key else shown(found["input"])
            problems.append(Problem(where, str(key), value, expected))
    return problems


def _keys_at(model: type[BaseModel], tables: list[Any]) -> list[str]:
    for table in tables:
        field = model.model_fields.get(str(table))
        kinds = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
        models = [k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)]
        if not models:
            return []
        model = models[0]
    return list(model.model_fields)


def settings_toml(settings: ScenarioSettings) -> str:
    """Write settings as TOML; fields at their default are written too, so that the file stands alone."""
    lines: list[str] = []
    _write_table(lines, "", settings.model_dump(exclude_none=True))
    return "\n".join(lines).lstrip("\n") + "\n"


def _write_table(lines: list[str], path: str, table: dict[str, Any]) -> None:
    if path:
        lines += ["", f"[{path}]"]
    for key, value in table.items():
        if not isinstance(value, dict):
            lines.append(f"{key} = {_toml(value)}")
    for key, value in table.items():
        if isinstance(value, dict):
            _write_table(lines, f"{path}.{key}" if path else key, value)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(v) for v in value)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)
