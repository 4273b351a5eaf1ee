"""A model folder as one run of bytes, to be kept where there are no folders; the same model gives the same bytes."""

from __future__ import annotations

import io
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.apart import select
from forecasting.model_files import read_model, write_model
from forecasting.panel import panel_from_state, panel_state

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from forecasting.model_state import ModelState

# The first moment that a ZIP file can name: an archive tells nothing of when it was made.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def pack_model(state: ModelState, training: Mapping[str, Any]) -> bytes:
    """Write a model folder (`forecasting.model_files.write_model`) into a ZIP archive.

    Raises
    ------
    InputError, ValueError
        As `write_model`.
    """
    with tempfile.TemporaryDirectory(prefix="groupage-model-") as place:
        folder = Path(place) / "model"
        write_model(folder, state, training)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for file in sorted(p for p in folder.rglob("*") if p.is_file()):
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _MOMENT)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, file.read_bytes(), compresslevel=6)
        return buffer.getvalue()


def unpack_model(content: bytes) -> tuple[ModelState, dict[str, Any]]:
    """Read back what `pack_model` wrote: the state, and how it was trained.

    Raises
    ------
    InputError, ModelFileError
        As `read_model`, which verifies every file.
    zipfile.BadZipFile
        Where the bytes are no archive.
    """
    with tempfile.TemporaryDirectory(prefix="groupage-model-") as place:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(place)
        return read_model(Path(place))


def without_others(state: ModelState, series: Collection[str]) -> ModelState:
    """Leave only some series in the history that a model keeps; what it learned from the others stays in its trees.

    For models whose history is the only thing that they keep by series, as LightGBM's.
    """
    panel = panel_from_state(state.spec["history"], state.arrays)
    kept = set(series)
    part = select(panel, np.flatnonzero([name in kept for name in panel.series]))
    spec, arrays = panel_state(part)
    return replace(state, spec={**state.spec, "history": spec}, arrays={**state.arrays, **arrays})
