"""Tests for experiments.consents."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from experiments.consents import Consent, check_consents, check_still_given, read_consents
from groupage.errors import InputError

TODAY = date(2026, 3, 1)


def test_both_kinds(tmp_path: Path):
    """TOML and CSV of the same consents read the same, in order of the owners."""
    toml, csv = tmp_path / "c.toml", tmp_path / "c.csv"
    toml.write_text(
        '[[consent]]\nowner = "F2"\nsigned = "2026-01-05"\n'
        '[[consent]]\nowner = "F1"\nsigned = 2026-01-02\nuntil = 2026-12-31\n',
        encoding="utf-8",
    )
    csv.write_text("owner,signed,until\nF2,2026-01-05,\nF1,2026-01-02,2026-12-31\n", encoding="utf-8")
    expected = (Consent("F1", date(2026, 1, 2), date(2026, 12, 31)), Consent("F2", date(2026, 1, 5)))
    assert read_consents(toml) == read_consents(csv) == expected
    assert expected[0].facts() == {"owner": "F1", "signed": "2026-01-02", "until": "2026-12-31", "withdrawn": None}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("owner,signed\nF1,2026-02-30\n", r"c\.csv line 2: signed is 2026-02-30, expected a day"),
        ("owner,signed\nF1,\n", r"line 2: signed is missing"),
        ("owner,signed\n,2026-01-01\n", r"line 2: owner is missing"),
        ("owner,signed\nF1,2026-01-01\nF1,2026-01-02\n", r"line 3: owner is F1, expected each owner once"),
        ("owner,signed,note\nF1,2026-01-01,x\n", r"line 2: note is x, expected one of owner, signed, until"),
    ],
)
def test_csv_problems(tmp_path: Path, text: str, message: str):
    """What is wrong with a line is named with the line."""
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_consents(tmp_path / "c.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[consent]\n", "not TOML"),
        ("consent = 3\n", "consent is no table"),
        ('[consents]\nowner = "F1"\n', "consents is unknown"),
        ("[[consent]]\nowner = 7\nsigned = 2026-01-01\n", r"\[\[consent\]\] 1: owner is 7, expected a name"),
        ('[[consent]]\nowner = "F1"\nsigned = 2026-01-01T10:00:00Z\n', "signed is .*, expected a day"),
    ],
)
def test_toml_problems(tmp_path: Path, text: str, message: str):
    """What is wrong with a table is named with the table."""
    (tmp_path / "c.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_consents(tmp_path / "c.toml")


def test_missing_file(tmp_path: Path):
    """A file that is not there is named, of either kind."""
    for name in ("c.toml", "c.csv"):
        with pytest.raises(InputError, match=f"{name}: cannot be read"):
            read_consents(tmp_path / name)


def test_all_must_hold_today():
    """Every owner whose consent is missing, not yet signed or over is named; the first and the last day count."""
    consents = [
        Consent("early", date(2026, 3, 2)),
        Consent("late", date(2025, 1, 1), date(2026, 2, 28)),
        Consent("ok", TODAY, TODAY),
        Consent("other", date(2020, 1, 1)),
    ]
    path = Path("c.toml")
    assert check_consents(path, consents, ["ok"], TODAY) == (consents[2],)
    with pytest.raises(InputError) as caught:
        check_consents(path, consents, ["ok", "early", "late", "absent"], TODAY)
    told = str(caught.value).splitlines()
    assert told == [
        "c.toml: no consent of absent, expected one of every owner whose history is pooled",
        "c.toml: signed of early is 2026-03-02, expected a day no later than 2026-03-01",
        "c.toml: until of late is 2026-02-28, expected a consent that still holds on 2026-03-01",
    ]


def test_withdrawn_consents(tmp_path: Path):
    """A consent that was withdrawn holds until the day before; a day of it in the future changes nothing yet."""
    (tmp_path / "c.csv").write_text(
        "owner,signed,until,withdrawn\nA,2025-01-01,,2026-03-01\nB,2025-01-01,2027-01-01,2026-03-02\n", encoding="utf-8"
    )
    consents = read_consents(tmp_path / "c.csv")
    assert [c.withdrawn for c in consents] == [TODAY, date(2026, 3, 2)]
    assert consents[0].facts() == {"owner": "A", "signed": "2025-01-01", "until": None, "withdrawn": "2026-03-01"}
    assert check_consents(Path("c.csv"), consents, ["B"], TODAY) == consents[1:]
    with pytest.raises(InputError, match=r"withdrawn of A is 2026-03-01, expected a consent that still holds"):
        check_consents(Path("c.csv"), consents, ["A", "B"], TODAY)


def test_what_no_longer_stands_under_a_model():
    """Owners whose consent is gone since a model learned from them are all named, with what to do."""
    path = Path("c.toml")
    consents = [Consent("ok", TODAY), Consent("gone", date(2025, 1, 1), withdrawn=date(2026, 2, 1))]
    assert check_still_given(path, consents, ["ok"], TODAY) == (consents[0],)
    with pytest.raises(InputError) as caught:
        check_still_given(path, consents, ["ok", "gone", "absent"], TODAY)
    told = str(caught.value).splitlines()
    assert told[0].startswith("c.toml: no consent of absent, expected")
    assert told[1].startswith("c.toml: withdrawn of gone is 2026-02-01, expected")
    assert all(line.endswith("train the model anew without its history") for line in told)
