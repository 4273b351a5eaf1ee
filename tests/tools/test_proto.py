"""The compiler of the wire contract: what is committed is what it makes, and it sees what breaks style or readers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

for _name in ("google.protobuf", "google.api", "grpc_health", "grpc_tools", "protovalidate"):
    pytest.importorskip(_name, reason=f"{_name} is missing: install the extra groupage[dev]")

from google.protobuf import descriptor_pb2  # noqa: E402

from tools import proto  # noqa: E402

HAS_BUF = bool(shutil.which("buf", path=Path(sys.executable).parent) or shutil.which("buf"))
needs_buf = pytest.mark.skipif(not HAS_BUF, reason="buf is missing: install the extra groupage[dev]")
Change = Callable[[Any], None]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return proto.compile_contract(tmp_path_factory.mktemp("proto"))


def test_what_is_committed_is_what_the_contract_compiles_to(compiled: Any, tmp_path: Path) -> None:
    """Compiling gives the committed stubs and descriptor set, byte for byte, and no file more or less."""
    assert proto.stale(compiled, tmp_path) == []


def test_a_stub_that_was_edited_is_named(compiled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed, a missing and a surplus file are each told by name."""
    house = tmp_path / "house"
    shutil.copytree(proto.ROOT / proto.STUBS, house / proto.STUBS)
    monkeypatch.setattr(proto, "ROOT", house)
    monkeypatch.setattr(proto, "CONTRACT", house / "gone.binpb")
    (house / proto.STUBS / "orders_pb2.py").write_text("# edited\n")
    (house / proto.STUBS / "sites_pb2.pyi").unlink()
    (house / proto.STUBS / "old_pb2.py").write_text("")
    found = proto.stale(compiled, tmp_path)
    assert found == ["groupage/v1/old_pb2.py", "groupage/v1/orders_pb2.py", "groupage/v1/sites_pb2.pyi", "gone.binpb"]


def test_stubs_need_no_module_called_buf() -> None:
    """The compiled contract imports Google's definitions only, and nothing of this house but itself."""
    code = (
        "import sys, pkgutil, importlib, groupage.v1 as v\n"
        "for m in pkgutil.iter_modules(v.__path__): importlib.import_module(f'groupage.v1.{m.name}')\n"
        "print(sorted({n.split('.')[0] for n in sys.modules} & {'buf', 'protovalidate', 'agents', 'logistics',"
        " 'forecasting', 'experiments', 'server', 'numpy', 'pandas'}))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_published_contract_stands_alone() -> None:
    """The descriptor set holds all that it imports, in an order in which each file comes after its imports."""
    contract = descriptor_pb2.FileDescriptorSet.FromString(proto.CONTRACT.read_bytes())
    seen: set[str] = set()
    for file in contract.file:
        assert set(file.dependency) <= seen, file.name
        seen.add(file.name)
    services = {f"{file.package}.{service.name}" for file in contract.file for service in file.service}
    assert {"google.longrunning.Operations", "grpc.health.v1.Health", "groupage.v1.Orders"} <= services
    details = {message.name for file in contract.file if file.package == "google.rpc" for message in file.message_type}
    assert {"ErrorInfo", "BadRequest", "RetryInfo"} <= details
    assert set(proto.sources()) <= seen


@needs_buf
def test_the_contract_is_in_form_and_breaks_nobody(compiled: Any, tmp_path: Path) -> None:
    """buf finds nothing in layout and style, and nothing that breaks those who hold the released contract."""
    image = tmp_path / "contract.binpb"
    image.write_bytes(compiled.SerializeToString())
    proto.lint(image)
    proto.breaking(image)


def changed(compiled: Any, change: Change, place: Path) -> Path:
    """The contract with a change in the file of orders."""
    copy = proto.FileSet()
    copy.CopyFrom(compiled)
    change(next(file for file in copy.file if file.name == "groupage/v1/orders.proto"))
    image = place / "changed.binpb"
    image.write_bytes(copy.SerializeToString())
    return image


def order_field(file: Any, name: str) -> Any:
    (message,) = (m for m in file.message_type if m.name == "Order")
    return next(f for f in message.field if f.name == name)


def renumber(file: Any) -> None:
    order_field(file, "pallets").number = 99


def rename(file: Any) -> None:
    field = order_field(file, "pallets")
    field.name, field.json_name = "pallet_count", "palletCount"


def retype(file: Any) -> None:
    order_field(file, "pallets").type = descriptor_pb2.FieldDescriptorProto.TYPE_INT32


@needs_buf
@pytest.mark.parametrize(
    ("change", "said"), [(renumber, '"5"'), (rename, "pallet_count"), (retype, "double"), (renumber, "deleted")]
)
def test_what_breaks_readers_is_found(compiled: Any, change: Change, said: str, tmp_path: Path) -> None:
    """A field with another number, name or type is told: whoever compiled the released contract would misread it."""
    with pytest.raises(proto.ContractError, match=said):
        proto.breaking(changed(compiled, change, tmp_path), proto.RELEASED)


@needs_buf
def test_what_is_added_breaks_nobody(compiled: Any, tmp_path: Path) -> None:
    """A new optional field is no break."""

    def add(file: Any) -> None:
        (message,) = (m for m in file.message_type if m.name == "Order")
        message.field.add(name="colour", json_name="colour", number=100, type=9, label=1)

    proto.breaking(changed(compiled, add, tmp_path), proto.RELEASED)


def edited(name: str, old: str, new: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The contract compiled from sources of which one was edited."""
    house = place / "proto"
    shutil.copytree(proto.SOURCES, house)
    source = house / "groupage" / "v1" / name
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(proto, "SOURCES", house)
    image = place / "contract.binpb"
    image.write_bytes(proto.compile_contract(place).SerializeToString())
    return image


@needs_buf
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  // For people.\n", "", "should have a non-empty comment"),
        ("min_items: 1\n", "min_items: 4\n", "min_items"),
        ("display_name = 2", "displayName = 2", "lower_snake_case"),
        ("  string name = 1 ", "    string name = 1 ", "buf format"),
    ],
)
def test_lint_finds_what_is_out_of_form(
    old: str, new: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing comment, a rule that nothing can satisfy, a name in another style and loose layout are each told."""
    image = edited("companies.proto", old, new, tmp_path, monkeypatch)
    with pytest.raises(proto.ContractError, match=said):
        proto.lint(image)


def test_a_file_that_does_not_compile_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the compiler says of a broken file comes through with its place."""
    house = tmp_path / "proto"
    shutil.copytree(proto.SOURCES, house)
    with (house / "groupage" / "v1" / "types.proto").open("a", encoding="utf-8") as file:
        file.write("message Broken { string name = 1 }\n")
    monkeypatch.setattr(proto, "SOURCES", house)
    with pytest.raises(proto.ContractError, match=r"types\.proto:\d+:\d+"):
        proto.compile_contract(tmp_path)
