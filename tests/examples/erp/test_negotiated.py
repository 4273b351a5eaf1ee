"""A day from the operator's first company to the last delivery, with nothing but the server's command and its contract.

Two firms with the example's programs, one in Python and one in Node, and two carriers' own agents.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from agents.policy import Effort
from groupage.client import Client, Connection
from groupage.client.agent import Agent
from groupage.client.carrier import Fleet, pays
from groupage.v1 import (
    companies_pb2,
    fleets_pb2,
    members_pb2,
    pools_pb2,
    rulebooks_pb2,
    sites_pb2,
    tariffs_pb2,
    tracking_events_pb2,
)
from tests.examples.erp.conftest import DAY, ROOT, Firm, finished, firm_of
from tests.server import postgres

FIRMS, CARRIERS = ("acme", "bolt"), ("swift", "tempo")
POOL = "pools/rhine"
QUICK = Effort(quote_iterations=3, carrier_iterations_per_job=5, standalone_iterations_per_job=5)


@dataclass
class Served:
    """`groupage serve` on a folder of its own, and on the store of an address where one is given."""

    folder: Path
    store: str = ""
    address: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What its programs are told of the store."""
        return os.environ | ({"GROUPAGE_STORE_URL": self.store} if self.store else {})

    def start(self) -> None:
        """Start it, and read where it listens."""
        options = ("--data-dir", str(self.folder), "--listen", "localhost:0", "--metrics-port", "0")
        command = [sys.executable, "-m", "groupage.cli", "serve", *options]
        self.log = (self.folder.parent / "serve.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log)
        for _ in range(600):
            found = re.search(r"services on localhost:(\d+)", Path(self.log.name).read_text(encoding="utf-8"))
            if found:
                self.address = f"localhost:{found[1]}"
                return
            assert self.process.poll() is None, Path(self.log.name).read_text(encoding="utf-8")
            time.sleep(0.1)
        raise AssertionError("the server did not come up")

    def stop(self) -> None:
        """Stop it."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()

    def token(self, company: str) -> str:
        """A token as the operator makes it; empty: its own."""
        if company not in self.tokens:
            whose = [company] if company else ["--operator"]
            command = ["token", "new", *whose, "--data-dir", str(self.folder), "--json"]
            command = [sys.executable, "-m", "groupage.cli", *command]
            pipes = {"capture_output": True, "text": True}
            done = subprocess.run(command, cwd=ROOT, env=self.environment, check=True, **pipes)
            self.tokens[company] = json.loads(done.stdout)["token"]
        return self.tokens[company]

    def client(self, company: str = "") -> Client:
        """A connection as a company, or the operator."""
        return Client(self.address, token=self.token(company))


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A server with an empty store, on SQLite or on a PostgreSQL of its own."""
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            url = postgres.create(stack.enter_context(postgres.cluster()), "erp")
        one = Served(tmp_path / "data", url)
        one.start()
        yield one
        one.stop()


def fleet(company: str) -> pd.DataFrame:
    """A carrier's own description of its vehicles."""
    row = {
        "vehicle": "rigid",
        "base": "base",
        "lat": 51.45,
        "lon": 6.75 + 0.03 * CARRIERS.index(company),
        "count": 3,
        "capacity_pallets": 18,
        "capacity_kg": 9000,
        "capacity_m3": 60,
        "fixed_eur": 150.0,
        "per_km_eur": 0.6,
        "per_hour_eur": 30.0,
    }
    return pd.DataFrame([row])


def found(served: Served) -> None:
    """The operator enters companies and founds a pool; carriers enter bases and vehicles, without a figure of cost."""
    for company in (*FIRMS, *CARRIERS):
        served.token(company)  # takes a second each, while the rulebook's time to consent runs
    with served.client() as operator:
        for company in (*FIRMS, *CARRIERS):
            role = companies_pb2.ROLE_SHIPPER if company in FIRMS else companies_pb2.ROLE_CARRIER
            made = companies_pb2.Company(
                display_name=company.upper(), roles=[role], when_silent=companies_pb2.REPRESENTATION_SIT_OUT
            )
            operator.network.create_company(company_id=company, company=made)
        for company in CARRIERS:
            drives(served, company)
        operator.pools.create_pool(pool_id="rhine", pool=pools_pb2.Pool(display_name="Rhine"))
        for company in (*FIRMS, *CARRIERS):
            roles = operator.network.get_company(name=f"companies/{company}").roles
            member = members_pb2.Member(company=f"companies/{company}", roles=roles)
            operator.pools.invite_member(parent=POOL, member=member)
        book = rulebooks_pb2.Rulebook()
        book.policy.name = book.policy.protocol.name = "contract_net"
        for name in ("plan_iterations_per_job", "collect_iterations_per_job", "standalone_iterations_per_job"):
            setattr(book.policy.effort, name, 5)
        tariff = operator.network.get_tariff(name="companies/swift/tariffs/groupage")
        book.baseline_tariffs.add(tariff=tariff.name, etag=tariff.etag)
        book.liability.terms_uri, book.liability.terms_sha256 = "https://example.org/terms", "0" * 64
        book.visibility.SetInParent()
        book.effective_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=10))
        book = operator.pools.create_rulebook(parent=POOL, rulebook=book)
        for company in (*FIRMS, *CARRIERS):
            with served.client(company) as member:
                member.pools.accept_rulebook(name=book.name, digest=book.digest)
        for _ in range(300):
            if operator.pools.get_pool(name=POOL).state == pools_pb2.Pool.ACTIVE:
                return
            time.sleep(0.1)
    raise AssertionError("the pool did not become active")


