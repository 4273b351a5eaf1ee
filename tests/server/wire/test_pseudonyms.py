"""Names that tell nothing: whom they stand for, only the negotiation's secret knows."""

from __future__ import annotations

import pytest

from server.wire.pseudonyms import Pseudonyms
from tests.agents.markets import small_market
from tests.server.wire.behind import SECRET

MARKET = small_market(31, factories=3, shipments=8, hubs=1, carriers=2).market


def every_name(names: Pseudonyms) -> dict[tuple[str, str], str]:
    """What everything in the market is called."""
    m = MARKET
    kinds = {"job": m.shipments, "place": m.sites, "company": {**m.carriers, **m.hubs, **dict.fromkeys(m.owners)}}
    return {(kind, name): names.called(kind, name) for kind, all_names in kinds.items() for name in all_names}


def test_a_worker_that_takes_over_makes_the_same_names() -> None:
    """Names hang on the secret, the reader and the thing alone."""
    assert every_name(Pseudonyms(SECRET, "v0", MARKET)) == every_name(Pseudonyms(SECRET, "v0", MARKET))


def test_names_of_readers_and_negotiations_cannot_be_matched() -> None:
    """No two things, no two readers and no two negotiations share a name."""
    made = [
        every_name(Pseudonyms(secret, reader, MARKET))
        for secret in (SECRET, b"the secret of another one")
        for reader in ("v0", "v1", "f0")
    ]
    called = [name for one in made for name in one.values()]
    assert len(set(called)) == len(called) == 6 * len(made[0])


def test_names_read_back() -> None:
    """What a name means is found again, legs through hubs too; what is called so by nobody, or by another, is not."""
    names, other = Pseudonyms(SECRET, "v0", MARKET), Pseudonyms(SECRET, "v1", MARKET)
    for (kind, name), called in every_name(names).items():
        assert names.meant(kind, called) == name
        assert other.meant(kind, called) is None
    leg = "s1@h0:out"
    assert names.called("job", leg) == f"{names.called('job', 's1')}@{names.called('company', 'h0')}:out"
    assert names.meant("job", names.called("job", leg)) == leg
    assert names.meant("job", "s1") is None
    assert names.meant("job", f"{names.called('job', 's1')}@h9:in") is None
    assert names.meant("job", "") == names.called("job", "") == ""


def test_own_things_may_be_called_by_their_resource_names() -> None:
    """A reader that names its own order is understood; one that names another's is not."""
    names = Pseudonyms(SECRET, "companies/acme", MARKET)
    assert names.meant("job", "companies/acme/orders/1") == "companies/acme/orders/1"
    assert names.meant("job", "companies/acme2/orders/1") is None


def test_a_secret_must_not_be_guessable() -> None:
    """A short secret is refused: with it, whoever guesses a name could tell what it is called."""
    with pytest.raises(ValueError, match="secret has 4 bytes, expected at least 16"):
        Pseudonyms(b"1234", "v0", MARKET)
