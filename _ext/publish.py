"""Write what is published: `python -m resnet_lab.page.publish https://github.com/you/your-fork`, or `make publish`.

_build/publish/notebooks: the chapters, each with a cell that installs resnet_lab from that repository, and
requirements.txt, for Binder; they are for the branch `notebooks`, which Colab and the others open. _build/publish/site:
the built book, where every chapter has links that open and download its notebook.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from pathlib import Path

BRANCH = "notebooks"
# --no-deps, because Colab's PyTorch is to stay as it is.
SET_UP = """\
# Colab and other machines without the book: install its package. PyTorch stays as it is.
%pip install --quiet --no-deps "git+{repository}"
%pip install --quiet torchinfo"""


def notebook(source: str, repository: str) -> str:
    """A chapter's JSON with the set-up cell before its first code cell."""
    chapter = json.loads(source)
    cells = chapter["cells"]
    first = next(
        (place for place, cell in enumerate(cells) if cell["cell_type"] == "code"), len(cells)
    )
    for cell in cells:
        if cell["cell_type"] == "markdown":  # Colab follows no relative link
            cell["source"] = [
                line.replace("](../", f"]({repository}/blob/HEAD/") for line in cell["source"]
            ]
            cell["source"] = [
                re.sub(
                    r"\]\((?=\d\d-[\w-]+\.ipynb)", f"]({repository}/blob/{BRANCH}/chapters/", line
                )
                for line in cell["source"]
            ]
    cells.insert(
        first,
        {
            "cell_type": "code",
            "id": "set-up",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
            "source": SET_UP.format(repository=repository).splitlines(keepends=True),
        },
    )
    return json.dumps(chapter, indent=1, ensure_ascii=False) + "\n"


def write_notebooks(chapters: Path, target: Path, repository: str):
    """Write the published form of every notebook in `chapters` to `target`."""
    target.mkdir(parents=True)
    for path in sorted(chapters.glob("*.ipynb")):
        target.joinpath(path.name).write_text(
            notebook(path.read_text(encoding="utf-8"), repository), encoding="utf-8"
        )


def links(repository: str, path: str, binder: str = "", jupyterhub: str = "") -> dict:
    """Texts and addresses of the links of a notebook at `path` in the branch. binder, jupyterhub: such services, if any."""
    name = repository.removeprefix("https://github.com/")
    found = {
        "Open in Colab": f"https://colab.research.google.com/github/{name}/blob/{BRANCH}/{path}"
    }
    if binder:
        found["Open in Binder"] = (
            f"{binder.rstrip('/')}/v2/gh/{name}/{BRANCH}?urlpath=lab/tree/{path}"
        )
    if jupyterhub:
        found["Open in JupyterHub"] = (
            f"{jupyterhub.rstrip('/')}/hub/user-redirect/git-pull?repo={repository}"
            f"&branch={BRANCH}&urlpath=lab/tree/{name.split('/')[1]}/{path}"
        )
    return found


def with_links(html: str, addresses: dict, download: str) -> str:
    """A chapter's page with a row of links under its title."""
    before, article, after = html.partition("<article")
    title, end, rest = after.partition("</h1>")
    row = "".join(
        f'<a href="{address.replace("&", "&amp;")}">{text}</a>'
        for text, address in addresses.items()
    )
    row += f'<a href="{download}" download>Download notebook</a>'
    return f'{before}{article}{title}{end}<p class="rl-open">{row}</p>{rest}'


def main(repository: str, binder: str = "", jupyterhub: str = ""):
    """Write _build/publish from the chapters and the built book."""
    repository = repository.rstrip("/").removesuffix(".git")
    if not repository.startswith("https://github.com/") or repository.count("/") != 4:
        sys.exit(
            f"REPOSITORY is {repository!r}; it must be an address such as https://github.com/you/your-fork, "
            "because Colab opens notebooks from GitHub"
        )
    target, chapters = Path("_build/publish"), Path("_build/publish/notebooks/chapters")
    shutil.rmtree(target, ignore_errors=True)
    write_notebooks(Path("chapters"), chapters, repository)
    needed = Path("requirements.txt").read_text(encoding="utf-8").partition("# The book")[0]
    chapters.with_name("requirements.txt").write_text(
        f"{needed}resnet_lab @ git+{repository}\n", encoding="utf-8"
    )
    site = shutil.copytree("_build/html", target / "site")
    for path in chapters.iterdir():
        shutil.copy(path, site / "_sources" / "chapters")
        page = site / "chapters" / f"{path.stem}.html"
        addresses = links(repository, f"chapters/{path.name}", binder, jupyterhub)
        html = with_links(
            page.read_text(encoding="utf-8"), addresses, f"../_sources/chapters/{path.name}"
        )
        page.write_text(html, encoding="utf-8")
    print(f"Site: {site}; notebooks for the branch {BRANCH}: {chapters.parent}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m resnet_lab.page.publish",
        description="Write the site and the notebooks to _build/publish.",
    )
    parser.add_argument("repository", help="where the notebooks install resnet_lab from, on GitHub")
    parser.add_argument("--binder", default="", help="a BinderHub that builds the branch")
    parser.add_argument("--jupyterhub", default="", help="a JupyterHub with nbgitpuller")
    main(**vars(parser.parse_args()))
