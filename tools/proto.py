"""Compiles the wire contract, `proto/groupage/v1/`, and checks it; run by ``make proto`` and ``make lint``.

``make proto`` writes the Python stubs into ``groupage/v1/``, and the whole contract with what it imports as one
descriptor set into ``proto/groupage.v1.binpb``. ``check`` does the same apart, names every file that differs, lints,
and holds the contract against ``proto/released.binpb``, the contract of the last release. ``release`` writes that one
anew.

Nothing is fetched: the imported definitions come out of installed packages (googleapis-common-protos, protovalidate,
grpcio-health-checking, grpcio-tools), and buf is given the compiled contract.

- googleapis-common-protos ships the definition of ``google.longrunning`` as ``operations_proto.proto``, a path that
  nothing imports: its descriptor is taken from the loaded module instead. protovalidate and grpcio-health-checking ship
  descriptors and no files.
- The stubs are compiled without the import of ``buf/validate/validate.proto``: the rules stay in them as options, where
  a validator finds them, and a client needs no module called ``buf``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import google.api
import grpc_tools
import protovalidate
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_health.v1 import health_pb2

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "proto"
STUBS = Path("groupage/v1")
CONTRACT = ROOT / "proto" / "groupage.v1.binpb"
RELEASED = ROOT / "proto" / "released.binpb"
OWN = "groupage/"
# What the service speaks beside its own: details of errors, and health.
BESIDE = ("google/rpc/error_details.proto", "grpc_health/v1/health.proto")
RULES = "buf/validate/validate.proto"

# Descriptors as a pool reads them that knows no extensions: options keep the bytes and the order in which they came,
# whichever definitions this process has loaded.
_POOL = descriptor_pool.DescriptorPool()
_POOL.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
FileSet: Any = message_factory.GetMessageClass(_POOL.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))


class ContractError(Exception):
    """What a tool said about the contract."""


def protoc(*arguments: str | Path) -> None:
    """Run the compiler.

    Raises
    ------
    ContractError
        With what it printed, warnings included.
    """
    done = subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    if done.returncode or done.stderr:
        raise ContractError(f"protoc: {done.stderr or done.stdout}")


def sources() -> list[str]:
    """Names of our files, as they are imported."""
    return sorted(path.relative_to(SOURCES).as_posix() for path in SOURCES.glob("groupage/v1/*.proto"))


def third_party() -> Any:
    """The definitions that no installed package ships as a file under the path by which it is imported."""
    found = FileSet()
    found.file.add().MergeFromString(protovalidate.ViolationPb.desc().file.proto.to_binary())
    for descriptor in (operations_pb2.Operation.DESCRIPTOR.file, health_pb2.DESCRIPTOR):
        found.file.add().MergeFromString(descriptor.serialized_pb)
    return found


def compile_contract(place: Path) -> Any:
    """Compile all files with what they import; comments are kept in ours only."""
    third, compiled = place / "third_party.binpb", place / "compiled.binpb"
    third.write_bytes(third_party().SerializeToString(deterministic=True))
    protoc(
        f"--descriptor_set_in={third}",
        f"-I{SOURCES}",
        f"-I{Path(google.api.__path__[0]).parent.parent}",
        f"-I{Path(grpc_tools.__path__[0]) / '_proto'}",
        "--include_imports",
        "--include_source_info",
        f"-o{compiled}",
        *sources(),
        *BESIDE,
    )
    contract = FileSet.FromString(compiled.read_bytes())
    for file in contract.file:
        if not file.name.startswith(OWN):
            file.ClearField("source_code_info")
    return contract


def write_stubs(contract: Any, place: Path) -> Path:
    """Write the stubs below a folder; gRPC code only where there is a service."""
    stripped = FileSet()
    for file in contract.file:
        if file.name != RULES:
            copy = stripped.file.add()
            copy.CopyFrom(file)
            if RULES in copy.dependency:
                copy.dependency.remove(RULES)
    bare = place / "stripped.binpb"
    bare.write_bytes(stripped.SerializeToString(deterministic=True))
    out = place / "stubs"
    out.mkdir()
    source = f"--descriptor_set_in={bare}"
    protoc(source, f"--python_out={out}", f"--pyi_out={out}", *sources())
    protoc(source, f"--grpc_python_out={out}", *[f.name for f in contract.file if f.service and f.name.startswith(OWN)])
    return out / STUBS


def buf(*arguments: str | Path) -> None:
    """Run buf.

    Raises
    ------
    ContractError
        With what it found.
    """
    program = shutil.which("buf", path=Path(sys.executable).parent) or shutil.which("buf")
    if program is None:
        raise ContractError("buf is missing: make setup installs it (package buf-bin)")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ContractError(f"buf {arguments[0]}: {done.stdout}{done.stderr}")


def lint(contract: Path) -> None:
    """Check form and style: how files are laid out, and the rules of ``proto/buf.yaml``."""
    buf("format", "--diff", "--exit-code", SOURCES)
    buf("lint", contract, "--config", SOURCES / "buf.yaml", "--path", "groupage")


def breaking(contract: Path, against: Path = RELEASED) -> None:
    """Check that nothing breaks those who hold the released contract."""
    buf("breaking", contract, "--against", against, "--config", SOURCES / "buf.yaml", "--path", "groupage")


def without_comments(contract: Any) -> bytes:
    """The same contract as bytes, without comments."""
    bare = FileSet()
    bare.CopyFrom(contract)
    for file in bare.file:
        file.ClearField("source_code_info")
    data: bytes = bare.SerializeToString(deterministic=True)
    return data


def stale(contract: Any, place: Path) -> list[str]:
    """Names of committed files that compiling would change, add or remove."""
    made = write_stubs(contract, place)
    names = {path.name for folder in (made, ROOT / STUBS) for path in folder.glob("*_pb2*.py*")}
    pairs = [(made / name, ROOT / STUBS / name) for name in sorted(names)]
    differing = [STUBS.joinpath(a.name).as_posix() for a, b in pairs if _bytes(a) != _bytes(b)]
    if _bytes(CONTRACT) != contract.SerializeToString(deterministic=True):
        differing.append(CONTRACT.relative_to(ROOT).as_posix())
    return differing


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def main() -> None:
    """Write or check, as the command line says."""
    parser = argparse.ArgumentParser(description="Compile and check the wire contract.")
    parser.add_argument("task", choices=("write", "check", "release"))
    task = parser.parse_args().task
    with tempfile.TemporaryDirectory(prefix="groupage-proto-") as folder:
        place = Path(folder)
        try:
            contract = compile_contract(place)
            image = place / "contract.binpb"
            image.write_bytes(contract.SerializeToString(deterministic=True))
            if task == "write":
                made = write_stubs(contract, place)
                for old in (ROOT / STUBS).glob("*_pb2*.py*"):
                    old.unlink()
                for new in sorted(made.iterdir()):
                    shutil.copyfile(new, ROOT / STUBS / new.name)
                shutil.copyfile(image, CONTRACT)
                print(f"proto: {STUBS}/ and {CONTRACT.relative_to(ROOT)}")
                return
            lint(image)
            if task == "release":
                RELEASED.write_bytes(without_comments(contract))
                print(f"proto: {RELEASED.relative_to(ROOT)}")
                return
            breaking(image)
            if differing := stale(contract, place):
                raise ContractError(f"not what the contract compiles to (run make proto): {', '.join(differing)}")
        except ContractError as error:
            sys.exit(f"proto: {error}")
    print("proto: the contract is in form, breaks nobody, and the stubs are what it compiles to")


if __name__ == "__main__":
    main()
