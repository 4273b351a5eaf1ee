"""Competing companies, each with its own certificate, come to one plan: through processes, over TLS."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import trustme
from google.protobuf.duration_pb2 import Duration
from google.type import latlng_pb2
from sqlmodel import select

from agents import records
from agents.policy import Choice, Policy
from agents.synchronize import replayed
from groupage.client import Client, Connection, Retries
from groupage.client.agent import Agent
from groupage.client.carrier import Fleet
from groupage.v1 import (
    companies_pb2,
    fleets_pb2,
    members_pb2,
    negotiation_pb2,
    orders_pb2,
    pools_pb2,
    proposals_pb2,
    rulebooks_pb2,
    sites_pb2,
    synchronizations_pb2,
    tariffs_pb2,
    tracking_events_pb2,
    types_pb2,
)
from server.durable import record
from server.store import Store
from server.store.tables import BlobRow, NegotiationRow
from server.viewer import SYSTEM
from server.wire.policies import policy_message
from tests.server import postgres
from tests.server.calling import fresh_id
from tests.server.probe import issue

SHIPPERS, CARRIERS = ("acme", "bolt", "corn"), ("swift", "truck")
PLACES = {"acme": (51.2, 6.8), "bolt": (51.25, 6.85), "corn": (51.15, 6.75), "swift": (51.2, 6.9), "truck": (51.3, 6.7)}
State = synchronizations_pb2.Synchronization
Part = proposals_pb2.Proposal


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Service:
    """``groupage serve`` as a process, with its certificates."""

    def __init__(self, folder: Path, store_url: str) -> None:
        self.folder, self.port, self.ca = folder, free_port(), trustme.CA()
        own = self.ca.issue_cert("localhost")
        self.ca.cert_pem.write_to_path(folder / "ca.pem")
        own.private_key_pem.write_to_path(folder / "server-key.pem")
        (folder / "server.pem").write_bytes(b"".join(p.bytes() for p in own.cert_chain_pems))
        self.config = folder / "service.toml"
        self.config.write_text(
            f'listen = ["127.0.0.1:{self.port}"]\n'
            f'data_dir = "{folder}"\nstore_url = "{store_url}"\nmetrics_port = 0\n'
            f'[tls]\ncertificate = "{folder}/server.pem"\nkey = "{folder}/server-key.pem"\n'
            f'client_authorities = "{folder}/ca.pem"\n[worker]\nreply_within_s = 4\nprocesses = 1\n'
        )
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> None:
        """Run a command of the program."""
        command = [sys.executable, "-m", "groupage.cli", *arguments, "--config", str(self.config)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)

    def start(self) -> None:
        """Start it, and wait until its worker is ready."""
        with (self.folder / "log").open("wb") as log:
            self.process = self._begin(log)
        until = time.monotonic() + 120
        while b"worker is ready" not in (self.folder / "log").read_bytes():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < until, (self.folder / "log").read_text()
            time.sleep(0.2)

    def _begin(self, log):
        return subprocess.Popen(
            [sys.executable, "-m", "groupage.cli", "serve", "--config", str(self.config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def stop(self) -> None:
        """Stop it as an operating system would."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(60)
            finally:
                if self.process.poll() is None:
                    os.killpg(self.process.pid, signal.SIGKILL)

    def connection(self, company: str) -> Connection:
        """Connect with a certificate of the company's own."""
        certificate = issue(self.ca, uris=(f"spiffe://{company}.example/erp",), common_name=company)
        (self.folder / f"{company}.pem").write_bytes(certificate.chain)
        (self.folder / f"{company}-key.pem").write_bytes(certificate.key)
        return Connection(
            f"localhost:{self.port}",
            ca_file=self.folder / "ca.pem",
            certificate_file=self.folder / f"{company}.pem",
            key_file=self.folder / f"{company}-key.pem",
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def service(request, tmp_path):
    """A running service, with a certificate mapped for everybody."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    else:
        url = postgres.create(request.getfixturevalue("pg_socket"), "endtoend")
    one = Service(tmp_path, url)
    one.url = url
    one.run("client-certificate", "add", "--operator", "--spiffe", "spiffe://operator.example/erp")
    for company in (*SHIPPERS, *CARRIERS):
        one.run("client-certificate", "add", company, "--spiffe", f"spiffe://{company}.example/erp")
    one.start()
    yield one
    one.stop()


def set_up(service, clients, operator, start):
    """Companies, sites, fleets, orders, and a pool whose rulebook all have agreed to."""
    for company in (*SHIPPERS, *CARRIERS):
        roles = [companies_pb2.ROLE_SHIPPER if company in SHIPPERS else companies_pb2.ROLE_CARRIER]
        made = companies_pb2.Company(
            display_name=company, roles=roles, when_silent=companies_pb2.REPRESENTATION_BUILT_IN
        )
        operator.network.create_company(company_id=company, company=made)
        add_site(clients[company], company, "base", *PLACES[company], kind=1 if company in SHIPPERS else 4)
    for company in CARRIERS:
        truck = fleets_pb2.VehicleType(
            body=2,
            base=f"companies/{company}/sites/base",
            count=4,
            capacity_pallets=18,
            capacity_kg=9000,
            capacity_m3=60,
        )
        truck.rates.CopyFrom(rates(150, 0.9, 25))
        clients[company].network.create_vehicle_type(
            parent=f"companies/{company}", vehicle_type_id="rigid", vehicle_type=truck
        )
    hire = tariffs_pb2.DedicatedTerms(vehicle_type="companies/swift/vehicleTypes/rigid", prices=rates(220, 1.2, 35))
    tariff = clients["swift"].network.create_tariff(
        parent="companies/swift", tariff_id="hire", tariff=tariffs_pb2.Tariff(dedicated=hire)
    )
    for i, company in enumerate(SHIPPERS):
        orders = []
        for n in range(3):
            add_site(clients[company], company, f"client-{n}", 51.6 + 0.05 * n + 0.01 * i, 7.4 + 0.05 * n, kind=3)
            orders.append(an_order(company, n, start))
        receipt = clients[company].upload_orders(f"companies/{company}", orders)
        assert (len(receipt.stored), len(receipt.failures)) == (3, 0)
    operator.pools.create_pool(pool_id="rhine", pool=pools_pb2.Pool(display_name="Rhine"))
    for company in (*SHIPPERS, *CARRIERS):
        roles = [companies_pb2.ROLE_SHIPPER if company in SHIPPERS else companies_pb2.ROLE_CARRIER]
        member = members_pb2.Member(company=f"companies/{company}", roles=roles)
        operator.pools.invite_member(parent="pools/rhine", member=member)
    book = rulebooks_pb2.Rulebook(
        policy=policy_message(Policy(name="rhine", protocol=Choice(name="contract_net"))), exit_notice_days=1
    )
    book.liability.terms_uri, book.liability.terms_sha256 = "https://example.org/terms", "0" * 64
    book.visibility.SetInParent()
    book.baseline_tariffs.add(tariff=tariff.name, etag=tariff.etag)
    book.effective_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=4))
    proposed = operator.pools.create_rulebook(parent="pools/rhine", rulebook=book)
    for company in (*SHIPPERS, *CARRIERS):
        clients[company].pools.accept_rulebook(name=proposed.name, digest=proposed.digest)
    until = time.monotonic() + 60
    while operator.pools.get_pool(name="pools/rhine").rulebook != proposed.name:
        assert time.monotonic() < until
        time.sleep(0.3)
    return proposed.name


def rates(fixed, per_km, per_hour):
    return types_pb2.OperatingRates(
        fixed_eur_micros=round(fixed * 1e6),
        per_km_eur_micros=round(per_km * 1e6),
        per_hour_eur_micros=round(per_hour * 1e6),
    )


def add_site(client, company, name, latitude, longitude, kind):
    made = sites_pb2.Site(
        kind=kind,
        zone="44",
        time_zone="Europe/Berlin",
        position=latlng_pb2.LatLng(latitude=latitude, longitude=longitude),
    )
    client.network.create_site(parent=f"companies/{company}", site_id=name, site=made)


def an_order(company, number, start):
    made = orders_pb2.Order(
        external_ref=f"{company}-{number}",
        origins=[f"companies/{company}/sites/base"],
        destination=f"companies/{company}/sites/client-{number}",
        pallets=3,
        weight_kg=700,
    )
    made.ready_at.FromDatetime(start + timedelta(hours=5))
    made.window_open.FromDatetime(start + timedelta(hours=7))
    made.window_close.FromDatetime(start + timedelta(hours=16))
    return made


def fleet(company):
    """What a carrier's own agent knows of its vehicles, from a file of its own."""
    latitude, longitude = PLACES[company]
    row = {
        "vehicle": "rigid",
        "base": "base",
        "lat": latitude,
        "lon": longitude,
        "count": 4,
        "capacity_pallets": 18,
        "capacity_kg": 9000,
        "capacity_m3": 60,
        "fixed_eur": 150,
        "per_km_eur": 0.9,
        "per_hour_eur": 25,
        "time_zone": "Europe/Berlin",
    }
    return Fleet.of(pd.DataFrame([row]), f"companies/{company}")


class Desk(threading.Thread):
    """Follows a synchronization for a company, and answers its proposals as told."""

    def __init__(self, client, name, answers):
        super().__init__(daemon=True)
        self.client, self.name_, self.answers = client, name, answers
        self.events, self.proposals, self.error = [], [], None

    def run(self):
        try:
            for event in self.client.watch(self.name_):
                self.events.append(event)
                changed = event.proposal_changed
                if event.HasField("proposal_changed") and changed.state == Part.OPEN:
                    proposal = self.client.synchronizations.get_proposal(name=changed.proposal)
                    self.proposals.append(proposal)
                    verb = self.answers[min(len(self.proposals), len(self.answers)) - 1]
                    getattr(self.client.synchronizations, f"{verb}_proposal")(name=proposal.name, etag=proposal.etag)
        except Exception as error:
            self.error = error


class Silent(threading.Thread):
    """An own agent that opens its stream, and never answers."""

    def __init__(self, client, company):
        super().__init__(daemon=True)
        self.client, self.company, self.heard = client, company, []

    def run(self):
        def said():
            opening = negotiation_pb2.OpenStream(
                company=f"companies/{self.company}", roles=[companies_pb2.ROLE_CARRIER], agent="silent/1"
            )
            yield negotiation_pb2.ConverseRequest(request_id=fresh_id(), open=opening)
            threading.Event().wait()

        try:
            for response in self.client.negotiation.converse(said()):
                self.heard.append(response.WhichOneof("said"))
        except Exception:
            self.heard.append("ended")


@pytest.mark.timeout(400)
def test_competitors_come_to_one_plan(service):
    """One declines, one goes silent, one reconnects; the rest commit, each sees its own part, and it can be tracked."""
    patient = Retries(attempts=20, first_s=0.2, most_s=2.0)
    clients = {c: Client(service.connection(c), retries=patient, seed=1) for c in (*SHIPPERS, *CARRIERS)}
    operator = Client(service.connection("operator"), retries=patient, seed=1)
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    rulebook = set_up(service, clients, operator, start)

    agent = Agent(service.connection("swift"), "companies/swift", ["ROLE_CARRIER"], fleet("swift").seat(), seed=3)
    thread = threading.Thread(target=agent.run, daemon=True)
    thread.start()
    silent = Silent(Client(service.connection("truck")), "truck")
    silent.start()
    wait_for(lambda: silent.heard[:1] == ["opened"] and agent._opened)

    request = synchronizations_pb2.RequestSynchronizationRequest(
        parent="pools/rhine", rulebook=rulebook, reply_within=Duration(seconds=60), request_id=fresh_id()
    )
    request.window_start.FromDatetime(start)
    request.window_end.FromDatetime(start + timedelta(days=1))
    request.decide_by.FromDatetime(datetime.now(UTC) + timedelta(minutes=20))
    operation = clients["acme"].synchronizations.request_synchronization(request)
    name = f"pools/rhine/synchronizations/{operation.name.removeprefix('operations/')}"
    desks = {c: Desk(clients[c], name, ["accept"]) for c in (*SHIPPERS, *CARRIERS)}
    desks["bolt"].answers = ["decline"]
    for desk in desks.values():
        desk.start()

    # The agent of swift breaks off in the middle of it, and comes back.
    wait_for(lambda: agent.sequence > 1)
    agent.stop()
    thread.join(30)
    again = Agent(service.connection("swift"), "companies/swift", ["ROLE_CARRIER"], fleet("swift").seat(), seed=3)
    back = threading.Thread(target=again.run, daemon=True)
    back.start()

    done = clients["acme"].wait(operation, timeout_s=300, every_s=0.5)
    ended = State()
    assert done.response.Unpack(ended)
    assert ended.state == State.COMMITTED, [str(e) for e in desks["acme"].events]
    for desk in desks.values():
        desk.join(30)
        assert desk.error is None
    again.stop()

    # Who declined is released, and was in the first round only; all others are committed.
    states = {
        c: {o.state for o in clients[c].pages("orders", "list_orders", parent=f"companies/{c}")} for c in SHIPPERS
    }
    assert states["bolt"] == {orders_pb2.Order.RELEASED}
    for company in ("acme", "corn"):
        assert states[company] <= {orders_pb2.Order.COMMITTED, orders_pb2.Order.RELEASED}
        assert [p.round for p in desks[company].proposals] == [1, 2]
    assert any(orders_pb2.Order.COMMITTED in s for s in states.values())

    # Own agents answered for their companies, and the built-in one spoke for the silent.
    assert "question" in silent.heard
    by = {c: {e.message_logged.answered_by for e in desks[c].events if e.HasField("message_logged")} for c in CARRIERS}
    assert synchronizations_pb2.ANSWERED_BY_OWN_AGENT in by["swift"]
    assert synchronizations_pb2.ANSWERED_BY_OWN_AGENT not in by["truck"]
    # The own agent bid with its own fleet: a carrier that only refuses takes no part in anything.
    bids = [e.message_logged for e in desks["swift"].events if e.HasField("message_logged")]
    assert any(
        m.performative == negotiation_pb2.PERFORMATIVE_PROPOSE
        and m.answered_by == synchronizations_pb2.ANSWERED_BY_OWN_AGENT
        for m in bids
    ), bids
    assert synchronizations_pb2.ANSWERED_BY_BUILT_IN in by["truck"]

    # Nobody's part says anything of another owner.
    for company in ("acme", "corn"):
        own = desks[company].proposals[-1].SerializeToString()
        for other in set(SHIPPERS) - {company}:
            assert other.encode() not in own
    # What owners pay is what carriers receive.
    last = {
        c: clients[c].synchronizations.get_proposal(name=desks[c].proposals[-1].name)
        for c in (*SHIPPERS, *CARRIERS)
        if desks[c].proposals
    }
    # A carrier may have been in the first round only: the plan without bolt is another one.
    final = {c: p for c, p in last.items() if p.state == proposals_pb2.Proposal.COMMITTED}
    assert final.keys() & {*SHIPPERS} == {"acme", "corn"}
    assert {p.round for p in final.values()} == {2}
    paid = sum(p.owner_part.paid_cents - p.owner_part.left_cents for p in final.values())
    received = sum(p.carrier_part.received_cents for p in final.values())
    assert paid == received > 0

    replays(service.url, name)
    track(clients, final, start)


def replays(url, name):
    """What is recorded of the negotiation leads to what is recorded of its settlement."""
    store = Store(url)
    rows = store.look(
        SYSTEM, lambda s: s.exec(select(NegotiationRow).where(NegotiationRow.synchronization == name)).all()
    )
    assert [r.round for r in rows] == [1, 2]
    for row in rows:
        freeze, transcript, settlement = store.look(
            SYSTEM, lambda s, r=row: (record.freeze_of(s, r), record.transcript_of(s, r), record.settlement_of(s, r))
        )
        again = replayed(freeze.market, freeze.policy, transcript).settlement
        assert records.dumps(again) == records.dumps(settlement)
    assert store.look(SYSTEM, lambda s: s.exec(select(BlobRow)).first()) is not None
    store.close()


def track(clients, final, start):
    """The carrier reports; the owner sees its shipment on its way, and nobody else does."""
    carrier, load = next((c, p.carrier_part.loads[0]) for c, p in final.items() if p.carrier_part.loads)
    event = tracking_events_pb2.TrackingEvent(
        event_id="urn:uuid:00000000-0000-4000-8000-000000000001",
        type=1,
        action=2,
        biz_step="departing",
        event_time_zone_offset="+00:00",
        load_id=load.load_id,
    )
    event.event_at.FromDatetime(datetime.now(UTC))
    clients[carrier].tracking.report_events(parent=f"companies/{carrier}", events=[event])
    seen = {
        c: list(clients[c].pages("tracking", "list_shipments", parent=f"companies/{c}"))
        for c in ("acme", "corn", "bolt")
    }
    under_way = [s for c in ("acme", "corn") for s in seen[c] if s.state == 2]
    assert under_way
    assert seen["bolt"] == []


def wait_for(what, seconds=120):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)
