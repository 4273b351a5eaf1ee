"""What ``groupage run`` says of shares and of who would rather leave."""

from groupage.cli.run_ import _shares_lines, _stability_lines

SHARING = {
    "days": 3,
    "days_rational": 3,
    "days_rational_by_rule": 2,
    "jain_index": 0.8312,
    "largest_standard_error_eur": None,
    "notes": [],
}
STABILITY = {
    "days": 3,
    "days_in_core": 1,
    "days_not_distinguishable": 0,
    "days_not_certified": 0,
    "coalitions_evaluated": 21,
    "largest_violation_eur": 42.0,
    "largest_routing_noise_eur": None,
}


def test_shares():
    """Rationality and evenness always; the standard error and the rule's fallback where there is one."""
    (line,) = _shares_lines(SHARING)
    assert "nobody pays more than alone" in line
    assert "0.83" in line
    more = " ".join(_shares_lines(SHARING | {"largest_standard_error_eur": 7.5, "notes": ["split equally"]}))
    assert "standard error of up to 7.50 EUR" in more
    assert "fell back: split equally" in more
    assert list(_shares_lines(None)) == []


def test_stability():
    """Whether somebody would leave; how many groups were looked at where not all were; what is within the noise."""
    (line,) = _stability_lines(STABILITY)
    assert "Stable on 1 of 3 days" in line
    noise = {"days_not_distinguishable": 1, "largest_routing_noise_eur": 50.0}
    unsure = STABILITY | {"days_not_certified": 2, "coalitions_evaluated": 2046} | noise
    more = " ".join(_stability_lines(unsure))
    assert "Not distinguishable from stable on 1 more" in more
    assert "50.00 EUR" in more
    assert "Not certified on 2 of 3 days, 2,046 groups looked at" in more
    assert list(_stability_lines(None)) == []
