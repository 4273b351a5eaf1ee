"""The page in a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from experiments.report import write_report
from tests.experiments.report.synthetic import small_scenario, write_comparison, write_forecasters

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
@pytest.mark.parametrize("write", [write_comparison, write_forecasters])
def test_the_page_needs_nothing_but_itself(
    tmp_path: Path, browser: Browser, scheme: str, width: int, write: Callable[..., Path]
) -> None:
    """Nothing is requested beyond the file, nothing is complained about, and the page fits a desk and a telephone."""
    folder = write(tmp_path / "c", small_scenario(tmp_path / "s"), replications=2)
    report = write_report(folder)
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report.as_uri())
    page.wait_for_load_state("networkidle")
    assert [url for url in requested if url not in (report.as_uri(), "data:,")] == []
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """() => [...document.querySelectorAll('svg text')].filter(t => {
            const a = t.getBoundingClientRect(), s = t.closest('svg').getBoundingClientRect();
            return a.left < s.left - 12 || a.right > s.right + 12;
        }).map(t => t.textContent)"""
    )
    assert outside == []
    page.close()


def test_the_page_prints(tmp_path: Path, browser: Browser) -> None:
    """The page can be printed to paper of A4."""
    folder = write_comparison(tmp_path / "c", small_scenario(tmp_path / "s"))
    page = browser.new_page(color_scheme="dark")
    page.goto(write_report(folder).as_uri())
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.close()
