"""What the commands of the service share: its settings, and its store."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groupage.cli.console import err
from groupage.errors import InputError, MissingLibraryError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from server.settings import Settings
    from server.store import Store

Config = Annotated[
    Path | None,
    typer.Option("--config", help="TOML file of settings; GROUPAGE_CONFIG names one as well.", show_default=False),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of the store and the server's key. [default: groupage-data]"),
]


def settings(config: Path | None, data_dir: Path | None = None, **given: Any) -> Settings:
    """Read the settings.

    Raises
    ------
    MissingLibraryError
        If what the service stands on is not installed.
    """
    try:
        from server.settings import load
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            f"the service needs the package {error.name}, which is not installed: pip install 'groupage[service]'"
        ) from None
    return load(config, data_dir=data_dir, **given)


@contextmanager
def opened(config: Path | None, data_dir: Path | None, *, make: bool = False) -> Iterator[tuple[Settings, Store]]:
    """Open the store that the settings name, for one command.

    Parameters
    ----------
    make
        Make it where there is none, and say so: who gives out the first identities may come before the service.

    Raises
    ------
    InputError
        If there is none and it is not to be made: in a wrong place there is nothing to list or revoke.
    """
    chosen = settings(config, data_dir)
    from server.store import Store, migrate

    if not migrate.is_there(chosen.store):
        shown = migrate.shown(chosen.store)
        if not make:
            right = "one that groupage serve or groupage token new made; --data-dir or --config says where it is"
            raise InputError([Problem(shown, "", "there is no store", right)])
        err.print(f"there was no store; a new one is {shown}", markup=False, soft_wrap=True)
        chosen.make_data_dir()
    store = Store(chosen.store, readers=1)
    try:
        yield chosen, store
    finally:
        store.close()
