"""Small means to write SVG: elements with escaped texts, figures rounded so that pages stay small."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable

CHARACTER_WIDTH = 0.56  # of the font size: mean of a sans-serif face


def tag(name: str, *children: str, **attributes: object) -> Markup:
    """Write an element; ``class_`` stands for class, an underscore inside a name for a hyphen, None leaves out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = "".join(escape(child) for child in children)
    return Markup(f"<{name}{written}>{inside}</{name}>" if inside else f"<{name}{written}/>")  # noqa: S704 - escaped above


def group(children: Iterable[str], **attributes: object) -> Markup:
    """Write a group of elements."""
    return tag("g", *children, **attributes)


def picture(width: float, height: float, label: str, children: Iterable[str], class_: str = "") -> Markup:
    """Write a picture that fills its column, with a label for those who do not see it."""
    return tag(
        "svg",
        *children,
        viewBox=f"0 0 {_plain(width)} {_plain(height)}",
        role="img",
        aria_label=label,
        class_=class_ or None,
    )


def text_width(text: str, size: float) -> float:
    """Estimate the width of a text."""
    return len(text) * size * CHARACTER_WIDTH


def _plain(value: object) -> str:
    if isinstance(value, float):
        rounded = f"{value:.1f}"
        return rounded.removesuffix(".0") if rounded != "-0.0" else "0"
    return str(value)
