"""A service of some processes that are killed and started again, with a pool in it, for `benchmarks.endurance`.

Servers and workers are the commands ``groupage serve`` and ``groupage worker``, each in a process of its own.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from groupage.client import Client, Connection
from groupage.client.retries import Retries
from groupage.v1 import (
    companies_pb2,
    fleets_pb2,
    members_pb2,
    orders_pb2,
    pools_pb2,
    rulebooks_pb2,
    sites_pb2,
    tariffs_pb2,
)
from server.identity import key_id, new_token
from server.settings import server_key
from server.store import Store, identities

POOL = "pools/rhine"
SHIPPERS, CARRIERS = ("acme", "bolt"), ("swift", "truck")
# `swift` has an agent of its own; `busy` writes orders all the time and is in no pool.
OWN, BUSY = "swift", "busy"
UNDAUNTED = Retries(attempts=100_000, most_s=0.5)
_UP_S = 120.0


@dataclass
class Program:
    """A command of ours that runs, and may be killed and started again.

    Attributes
    ----------
    says
        What it writes when it is ready.
    """

    arguments: list[str]
    says: str
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, without waiting for it to be ready."""
        with self.log.open("ab") as out:
            self._from = out.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "groupage.cli", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **self.environment},
            )

    def ready(self) -> None:
        """Wait until it works.

        Raises
        ------
        RuntimeError
            With the end of its log, if it ends or takes two minutes.
        """
        until = time.monotonic() + _UP_S
        while self.says.encode() not in self.log.read_bytes()[self._from :]:
            if self.process is None or self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self.log.read_text(errors="replace")[-4000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it -9. It stays in the process table until `bury`, as one of another machine stays unknown."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)

    def bury(self) -> None:
        """See that it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


@dataclass
class Site:
    """Servers and workers on one store.

    Parameters
    ----------
    folder
        Of the key, the logs and, on SQLite, the store.
    store_url
        Where the store is.
    replicas
        How many servers, and as many workers.
    """

    folder: Path
    store_url: str
    replicas: int = 1
    servers: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    address: str = ""

    def __enter__(self) -> Site:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(self.store_url)
        key = server_key(self.folder / "server.key")

        def put(tx: Any) -> None:
            for company in ("", *SHIPPERS, *CARRIERS, BUSY):
                token_id, self.tokens[company], mac = new_token(key)
                identities.add_token(
                    tx, token_id=token_id, mac=mac, key_id=key_id(key), company=company, operator=not company
                )

        self.store.transact(put)
        ports = free_ports(self.replicas)
        # Of several addresses gRPC takes the next one where one does not answer.
        self.address = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
        environment = {"GROUPAGE_STORE_URL": self.store_url, "GROUPAGE_WORKER__BESIDE_SERVER": "0"}
        environment |= {"GROUPAGE_WORKER__PROCESSES": "1", "OMP_NUM_THREADS": "1"}
        common = ["--data-dir", str(self.folder), "--log-level", "warning"]
        for number, port in enumerate(ports):
            serve = ["serve", *common, "--listen", f"127.0.0.1:{port}", "--metrics-port", "0"]
            self.servers.append(Program(serve, "groupage serves", self.folder / f"server{number}.log", environment))
            self.workers.append(
                Program(["worker", *common], "worker is ready", self.folder / f"worker{number}.log", environment)
            )
        try:
            for program in (*self.servers, *self.workers):
                program.start()
                program.ready()  # one by one: the first makes the workflows' tables
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for program in (*self.servers, *self.workers):
            program.bury()
        self.store.close()

    def client(self, company: str = "") -> Client:
        """A client that never gives up; without a company the operator's."""
        return Client(self.connection(company), retries=UNDAUNTED)

    def connection(self, company: str) -> Connection:
        """Where the servers are, as a company."""
        return Connection(self.address, token=self.tokens[company])


def _site(client: Client, company: str, name: str, kind: Any, lat: float, lon: float) -> None:
    made = sites_pb2.Site(kind=kind, zone="47", time_zone="Europe/Berlin")
    made.position.latitude, made.position.longitude = lat, lon
    client.network.create_site(parent=f"companies/{company}", site_id=name, site=made)


def fleet_rows() -> list[dict[str, Any]]:
    """What the carrier with its own agent has, as its own file says it."""
    place = {"vehicle": "rigid", "base": "base", "lat": 51.45, "lon": 6.75, "count": 50}
    size = {"capacity_pallets": 18, "capacity_kg": 9_000, "capacity_m3": 60}
    return [{**place, **size, "fixed_eur": 150.0, "per_km_eur": 0.6, "per_hour_eur": 30.0}]


def found(site: Site) -> str:
    """Enter companies with their master data, and found a pool of them; answers its rulebook."""
    roles = {c: companies_pb2.ROLE_SHIPPER for c in (*SHIPPERS, BUSY)}
    roles |= {c: companies_pb2.ROLE_CARRIER for c in CARRIERS}
    with site.client() as operator:
        for company, role in roles.items():
            made = companies_pb2.Company(
                display_name=company, roles=[role], when_silent=companies_pb2.REPRESENTATION_BUILT_IN
            )
            operator.network.create_company(company_id=company, company=made)
            with site.client(company) as client:
                _master_data(client, company, shipper=company not in CARRIERS)
        operator.pools.create_pool(pool_id="rhine", pool=pools_pb2.Pool(display_name="Rhine"))
        for company in (*SHIPPERS, *CARRIERS):
            member = members_pb2.Member(company=f"companies/{company}", roles=[roles[company]])
            operator.pools.invite_member(parent=POOL, member=member)
        book = rulebooks_pb2.Rulebook()
        book.policy.name = book.policy.protocol.name = "contract_net"
        for name in ("plan_iterations_per_job", "collect_iterations_per_job", "standalone_iterations_per_job"):
            setattr(book.policy.effort, name, 5)
        tariff = operator.network.get_tariff(name=f"companies/{OWN}/tariffs/groupage")
        book.baseline_tariffs.add(tariff=tariff.name, etag=tariff.etag)
        book.liability.terms_uri, book.liability.terms_sha256 = "https://example.org/terms", "0" * 64
        book.visibility.SetInParent()
        book.effective_time.FromDatetime(datetime.now(UTC) + timedelta(seconds=8))
        book = operator.pools.create_rulebook(parent=POOL, rulebook=book)
        for company in (*SHIPPERS, *CARRIERS):
            with site.client(company) as client:
                client.pools.accept_rulebook(name=book.name, digest=book.digest)
        until = time.monotonic() + 60
        while operator.pools.get_pool(name=POOL).state != pools_pb2.Pool.ACTIVE:
            if time.monotonic() > until:
                raise RuntimeError("the pool did not become active")
            time.sleep(0.1)
        return str(book.name)


def _master_data(client: Client, company: str, *, shipper: bool) -> None:
    parent = f"companies/{company}"
    if shipper:
        lat = 51.40 + 0.02 * len(company)
        _site(client, company, "plant", sites_pb2.SITE_KIND_FACTORY, lat, 6.70)
        for k in range(3):
            _site(client, company, f"client-{k}", sites_pb2.SITE_KIND_CLIENT, 51.75 + 0.03 * k, 7.2)
        return
    (row,) = fleet_rows()
    _site(client, company, "base", sites_pb2.SITE_KIND_BASE, row["lat"], row["lon"])
    vehicle = fleets_pb2.VehicleType(
        body=fleets_pb2.BODY_RIGID,
        base=f"{parent}/sites/base",
        **{name: row[name] for name in ("count", "capacity_pallets", "capacity_kg", "capacity_m3")},
    )
    if company != OWN:
        for name in ("fixed", "per_km", "per_hour"):
            setattr(vehicle.rates, f"{name}_eur_micros", round(1.1e6 * row[f"{name}_eur"]))
    client.network.create_vehicle_type(parent=parent, vehicle_type_id="rigid", vehicle_type=vehicle)
    if company == OWN:
        tariff = tariffs_pb2.Tariff(margin_percent=10)
        for pallets, cents in ((2, 16_000), (6, 32_000), (12, 60_000), (40, 150_000)):
            tariff.groupage.brackets.add(from_zone="*", to_zone="*", up_to_pallets=pallets, price_cents=cents)
        client.network.create_tariff(parent=parent, tariff_id="groupage", tariff=tariff)


def order(company: str, external_ref: str, day: datetime, number: int = 0) -> Any:
    """An order to be delivered on a day (midnight in UTC)."""
    made = orders_pb2.Order(
        external_ref=external_ref,
        origins=[f"companies/{company}/sites/plant"],
        destination=f"companies/{company}/sites/client-{number % 3}",
        pallets=2,
        weight_kg=600,
        volume_m3=4,
    )
    made.ready_at.FromDatetime(day + timedelta(hours=5))
    made.window_open.FromDatetime(day + timedelta(hours=7))
    made.window_close.FromDatetime(day + timedelta(hours=16))
    return made
