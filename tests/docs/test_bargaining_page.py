"""The page on bargaining shows what really comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def test_the_example_on_the_page_works_as_written(repo_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example runs and prints the line that stands beside it."""
    page = (repo_root / "docs" / "reference" / "bargaining.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(code) == 1
    exec(compile(code[0], "bargaining.md", "exec"), {})
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == re.search(r"found\.outcome\].tolist\(\)\)  # (.*)", code[0])[1]
    assert shown[1].endswith(" offers")
