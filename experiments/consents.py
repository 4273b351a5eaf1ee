"""Owners' dated consents to pool their demand histories: without them nobody's model learns from another's record.

A TOML file with a table ``[[consent]]`` per owner, or a CSV file with a line per owner: ``owner``, ``signed`` (a date),
and optionally ``until`` (the last day on which it holds) and ``withdrawn`` (the first day on which it no longer does).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from experiments.problems import ProblemList, shown
from experiments.table_files import open_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

DATES = ("signed", "until", "withdrawn")
KEYS = ("owner", *DATES)


@dataclass(frozen=True)
class Consent:
    """An owner's word that its history may be learned from together with others'.

    Attributes
    ----------
    until
        Last day on which it holds; ``None`` for no end.
    withdrawn
        First day on which it no longer does, because its owner took it back; ``None`` where it did not.
    """

    owner: str
    signed: date
    until: date | None = None
    withdrawn: date | None = None

    def facts(self) -> dict[str, str | None]:
        """Give its fields in JSON's own types."""
        return {
            "owner": self.owner,
            "signed": self.signed.isoformat(),
            "until": self.until.isoformat() if self.until else None,
            "withdrawn": self.withdrawn.isoformat() if self.withdrawn else None,
        }


def read_consents(path: Path) -> tuple[Consent, ...]:
    """Read a file of consents.

    Raises
    ------
    InputError
        Where the file cannot be read, a date is none, or an owner stands there twice.
    """
    problems = ProblemList()
    rows = list(_toml_rows(path, problems) if path.suffix == ".toml" else _csv_rows(path, problems))
    problems.raise_any()
    found: dict[str, Consent] = {}
    for line, word, row in rows:
        consent = _consent(path.name, line, word, row, problems)
        if consent is None:
            continue
        if consent.owner in found:
            problems.add(path.name, "owner", consent.owner, "each owner once", line=line, word=word)
        found[consent.owner] = consent
    problems.raise_any()
    return tuple(found[owner] for owner in sorted(found))


def check_consents(path: Path, consents: Iterable[Consent], owners: Iterable[str], today: date) -> tuple[Consent, ...]:
    """Return the owners' consents if all of them hold today.

    Raises
    ------
    InputError
        Naming every owner whose consent is missing, not yet signed, withdrawn, or over.
    """
    return _standing(path, consents, owners, today, "")


def check_still_given(
    path: Path, consents: Iterable[Consent], owners: Iterable[str], today: date
) -> tuple[Consent, ...]:
    """Return the owners' consents if all of them still hold today, under a model that learned from them before.

    Raises
    ------
    InputError
        Naming every owner whose consent is gone, with what to do: what a model has learned cannot be taken out of it.
    """
    return _standing(path, consents, owners, today, "; else train the model anew without its history")


def _standing(
    path: Path, consents: Iterable[Consent], owners: Iterable[str], today: date, advice: str
) -> tuple[Consent, ...]:
    by_owner = {consent.owner: consent for consent in consents}
    problems = ProblemList()
    holds = f"a consent that still holds on {today}{advice}"
    for owner in sorted(set(owners)):
        consent = by_owner.get(owner)
        if consent is None:
            problems.add(path.name, "", f"no consent of {owner}", f"one of every owner whose history is pooled{advice}")
        elif consent.signed > today:
            problems.add(path.name, f"signed of {owner}", consent.signed, f"a day no later than {today}{advice}")
        elif consent.withdrawn is not None and consent.withdrawn <= today:
            problems.add(path.name, f"withdrawn of {owner}", consent.withdrawn, holds)
        elif consent.until is not None and consent.until < today:
            problems.add(path.name, f"until of {owner}", consent.until, holds)
    problems.raise_any()
    return tuple(by_owner[owner] for owner in sorted(set(owners)))


def _toml_rows(path: Path, problems: ProblemList) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        problems.add(path.name, "", f"cannot be read ({error.strerror})", "a readable file")
        return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.add(path.name, "", f"not TOML ({shown(error)})", "tables [[consent]]")
        return
    for key in sorted(set(told) - {"consent"}):
        problems.add(path.name, key, "unknown", "tables [[consent]] only")
    tables = told.get("consent", [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        problems.add(path.name, "consent", "no table", "tables [[consent]]")
        return
    for number, table in enumerate(tables, 1):
        yield number, "[[consent]]", table


def _csv_rows(path: Path, problems: ProblemList) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    source = open_table(path, problems)
    if source is None:
        return
    for block in source.blocks:
        columns = {name: values.to_pylist() for name, values in block.columns.items()}
        for at, line in enumerate(block.lines):
            yield int(line), source.word, {n: v[at] for n, v in columns.items() if v[at] is not None}


def _consent(file: str, line: int, word: str, row: Mapping[str, Any], problems: ProblemList) -> Consent | None:
    before = problems.count()
    for key in sorted(set(row) - set(KEYS)):
        problems.add(file, key, row[key], f"one of {', '.join(KEYS)}", line=line, word=word)
    dates = {}
    for key in DATES:
        given = row.get(key)
        if given is None:
            if key == "signed":
                problems.add(file, key, "missing", "the day of the consent", line=line, word=word)
            continue
        dates[key] = _date(given)
        if dates[key] is None:
            problems.add(file, key, given, "a day, such as 2026-01-31", line=line, word=word)
    owner = row.get("owner")
    if not isinstance(owner, str) or not owner:
        problems.add(file, "owner", "missing" if owner is None else owner, "a name", line=line, word=word)
    signed = dates.get("signed")
    if problems.count() > before or signed is None:
        return None
    return Consent(str(owner), signed, dates.get("until"), dates.get("withdrawn"))


def _date(given: Any) -> date | None:
    if isinstance(given, datetime):
        return None
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        return None
