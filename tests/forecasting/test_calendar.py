"""Countries and their parts that nobody knows."""

import pytest

from forecasting.calendar import holiday_dates
from groupage.errors import PolicyError


def refusal(country: str, subdivision: str | None = None) -> str:
    with pytest.raises(PolicyError) as caught:
        holiday_dates(country, subdivision, range(2026, 2027))
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("Germny", "DE (Germany)"), ("de", "DE (Germany)"), ("GBB", "GB (United Kingdom)")],
)
def test_unknown_country(given: str, meant: str):
    """Whoever mistypes a country's name or code, or writes it in small letters, reads the closest code, not all."""
    said = refusal(given)
    assert f"country is '{given}'" in said
    assert meant in said
    assert len(said) < 250


def test_country_like_no_other():
    """Where nothing comes close, the kind of code that is expected is told."""
    said = refusal("1234567")
    assert "ISO 3166-1" in said
    assert len(said) < 150


def test_unknown_subdivision():
    """Of a few parts all are named, of many the closest."""
    assert "one of BB, BE, BW, BY" in refusal("DE", "ZZ")
    said = refusal("IT", "Milan")
    assert "MI" in said
    assert len(said) < 250
