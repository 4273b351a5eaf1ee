"""A PostgreSQL of a benchmark's own: a throwaway cluster in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg


@contextmanager
def cluster() -> Iterator[Callable[[str], str] | None]:
    """Run a cluster that flushes to disk; gives what makes a database by name, or None where it is not installed.

    PostgreSQL refuses root: then somebody else runs it, ``postgres`` or ``nobody``.
    """
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    programs = Path(on_path).parent if on_path else next((p for p in places if (p / "initdb").exists()), None)
    if programs is None:
        yield None
        return
    switch: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="groupage-pg-"))
    if os.geteuid() == 0:
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        user = known.get("postgres") or known["nobody"]
        switch = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(folder, user.pw_uid, user.pw_gid)

    def run(program: str, *arguments: str) -> None:
        # Never through pipes: what it starts would hold them open.
        command = [str(programs / program), "-D", str(folder / "data"), *arguments]
        quiet: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        subprocess.run(command, check=True, timeout=120, cwd=folder, env=environment, **quiet, **switch)

    def make(name: str) -> str:
        with psycopg.connect(host=str(folder), user="admin", dbname="postgres", autocommit=True) as admin:
            if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = 'groupage'").fetchone():
                admin.execute("CREATE ROLE groupage LOGIN CREATEDB")
            admin.execute(f'CREATE DATABASE "{name}" OWNER groupage')
        return f"postgresql+psycopg://groupage@/{name}?host={folder}"

    try:
        run("initdb", "-U", "admin", "-A", "trust", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses= -c max_connections=200"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield make
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
