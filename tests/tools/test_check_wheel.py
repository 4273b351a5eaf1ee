"""What the check of the wheel wants to see of a demo."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.check_wheel import demo_problem

PAGE = "<html><svg></svg>standalone contract_net trustee</html>\n"
PAID = {"standalone": 100.0, "contract_net": 90.0, "trustee": 80.0}


def demo(folder: Path, paid: dict[str, float], page: str | None) -> Path:
    (folder / "results").mkdir()
    summary = {policy: {"total_cost_eur": {"mean": mean}} for policy, mean in paid.items()}
    (folder / "results" / "comparison.json").write_text(json.dumps({"summary": summary}), encoding="utf-8")
    if page is not None:
        (folder / "report.html").write_text(page, encoding="utf-8")
    return folder


def test_a_whole_demo(tmp_path: Path) -> None:
    """A comparison in which pooling was cheaper and a whole page leave nothing to say."""
    assert demo_problem(demo(tmp_path, PAID, PAGE)) is None


@pytest.mark.parametrize(
    ("paid", "page", "said"),
    [
        (PAID, None, "wrote no report.html"),
        ({"standalone": 100.0}, PAGE, "compares"),
        (PAID | {"contract_net": 100.0, "trustee": 101.0}, PAGE, "finds no gain"),
        (PAID, PAGE.removesuffix("</html>\n"), "not whole"),
        (PAID, "<html>standalone contract_net trustee</html>", "not whole"),
    ],
)
def test_what_a_demo_lacks(tmp_path: Path, paid: dict[str, float], page: str | None, said: str) -> None:
    """A missing or cut page, a missing policy and a comparison without a gain are each told."""
    assert said in (demo_problem(demo(tmp_path, paid, page)) or "")


def test_no_comparison(tmp_path: Path) -> None:
    """A demo that left nothing is told."""
    assert demo_problem(tmp_path) == "wrote no results/comparison.json"
