"""The README as a package index shows it: links and pictures with addresses, or none.

REPOSITORY=https://github.com/you/your-fork in the environment names where they lie. Everything else
is in pyproject.toml.
"""

import os
import re
from pathlib import Path

from setuptools import setup

LINK = re.compile(r"(!?)\[([^]]*)\]\((?!https?:|#)([^)]*)\)")


def readme(text: str, repository: str) -> str:
    """`text` with every relative link made absolute; without a repository its words remain."""
    raw = repository.replace("https://github.com/", "https://raw.githubusercontent.com/")

    def absolute(link: re.Match) -> str:
        picture, words, path = link.groups()
        if not repository:
            return "" if picture else words
        place = f"{raw}/main/{path}" if picture else f"{repository}/blob/main/{path}"
        return f"{picture}[{words}]({place})"

    return LINK.sub(absolute, text)


address = os.environ.get("REPOSITORY", "").rstrip("/").removesuffix(".git")
setup(
    long_description=readme(Path("README.md").read_text(encoding="utf-8"), address),
    long_description_content_type="text/markdown",
    project_urls={"Repository": address} if address else {},
)
