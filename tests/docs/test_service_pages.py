"""What the pages about the service tell a reader to type works against a real server, as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupage.v1 import rulebooks_pb2
from server.settings import Settings
from server.store import Store
from server.store.tables import Record
from server.viewer import SYSTEM
from tests.docs.test_snippets import ROOT, snippets
from tests.examples.erp.conftest import node_modules  # noqa: F401
from tests.examples.erp.coordinator import Coordinating, orders
from tests.groupage.client.served import Served, token
from tests.groupage.client.test_agent import Coordinator, frozen, opened
from tests.server import world

HOW_TO = ROOT / "docs" / "how-to"
PUBLISHED = "127.0.0.1:7443"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server with a pool."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    store = Store(url)
    world.build(store, ["acme", "bolt", "swift"])
    one = Served(url)
    one.store = store
    yield one
    one.stop()
    store.close()


def typed(command: list[str], text: str, folder: Path, environment: dict[str, str]) -> str:
    """Give a text to a program, and return what it printed."""
    done = subprocess.run(
        [*command, text],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{text}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def shown(language: str, page: str, address: str) -> str:
    """All blocks of a language on a page, one after the other, with the address of the test's server."""
    return "\n".join(text for _, text in snippets(language, HOW_TO / page)).replace(PUBLISHED, address)


def test_the_page_about_python(served: Served, tmp_path: Path) -> None:
    """The page, read from top to bottom as one program, ends with both orders committed and tracked."""
    coordinating = Coordinating(served.store, 9_000, ("acme",))
    coordinating.start()
    identity = {"GROUPAGE_TOKEN": token(served.store, "acme")}
    said = typed([sys.executable, "-c"], shown("python", "connect-an-erp.md", served.address), tmp_path, identity)
    coordinating.join(60)
    assert coordinating.error is None
    assert "2 lines stored, 0 refused" in said
    assert [row.state for row in orders(served.store, "acme")] == ["COMMITTED"] * 2
    shipments = said[said.rindex("\n   ") :]
    assert "2 rows x" in shipments


def test_the_page_about_running_it(tmp_path: Path) -> None:
    """What the operator and a company type on a service where nothing is yet ends with a consent to its rulebook.

    The rulebook has frozen tariffs: without any, nothing that the members send has a cost alone, and no plan saves any.
    """
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    store = Store(url)
    served = Served(url)
    try:
        identities = {f"{name.upper()}_TOKEN": token(store, name) for name in ("acme", "swift")}
        identities["GROUPAGE_TOKEN"] = token(store, "", operator=True)
        text = shown("python", "run-the-service.md", served.address)
        said = typed([sys.executable, "-c"], text, tmp_path, identities)
        book = store.look(SYSTEM, lambda session: session.get(Record, "pools/rhine/rulebooks/v1"))
    finally:
        served.stop()
        store.close()
    assert rulebooks_pb2.Rulebook.FromString(book.body).baseline_tariffs[0].content.groupage.brackets
    assert said.split()[0] == "pools/rhine/rulebooks/v1"
    assert said.split()[1].startswith("pools/rhine/")


def test_the_pages_call_where_the_service_listens() -> None:
    """Who types a page against `groupage serve` as it comes finds it there."""
    (listens,) = Settings().listen
    assert listens == PUBLISHED
    for page in HOW_TO.glob("*.md"):
        assert set(re.findall(r"127\.0\.0\.1:(?!9464)\d+", page.read_text(encoding="utf-8"))) <= {PUBLISHED}, page


def test_the_page_about_node(served: Served, node_modules: Path) -> None:  # noqa: F811
    """The program on the page runs beside the example's own file, and is refused for a site that nobody entered."""
    identity = {"GROUPAGE_TOKEN": token(served.store, "acme"), "GROUPAGE_SERVER": served.address}
    text = shown("js", "connect-from-node.md", served.address)
    said = typed(["node", "--input-type=module", "-e"], text, node_modules, identity)
    assert "companies/acme" in said
    assert "SITE_UNKNOWN" in said
    steps = shown("sh", "connect-from-node.md", served.address)
    for file in ("package-lock.json", "erp.mjs"):
        assert (ROOT / "examples" / "erp" / "node" / file).exists()
    assert "npm ci --ignore-scripts" in steps
    # Its orders are for a day to come, whenever the page is read.
    steps = steps.split("node erp.mjs take-part")[0].split("export DAY", 1)[1]
    steps = "export DAY" + "".join(line for line in steps.splitlines(keepends=True) if "npm ci" not in line)
    firm = {**identity, "GROUPAGE_COMPANY": "companies/acme", "GROUPAGE_POOL": "pools/rhine"}
    said = typed(["sh", "-e", "-c"], steps, node_modules, firm)
    assert "5 orders submitted, 0 refused" in said


@pytest.mark.skipif(os.name != "posix", reason="the commands are a POSIX shell's")
def test_the_page_about_buf(served: Served, tmp_path: Path) -> None:
    """The page's commands, typed in order, list methods, read and write, show a reason and watch."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    if shutil.which("uuidgen") is None:
        (bin_ / "uuidgen").write_text(
            f"#!/bin/sh\nexec {sys.executable} -c 'import uuid; print(uuid.uuid4())'\n", encoding="utf-8"
        )
        (bin_ / "uuidgen").chmod(0o755)
    paths = os.pathsep.join([str(Path(sys.executable).parent), str(bin_), os.environ["PATH"]])
    identity = {"GROUPAGE_TOKEN": token(served.store, "acme"), "PATH": paths}
    said = typed(["sh", "-e", "-c"], shown("sh", "call-with-buf-curl.md", served.address), tmp_path, identity)
    assert "groupage.v1.Orders/UploadOrders" in said
    assert said.count("companies/acme/sites/works") == 2
    assert "RESOURCE_NOT_FOUND" in said
    assert served.store.look(SYSTEM, lambda session: session.get(Record, "companies/acme/sites/works")) is not None


def test_the_page_about_agents(tmp_path: Path) -> None:
    """The carrier on the page reads its file and answers a whole negotiation; so does the one with a day off."""
    first, second = (text for _, text in snippets("python", HOW_TO / "bring-your-own-agent.md"))
    ((_, fleet),) = snippets("text", HOW_TO / "bring-your-own-agent.md")
    (tmp_path / "fleet.csv").write_text(fleet, encoding="utf-8")
    before, call = first.split("agent = Agent(")
    own = f"{before}\n{second}\nagent = Agent({call}".replace(
        'fleet.seat(bidding=Choice(name="markup"))', "FourDayWeek"
    )
    assert own.count("FourDayWeek") == 2
    with opened(tmp_path) as place:
        identity = {"GROUPAGE_TOKEN": token(place.store, "swift"), "PYTHONPATH": str(ROOT)}
        for number, text in enumerate((first, own)):
            coordinator = Coordinator(place.store, place.name, frozen(), f"n{number}", bytes([number]) * 16)
            # Where the tests were begun in the background of a shell, Ctrl-C is ignored by all that they start.
            heard = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
            command = [sys.executable, "-c", heard + text.replace(PUBLISHED, place.served.address)]
            process = subprocess.Popen(command, cwd=tmp_path, env=os.environ | identity, stderr=subprocess.PIPE)
            try:
                coordinator.settle("companies/swift")
                assert process.poll() is None, process.stderr and process.stderr.read()
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=30)
            assert coordinator.heard
            assert all(reply.body.num_rows for _, reply in coordinator.heard if str(reply.topic) == "quotes")
