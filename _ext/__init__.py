"""The book's Sphinx extensions, one file for each concern; `_config.yml` loads this one.

- `live`: explorers and exercises move in the built pages, by the package's own Python.
- `cells`: cells that can be changed and run there; `sheets`: exercises with other numbers.
- `page_modules`, `brython_bundle`: which modules a page runs, and their translation by Brython.
- `formulas`: MathJax sets them while the book is built.
- `docstrings`: their formulas, for the reference page.
- `links`: plain Markdown links reach glossary terms and references.
- `theme`: what the theme loads and no page needs; what screen readers stumble over.
- `execution`: chapters that have changed run side by side.
- `report`: what a build says, and what fails it.
- `publish` is a command: `make publish`.
"""

from sphinx.application import Sphinx

EXTENSIONS = ("report", "execution", "live", "cells", "formulas", "docstrings", "links", "theme")


def setup(app: Sphinx) -> dict[str, bool]:
    for name in EXTENSIONS:
        app.setup_extension(f"{__name__}.{name}")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
