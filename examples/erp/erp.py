"""A firm's side of groupage: set up, submit a day, take part, track.

    python erp.py fill --day 2026-05-04
    python erp.py set-up
    python erp.py submit --day 2026-05-04
    python erp.py take-part --day 2026-05-04 --least-percent 5
    python erp.py track

Where the service is and who calls stands in the environment: GROUPAGE_SERVER (host:port), GROUPAGE_TOKEN,
GROUPAGE_COMPANY (companies/acme), GROUPAGE_POOL (pools/rhine); with TLS also GROUPAGE_CA, GROUPAGE_CERTIFICATE and
GROUPAGE_KEY, paths of PEM files.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import mapping
from order_book import OrderBook

from groupage.client import Client, Connection
from groupage.errors import GroupageError, ServiceError
from groupage.v1 import proposals_pb2, synchronizations_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

State = synchronizations_pb2.Synchronization.State
FINAL = {State.COMMITTED, State.RELEASED, State.CANCELLED, State.FAILED}
REPLY_WITHIN = timedelta(minutes=2)
OVERLAP = timedelta(minutes=5)  # what changes together is seen a little later than its time says


def connect() -> Client:
    """The service, by what the environment says."""
    given = {
        "ca_file": os.environ.get("GROUPAGE_CA"),
        "certificate_file": os.environ.get("GROUPAGE_CERTIFICATE"),
        "key_file": os.environ.get("GROUPAGE_KEY"),
    }
    return Client(Connection(os.environ["GROUPAGE_SERVER"], os.environ.get("GROUPAGE_TOKEN", ""), **given))


def set_up(client: Client, company: str, book: OrderBook) -> int:
    """Enter every place of the order book, or correct it; what is entered already stays. Answers how many changed."""
    there = {site.name: site for site in client.pages("network", "list_sites", parent=company)}
    changed = 0
    for row in book.places():
        wanted = mapping.site(company, row)
        found = there.get(wanted.name)
        if found is None:
            client.network.create_site(parent=company, site_id=mapping.site_id(row["code"]), site=wanted)
        elif _differs(wanted, found):
            wanted.etag = found.etag  # whoever changed it since is not overwritten
            client.network.update_site(site=wanted)
        else:
            continue
        changed += 1
    return changed


def _differs(wanted: Any, found: Any) -> bool:
    same = type(found)()
    same.CopyFrom(found)
    for told in ("etag", "create_time", "update_time"):
        same.ClearField(told)
    return bool(same != wanted)


def submit(client: Client, company: str, book: OrderBook, day: str) -> tuple[int, int]:
    """Submit a day's orders; what is refused is noted with the reason. Answers how many were taken, and refused."""
    rows = book.to_submit(day)
    if not rows:
        return 0, 0
    receipt = client.upload_orders(company, mapping.orders(company, rows))
    for so_no, name in receipt.stored["name"].items():
        book.taken(so_no, name)
    for so_no, line in receipt.failures.iterrows():
        # Submitted before, and the note of it was lost: the service says under which name.
        if line["reason"] == "EXTERNAL_REF_TAKEN" and line["metadata"].get("name"):
            book.found(so_no, line["metadata"]["name"])
        else:
            book.refused(so_no, f"{line['reason']} {line['fields']}".strip())
    return len(receipt.stored), len(receipt.failures)


def request_or_join(client: Client, pool: str, day: str) -> str:
    """Ask for a plan of a day, or find the one that another member asked for; answers its name."""
    opens, closes = mapping.moment(day, "00:00"), mapping.moment(day, "23:59")
    now = datetime.now(UTC)
    decide_by = min(now + timedelta(hours=2), opens) if opens - now > 2 * REPLY_WITHIN else now + 2 * REPLY_WITHIN
    try:
        operation = client.synchronizations.request_synchronization(
            parent=pool,
            rulebook=client.pools.get_pool(name=pool).rulebook,
            window_start=opens,
            window_end=closes,
            reply_within=REPLY_WITHIN,
            decide_by=decide_by,
        )
    except ServiceError as error:
        if error.reason != "SYNCHRONIZATION_OPEN":
            raise
        return error.metadata.get("synchronization") or next(open_ones(client, pool)).name
    started = synchronizations_pb2.RequestSynchronizationMetadata()
    operation.metadata.Unpack(started)
    return started.synchronization


