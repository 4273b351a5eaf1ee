"""The page on auctions shows what really comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def test_the_example_on_the_page_works_as_written(repo_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example runs, prints the line that stands beside it, and pays more the less it asks of the bidders."""
    page = (repo_root / "docs" / "reference" / "auctions.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(code) == 1
    exec(compile(code[0], "auctions.md", "exec"), {})
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == re.search(r"print\(winners\)  # (.*)", code[0])[1]
    assert shown[1:] == [
        "{'north': 4000, 'south': 3500}",
        "{'north': 5500, 'south': 5000}",
        "{'north': 4750, 'south': 4250}",
    ]
