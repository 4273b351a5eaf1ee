"""README's picture, drawn from the results of a demo."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.experiments.report.synthetic import small_scenario, write_comparison, write_run
from tools.picture import draw

MOST_BYTES = 150_000


def faults(svg: str) -> list[str]:
    """What would keep a page from showing a picture, or make it load something."""
    root = ElementTree.fromstring(svg)
    found = [] if root.tag == "{http://www.w3.org/2000/svg}svg" else [f"root is {root.tag}"]
    found += [f"{e.tag} loads" for e in root.iter() if {a.rpartition("}")[2] for a in e.attrib} & {"href", "src"}]
    found += [f"{e.tag} in it" for e in root.iter() if e.tag.rpartition("}")[2] in {"script", "foreignObject", "image"}]
    return found + (["too large"] if len(svg.encode()) > MOST_BYTES else [])


def test_a_comparison_is_drawn(tmp_path: Path) -> None:
    """Both maps and a bar for each policy stand in one file that loads nothing; same results, same bytes."""
    folder = write_comparison(tmp_path / "results", small_scenario(tmp_path / "scenario"))
    svg = str(draw(folder))
    assert faults(svg) == []
    texts = " ".join(ElementTree.fromstring(svg).itertext())
    assert all(word in texts for word in ("Without the pool", "With the pool", "standalone", "contract_net", "EUR"))
    assert str(draw(folder)) == svg


def test_a_single_run_is_refused(tmp_path: Path) -> None:
    """A run has no policies to compare, and the error says what is wanted."""
    folder = write_run(tmp_path / "results", small_scenario(tmp_path / "scenario"))
    with pytest.raises(ValueError, match="holds no comparison of policies, expected the results of `make demo`"):
        draw(folder)


def test_the_picture_of_readme(repo_root: Path) -> None:
    """README shows a picture that is there, small and whole, made by the tool."""
    assert "](docs/demo.svg)" in (repo_root / "README.md").read_text(encoding="utf-8")
    svg = (repo_root / "docs" / "demo.svg").read_text(encoding="utf-8")
    assert faults(svg) == []
    assert "With the pool" in svg
