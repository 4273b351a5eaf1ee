"""One table says which field shows which fact: it is whole, obeyed cell by cell, and what the docs print."""

from itertools import product
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor

from agents.visibility import MATRIX, Phase, Role, visible
from groupage.errors import PolicyError
from groupage.v1 import (
    markets_pb2,
    orders_pb2,
    proposals_pb2,
    rulebooks_pb2,
    shipments_pb2,
    synchronizations_pb2,
)
from server.visibility import (
    ENVELOPE,
    FACT_OF,
    FIELDS,
    GRANTABLE,
    blank,
    field_shown,
    grants_of,
    hidden_fields,
    shown,
    table_text,
)

ROOTS = (
    proposals_pb2.Proposal,
    orders_pb2.Order,
    markets_pb2.MarketPart,
    shipments_pb2.Shipment,
    synchronizations_pb2.OrderChanged,
    synchronizations_pb2.MessageLogged,
)
WHOLE = ("google.protobuf.Timestamp", "google.type.Date")
PAGE = Path(__file__).parents[2] / "docs/reference/visibility.md"


def leaves(descriptor, place):
    """Paths of all fields that hold no further message of ours."""
    for field in descriptor.fields:
        path = f"{place}.{field.name}"
        if field.type == FieldDescriptor.TYPE_MESSAGE and field.message_type.full_name not in WHOLE:
            yield from leaves(field.message_type, path)
        else:
            yield path


def filled(message):
    """Fill every field of a message with something, two of what is repeated."""
    for field in message.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for one in (
                [getattr(message, field.name)]
                if not field.is_repeated
                else [getattr(message, field.name).add() for _ in range(2)]
            ):
                filled(one)
            continue
        value = {FieldDescriptor.CPPTYPE_STRING: "canary", FieldDescriptor.CPPTYPE_BOOL: True}.get(field.cpp_type, 1)
        if field.is_repeated:
            getattr(message, field.name).extend([value, value])
        else:
            setattr(message, field.name, value)
    return message


def paths_in(message, place):
    """Paths of all leaves that are set."""
    for field, value in message.ListFields():
        path = f"{place}.{field.name}"
        if field.type != FieldDescriptor.TYPE_MESSAGE or field.message_type.full_name in WHOLE:
            yield path
            continue
        for one in value if field.is_repeated else [value]:
            yield from paths_in(one, path)


def test_every_field_of_a_proposal_shows_a_named_fact():
    """No field of a proposal is outside the table, and none is in it under a fact that is not in the matrix."""
    every = set(leaves(proposals_pb2.Proposal.DESCRIPTOR, "Proposal"))
    told = {p for p in FACT_OF if p.startswith("Proposal.")}
    assert every == told | ENVELOPE
    assert not told & ENVELOPE
    assert set(FACT_OF.values()) <= set(MATRIX)
    assert sum(map(len, FIELDS.values())) == len(FACT_OF)


def test_every_path_is_a_field():
    """Each path of the table leads to a field of the contract."""
    known = {root.DESCRIPTOR.name: root.DESCRIPTOR for root in ROOTS}
    for path in FACT_OF:
        name, *rest = path.split(".")
        descriptor = known[name]
        for step in rest:
            field = descriptor.fields_by_name[step]
            descriptor = field.message_type


@pytest.mark.parametrize("phase", Phase)
def test_each_cell(phase):
    """A full proposal keeps exactly the fields whose fact its part's role may see in the phase."""
    message = filled(proposals_pb2.Proposal())
    assert set(paths_in(message, "Proposal")) == set(leaves(proposals_pb2.Proposal.DESCRIPTOR, "Proposal"))
    blank(message, phase)
    roles = {"owner_part": Role.OWNER, "carrier_part": Role.CARRIER, "hub_part": Role.HUB}
    expected = set(ENVELOPE) | {
        path
        for path, fact in FACT_OF.items()
        if path.startswith("Proposal.")
        and (path == "Proposal.disclosed" or visible(fact, roles[path.split(".")[1]], phase))
    }
    assert set(paths_in(message, "Proposal")) == expected


@pytest.mark.parametrize(("fact", "phase"), list(product(sorted(GRANTABLE), Phase)))
def test_grants(fact, phase):
    """A grant shows its fact to its viewer from its phase on: no earlier, to nobody else, and no other fact."""
    for viewer in Role:
        grants = ((fact, str(viewer), str(phase)),)
        for other, role, when in product(MATRIX, Role, Phase):
            more = other == fact and role is viewer and list(Phase).index(when) >= list(Phase).index(phase)
            assert shown(other, role, when, grants) == (more or visible(other, role, when))


def test_a_grant_in_a_proposal():
    """What is granted is not cleared; all else is as without."""
    grants = (("driven_by", "owner", "proposed"), ("co_loaded", "co_loader", "after"))
    for phase in Phase:
        freed = hidden_fields(phase) - hidden_fields(phase, grants)
        drivers = {"Proposal.owner_part.orders.legs.carrier", "Proposal.owner_part.promises.carrier"}
        others = {"Proposal.owner_part.orders.co_loaded_companies"}
        assert freed == {Phase.BEFORE: set(), Phase.PROPOSED: drivers, Phase.AFTER: others}[phase]


def test_nobody_s_figures_are_granted():
    """A rulebook may show no cost, price, forecast or stake, nor a fact that there is not."""
    for fact in sorted((set(MATRIX) | {"nonsense"}) - GRANTABLE):
        message = rulebooks_pb2.Visibility()
        message.grants.add(fact="owner", viewer=rulebooks_pb2.VIEWER_ROLE_CARRIER, phase=rulebooks_pb2.PHASE_PROPOSED)
        message.grants.add(fact=fact, viewer=rulebooks_pb2.VIEWER_ROLE_CARRIER, phase=rulebooks_pb2.PHASE_AFTER)
        with pytest.raises(PolicyError, match=r"grants\[1\]\.fact"):
            grants_of(message)
    assert not {f for f in GRANTABLE if f.endswith("_eur")}
    assert set(MATRIX) >= GRANTABLE


def test_phases_and_viewers_of_the_contract():
    """Every viewer and phase that the contract names is one of the matrix."""
    message = rulebooks_pb2.Visibility()
    viewers = [v for v in rulebooks_pb2.ViewerRole.values() if v]
    phases = [p for p in rulebooks_pb2.Phase.values() if p]
    for viewer, phase in product(viewers, phases):
        message.grants.add(fact="owner", viewer=viewer, phase=phase)
    assert len(grants_of(message)) == len(Role) * len(Phase)
    for _, viewer, phase in grants_of(message):
        assert Role(viewer)
        assert Phase(phase)


def test_a_field_of_no_fact():
    """A field that the table does not know is an error, and not shown."""
    with pytest.raises(KeyError):
        field_shown("Proposal.owner_part.colour", Phase.AFTER)


def test_the_page_is_the_table():
    """docs/reference/visibility.md prints the table that the code obeys."""
    assert table_text() in PAGE.read_text(encoding="utf-8")
