"""Sphinx configuration; `make docs` builds with warnings as errors and without a network."""

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "groupage"
author = _project["authors"][0]["name"]
project_copyright = author
release = version = _project["version"]

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = "groupage"
