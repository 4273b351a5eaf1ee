"""How the command line ends."""

from __future__ import annotations

import pytest

from groupage.cli import app as command_line
from groupage.errors import GroupageError, InputError, MissingLibraryError, ModelFileError, ReplayError, SettlementError


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (InputError("no orders"), 2),
        (GroupageError("something else"), 2),
        (ReplayError("another settlement"), 3),
        (SettlementError("unbalanced"), 3),
        (ModelFileError("arrays/demand.npy: missing"), 3),
        (MissingLibraryError("libgomp.so.1 is missing [1]"), 1),
        (MemoryError(), 2),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int
) -> None:
    """Each kind of error that is raised on purpose has its exit code and its words on standard error, no traceback."""

    def fails() -> None:
        raise raised

    monkeypatch.setattr(command_line, "app", fails)
    with pytest.raises(SystemExit) as ended:
        command_line.run()
    assert ended.value.code == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert str(raised) in shown.err.replace("\n", " ")
    assert "Traceback" not in shown.err