def drives(served: Served, company: str) -> None:
    """A carrier enters its base and its vehicles; the first also the tariff that says what going alone costs."""
    (row,) = fleet(company).to_dict("records")
    parent = f"companies/{company}"
    with served.client(company) as client:
        base = sites_pb2.Site(kind=sites_pb2.SITE_KIND_BASE, zone="47")
        base.position.latitude, base.position.longitude = row["lat"], row["lon"]
        client.network.create_site(parent=parent, site_id="base", site=base)
        vehicle = fleets_pb2.VehicleType(
            body=fleets_pb2.BODY_RIGID,
            base=f"{parent}/sites/base",
            **{name: row[name] for name in ("count", "capacity_pallets", "capacity_kg", "capacity_m3")},
        )
        client.network.create_vehicle_type(parent=parent, vehicle_type_id="rigid", vehicle_type=vehicle)
        if company == CARRIERS[0]:
            tariff = tariffs_pb2.Tariff(margin_percent=10)
            for pallets, cents in ((2, 16_000), (6, 32_000), (12, 60_000), (40, 150_000)):
                tariff.groupage.brackets.add(from_zone="*", to_zone="*", up_to_pallets=pallets, price_cents=cents)
            client.network.create_tariff(parent=parent, tariff_id="groupage", tariff=tariff)


def firms(served: Served, tmp_path: Path, node: Path) -> list[Firm]:
    """One in Python and one in Node, each with its day submitted."""
    made = []
    for company, language in zip(FIRMS, ("python", "node"), strict=True):
        firm = firm_of(company, language, tmp_path, node, served.address, served.token(company))
        firm.run("set-up")
        assert firm.run("submit", "--day", DAY).startswith("5 orders submitted, 0 refused")
        made.append(firm)
    return made


def taking_part(served: Served, firms: list[Firm], least: tuple[float, float]) -> list[str]:
    """Let the firms' programs take part, while the carriers' own agents converse."""

    async def main() -> list[str]:
        agents = []
        for company in CARRIERS:
            name = f"companies/{company}"
            connection = Connection(served.address, token=served.token(company))
            seat = Fleet.of(fleet(company), name).seat(effort=QUICK)
            agents.append(Agent(connection, name, ["ROLE_CARRIER"], seat, decide=pays))
        tasks = [asyncio.create_task(agent.converse()) for agent in agents]
        while not all(agent._opened for agent in agents):
            await asyncio.sleep(0.05)
        running = [
            firm.start("take-part", "--day", DAY, "--least-percent", str(percent))
            for firm, percent in zip(firms, least, strict=True)
        ]
        said = await asyncio.gather(*(asyncio.to_thread(finished, process) for process in running))
        for task in tasks:
            assert not task.done(), task.exception()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return list(said)

    return asyncio.run(main())


def event(step: str, load_id: str) -> Any:
    """What a carrier reports of a whole load."""
    made = tracking_events_pb2.TrackingEvent(
        event_id=f"urn:uuid:{uuid4()}",
        type=tracking_events_pb2.EVENT_TYPE_OBJECT,
        action=tracking_events_pb2.ACTION_OBSERVE,
        biz_step=step,
        event_time_zone_offset="+00:00",
        load_id=load_id,
    )
    made.event_at.CopyFrom(Timestamp(seconds=int(time.time())))
    return made


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the server is stopped by a signal")
@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_from_the_first_site_to_the_last_delivery(served: Served, tmp_path: Path, node_modules: Path) -> None:
    """All accept: what was pooled is committed, driven by the agents' carriers, reported by them and tracked."""
    found(served)
    both = firms(served, tmp_path, node_modules)
    for words in taking_part(served, both, (0.0, 0.0)):
        assert ": COMMITTED" in words
    pooled = {firm.company: [n for n, s in firm.states().items() if s == "COMMITTED"] for firm in both}
    assert sum(map(len, pooled.values())) > 1
    for firm in both:
        assert set(firm.states().values()) <= {"COMMITTED", "RELEASED"}
        assert firm.run("track").startswith(f"{len(pooled[firm.company])} shipments noted")
    for company in CARRIERS:
        with served.client(company) as client:
            (whole,) = client.pages("synchronizations", "list_synchronizations", parent=POOL)
            if not whole.proposal:
                continue  # it won nothing
            proposal = client.synchronizations.get_proposal(name=whole.proposal)
            for load in proposal.carrier_part.loads:
                events = [event("loading", load.load_id), event("accepting", load.load_id)]
                client.tracking.report_events(parent=f"companies/{company}", events=events)
    for firm in both:
        firm.run("track")
        assert set(firm.shipments().values()) <= {"DELIVERED"}
        assert sorted(firm.shipments()) == sorted(pooled[firm.company])


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the server is stopped by a signal")
@pytest.mark.parametrize("served", ["postgresql"], indirect=True)
def test_one_firm_declines(served: Served, tmp_path: Path, node_modules: Path) -> None:
    """The firm in Node wants more than there is to save: its orders are released, and the other goes on without it."""
    found(served)
    both = firms(served, tmp_path, node_modules)
    said = taking_part(served, both, (0.0, 99.0))
    assert all(re.search(": (COMMITTED|RELEASED)", words) for words in said)
    assert set(both[1].states().values()) == {"RELEASED"}
    assert set(both[0].states().values()) <= {"COMMITTED", "RELEASED"}
    with served.client("acme") as client:
        (whole,) = client.pages("synchronizations", "list_synchronizations", parent=POOL)
        assert whole.round > 1
