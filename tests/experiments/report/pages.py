"""Reading a report back: its text, its marks, and whether it is well formed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "link", "br"}
# What would make a browser fetch or run something.
LOADS = {"src", "href", "action", "data", "poster", "srcset", "xlink:href", "formaction", "background"}


class Page(HTMLParser):
    """A page's texts by element, with every fault of nesting and every reference out of the page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.references: list[str] = []
        self.tags: list[str] = []
        self.classes: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        self.faults += [f"<{name}> is never closed" for name in self.open]
        self.references += re.findall(r"url\([^)]*\)|@import[^;]*", text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:] or 'nothing'} at line {self.getpos()[0]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open and self.open[-1] != "style":
            self.texts.append((self.open[-1], " ".join(data.split())))

    def _note(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.faults.append(f"<{tag}> names an attribute twice")
        for name, value in attrs:
            if name == "class":
                self.classes += (value or "").split()
            if name in LOADS and value != "data:,":
                self.references.append(f"{tag} {name}={value}")
            if name.startswith("on"):
                self.references.append(f"{tag} {name}")

    @property
    def text(self) -> str:
        """All that a reader sees, with plain blanks."""
        return " ".join(text for _, text in self.texts).replace("\u00a0", " ")

    def of(self, tag: str) -> list[str]:
        """Texts directly inside elements of a name."""
        return [text.replace("\u00a0", " ") for name, text in self.texts if name == tag]