def open_ones(client: Client, pool: str) -> Iterator[Any]:
    """Synchronizations that are under way and that this company takes part in."""
    under_way = "state:QUEUED OR state:NEGOTIATING OR state:PROPOSED"
    return client.pages("synchronizations", "list_synchronizations", parent=pool, filter=under_way)


def take_part(client: Client, name: str, least_percent: float) -> str:
    """Follow a synchronization to its end, and answer each proposal; answers the final state.

    A proposal that saves the firm at least so many percent of what it would pay alone is accepted.
    """
    for event in client.watch(name):
        if event.HasField("proposal_changed") and event.proposal_changed.state == proposals_pb2.Proposal.OPEN:
            decide(client, event.proposal_changed.proposal, least_percent)
        if event.HasField("state_changed") and event.state_changed.state in FINAL:
            return State.Name(event.state_changed.state)
    return State.Name(client.synchronizations.get_synchronization(name=name).state)


def decide(client: Client, name: str, least_percent: float) -> bool | None:
    """Accept a proposal or decline it; `None` where there was nothing left to decide."""
    proposal = client.synchronizations.get_proposal(name=name)
    if proposal.state != proposals_pb2.Proposal.OPEN:
        return None
    part = proposal.owner_part
    worth_it = part.saving_cents * 100 >= least_percent * part.standalone_cents
    try:
        if worth_it:
            client.synchronizations.accept_proposal(name=name, etag=proposal.etag)
        else:
            client.synchronizations.decline_proposal(
                name=name, etag=proposal.etag, reason=proposals_pb2.DeclineProposalRequest.REASON_PRICE
            )
    except ServiceError as error:
        # Too late, or superseded while it was read: the next one comes as an event.
        if error.reason in ("ETAG_MISMATCH", "PROPOSAL_NOT_OPEN", "DEADLINE_PASSED"):
            return None
        raise
    return worth_it


def note_states(client: Client, company: str, book: OrderBook) -> dict[str, int]:
    """Note where submitted orders stand that changed since that was last noted; answers how many stand where."""
    numbers, last = book.submitted(), book.last_change()
    changed = f'update_time>="{(last - OVERLAP).isoformat()}"' if last else ""
    states = {}
    for order in client.pages("orders", "list_orders", parent=company, filter=changed):
        if order.name in numbers:
            states[numbers[order.name]] = mapping.order_state(order), order.update_time.ToDatetime(UTC)
    book.became(states)
    return book.standing()


def track(client: Client, company: str, book: OrderBook) -> int:
    """Note where the shipments are; answers how many were told."""
    numbers = book.submitted()
    shipments = client.pages("tracking", "list_shipments", parent=company)
    told = [(numbers.get(s.name.removesuffix("/shipment")), s) for s in shipments]
    deliveries = [mapping.delivery(so_no, shipment) for so_no, shipment in told if so_no is not None]
    book.tracked(deliveries)
    return len(deliveries)


def main(arguments: list[str]) -> None:
    """Do one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("fill", "set-up", "submit", "take-part", "track"))
    parser.add_argument("--book", default="orders.sqlite", help="the order book [orders.sqlite]")
    parser.add_argument("--day", help="day of delivery, YYYY-MM-DD")
    parser.add_argument("--least-percent", type=float, default=5.0, help="least saving to accept [5]")
    given = parser.parse_args(arguments)
    if given.step in ("fill", "submit", "take-part") and not given.day:
        parser.error("--day is needed")
    book = OrderBook(given.book)
    try:
        if given.step == "fill":
            book.fill(given.day)
            return
        company, pool = os.environ["GROUPAGE_COMPANY"], os.environ.get("GROUPAGE_POOL", "")
        with connect() as client:
            if given.step == "set-up":
                print(f"{set_up(client, company, book)} places entered or corrected")
            elif given.step == "submit":
                taken, refused = submit(client, company, book, given.day)
                print(f"{taken} orders submitted, {refused} refused")
            elif given.step == "take-part":
                name = request_or_join(client, pool, given.day)
                print(f"{name}: {take_part(client, name, given.least_percent)}")
                print(note_states(client, company, book))
            else:
                print(f"{track(client, company, book)} shipments noted")
    except (GroupageError, FileExistsError) as error:
        sys.exit(str(error))
    finally:
        book.close()


if __name__ == "__main__":
    main(sys.argv[1:])
