"""``groupage explain``: why a shipment was pooled or not, or how a participant fared."""

from pathlib import Path
from typing import Annotated

import typer

from groupage.errors import InputError


def explain(
    results: Annotated[Path, typer.Argument(help="Folder written by run.")],
    subject: Annotated[str, typer.Argument(help="A shipment or a participant.")],
) -> None:
    """Say why a shipment was pooled or not, or how a participant fared."""
    raise InputError(f"explaining {subject} in {results} is not part of this version yet")
