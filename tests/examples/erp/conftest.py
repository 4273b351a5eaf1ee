"""A real server in a process of its own, and the order books of two firms beside it: one in Python, one in Node."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.store import Store
from tests.groupage.client.served import Served, token
from tests.server import world

ROOT = Path(__file__).parents[3]
ERP = ROOT / "examples" / "erp"
DAY = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Node example with its packages, installed once from its lock file, away from the checkout."""
    if shutil.which("npm") is None:
        pytest.skip("node and npm, which run the example in Node, are not on this machine")
    folder = tmp_path_factory.mktemp("node") / "examples" / "erp" / "node"
    shutil.copytree(ERP / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(ROOT / "proto", folder.parents[2] / "proto")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, f"npm ci ended with {done.returncode}:\n{done.stderr}"
    return folder


@dataclass
class Firm:
    """A firm with its own order book and its own program."""

    company: str
    command: list[str]
    book: Path
    language: str
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, step: str, *options: str) -> subprocess.Popen[str]:
        """Begin a step of the program."""
        command = [*self.command, step, "--book", str(self.book), *options]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=os.environ | self.environment, text=True, **pipes)

    def run(self, step: str, *options: str) -> str:
        """Do a step, and return what it printed."""
        return finished(self.start(step, *options))

    def states(self) -> dict[int, str | None]:
        """What the firm itself noted of its orders, by its own numbers."""
        if self.language == "python":
            return dict(self.rows("SELECT so_no, gp_state FROM sales_order"))
        return {int(number): note.get("state") for number, note in self.notes().items()}

    def shipments(self) -> dict[int, str]:
        """What it noted of its shipments."""
        if self.language == "python":
            return dict(self.rows("SELECT so_no, state FROM delivery"))
        return {int(number): note["shipment"] for number, note in self.notes().items() if "shipment" in note}

    def rows(self, query: str) -> list[tuple]:
        """Look into the order book in Python."""
        db = sqlite3.connect(self.book)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()

    def notes(self) -> dict[str, dict]:
        """Look into what the firm in Node noted."""
        return json.loads((self.book / "status.json").read_text(encoding="utf-8"))


def finished(process: subprocess.Popen[str]) -> str:
    """Wait for a step, and return what it printed."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, f"{process.args} ended with {process.returncode}:\n{out}{err}"
    return out


def firm_of(company: str, language: str, folder: Path, node: Path | None, address: str, key: str) -> Firm:
    """A firm of the pool with an order book of its own."""
    environment = {
        "GROUPAGE_SERVER": address,
        "GROUPAGE_TOKEN": key,
        "GROUPAGE_COMPANY": f"companies/{company}",
        "GROUPAGE_POOL": "pools/rhine",
        "PYTHONPATH": str(ROOT),
    }
    if language == "python":
        command = [sys.executable, str(ERP / "erp.py")]
        firm = Firm(company, command, folder / f"{company}.sqlite", language, environment)
        firm.run("fill", "--day", DAY)
        return firm
    assert node is not None
    firm = Firm(company, ["node", str(node / "erp.mjs")], folder / company, language, environment)
    firm.run("fill", "--day", DAY)
    return firm


@dataclass
class Market:
    """A server with a pool, and its store."""

    store: Store
    served: Served

    def firm(self, company: str, language: str, folder: Path, node: Path | None) -> Firm:
        """A firm of the pool."""
        return firm_of(company, language, folder, node, self.served.address, token(self.store, company))


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Market]:
    """A server with two firms and a carrier in a pool."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    store = Store(url)
    world.build(store, ["acme", "bolt", "swift"])
    served = Served(url)
    yield Market(store, served)
    served.stop()
    store.close()


@pytest.fixture(params=["python", "node"])
def firm(request: pytest.FixtureRequest, market: Market, tmp_path: Path) -> Firm:
    """A firm, once for each language."""
    node = request.getfixturevalue("node_modules") if request.param == "node" else None
    return market.firm("acme", request.param, tmp_path, node)
