"""Write what is published: `make publish REPOSITORY=https://github.com/you/your-fork`.

`_build/publish/notebooks` holds the chapters as Colab, GitHub and the others want them, and
requirements.txt, for Binder. They are for the branch `notebooks`. `_build/publish/site` is the
built book, where every chapter has links that open and download its notebook.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from .stills import stored_outputs

BRANCH = "notebooks"
# --no-deps, because Colab's PyTorch is to stay as it is.
SET_UP = """\
# Colab and other machines without the book: install its package. PyTorch stays as it is.
%pip install --quiet --no-deps "git+{repository}"
%pip install --quiet torchinfo"""
BADGE = "https://colab.research.google.com/assets/colab-badge.svg"
Cell = dict[str, Any]


def colab(repository: str, path: str) -> str:
    """Where Colab opens a notebook of the branch."""
    name = repository.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{name}/blob/{BRANCH}/{path}"


def pages(repository: str) -> str:
    """Where GitHub Pages shows a repository's site."""
    owner, _, name = repository.removeprefix("https://github.com/").partition("/")
    return f"https://{owner.lower()}.github.io/{name}"


def notebook(
    source: str, name: str, repository: str, site: str, outputs: list[list[Cell]] | None = None
) -> str:
    """A chapter's JSON as it is published.

    It begins with a badge and a link to the book, a cell before the first code cell installs the
    package, its links lead where Colab can follow them, and the cells have their outputs.

    Args:
        source: the chapter's own JSON.
        name: the chapter's file, such as 05-output-sizes.ipynb.
        repository: where the package is installed from.
        site: the address of the published book.
        outputs: what each code cell gave when the book was built.
    """
    chapter = json.loads(source)
    cells: list[Cell] = chapter["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for cell, given in zip(code, outputs or [[] for _ in code], strict=True):
        cell["outputs"] = given
    for cell in cells:
        if cell["cell_type"] == "markdown":
            cell["source"] = [absolute(line, repository, site) for line in cell["source"]]
    install = cell_of("code", "set-up", SET_UP.format(repository=repository))
    cells.insert(cells.index(code[0]), {**install, "execution_count": None, "outputs": []})
    top = (
        f"[![Open in Colab]({BADGE})]({colab(repository, f'chapters/{name}')}) · "
        f"[read it in the book]({site}/chapters/{Path(name).stem}.html)"
    )
    cells.insert(0, cell_of("markdown", "top", top))
    return json.dumps(chapter, indent=1, ensure_ascii=False) + "\n"


def cell_of(kind: str, name: str, source: str) -> Cell:
    lines = source.splitlines(keepends=True)
    return {"cell_type": kind, "id": name, "metadata": {}, "source": lines}


def absolute(line: str, repository: str, site: str) -> str:
    """A line of Markdown whose links lead to notebooks in Colab and to pages of the book."""
    notebooks = colab(repository, "chapters")
    line = re.sub(r"\]\(([\w-]+\.ipynb)", rf"]({notebooks}/\1", line)
    return re.sub(r"\]\(([\w-]+)\.md", rf"]({site}/chapters/\1.html", line)


def write_notebooks(
    chapters: Path, target: Path, repository: str, site: str, cache: Path | None = None
) -> None:
    """Write the published form of every notebook in `chapters` to `target`."""
    target.mkdir(parents=True)
    for path in sorted(chapters.glob("*.ipynb")):
        outputs = stored_outputs(path, cache) if cache else None
        text = notebook(path.read_text(encoding="utf-8"), path.name, repository, site, outputs)
        target.joinpath(path.name).write_text(text, encoding="utf-8")


def links(repository: str, path: str, binder: str = "", jupyterhub: str = "") -> dict[str, str]:
    """Texts and addresses of the links of a notebook at `path` in the branch.

    Args:
        repository: the address of the repository.
        path: such as chapters/05-output-sizes.ipynb.
        binder: the address of a BinderHub, if there is one.
        jupyterhub: that of a JupyterHub.
    """
    name = repository.removeprefix("https://github.com/")
    found = {"Open in Colab": colab(repository, path)}
    if binder:
        place = f"{name}/{BRANCH}?urlpath=lab/tree/{path}"
        found["Open in Binder"] = f"{binder.rstrip('/')}/v2/gh/{place}"
    if jupyterhub:
        found["Open in JupyterHub"] = (
            f"{jupyterhub.rstrip('/')}/hub/user-redirect/git-pull?repo={repository}"
            f"&branch={BRANCH}&urlpath=lab/tree/{name.split('/')[1]}/{path}"
        )
    return found


def with_links(html: str, addresses: dict[str, str], download: str) -> str:
    """A chapter's page with a row of links under its title."""
    before, article, after = html.partition("<article")
    title, end, rest = after.partition("</h1>")
    row = "".join(
        f'<a href="{address.replace("&", "&amp;")}">{text}</a>'
        for text, address in addresses.items()
    )
    row += f'<a href="{download}" download>Download notebook</a>'
    return f'{before}{article}{title}{end}<p class="rl-open">{row}</p>{rest}'


def main(repository: str, binder: str = "", jupyterhub: str = "", site: str = "") -> None:
    """Write _build/publish from the chapters and the built book."""
    repository = repository.rstrip("/").removesuffix(".git")
    if not repository.startswith("https://github.com/") or repository.count("/") != 4:
        sys.exit(
            f"REPOSITORY is {repository!r}; it must be an address such as "
            "https://github.com/you/your-fork, because Colab opens notebooks from GitHub"
        )
    site = site.rstrip("/") or pages(repository)
    target, chapters = Path("_build/publish"), Path("_build/publish/notebooks/chapters")
    shutil.rmtree(target, ignore_errors=True)
    cache = Path("_build/.jupyter_cache")
    write_notebooks(Path("chapters"), chapters, repository, site, cache)
    needed = Path("requirements.txt").read_text(encoding="utf-8").partition("# The book")[0]
    chapters.with_name("requirements.txt").write_text(
        f"{needed}resnet_lab @ git+{repository}\n", encoding="utf-8"
    )
    book = shutil.copytree("_build/html", target / "site")
    for path in chapters.iterdir():
        shutil.copy(path, book / "_sources" / "chapters")
        page = book / "chapters" / f"{path.stem}.html"
        addresses = links(repository, f"chapters/{path.name}", binder, jupyterhub)
        download = f"../_sources/chapters/{path.name}"
        html = with_links(page.read_text(encoding="utf-8"), addresses, download)
        page.write_text(html, encoding="utf-8")
    print(f"Site: {book}; notebooks for the branch {BRANCH}: {chapters.parent}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m _ext.publish",
        description="Write the site and the notebooks to _build/publish.",
    )
    parser.add_argument("repository", help="where the notebooks install resnet_lab from, on GitHub")
    parser.add_argument("--binder", default="", help="a BinderHub that builds the branch")
    parser.add_argument("--jupyterhub", default="", help="a JupyterHub with nbgitpuller")
    parser.add_argument(
        "--site", default="", help="where the book will be (default: the repository's GitHub Pages)"
    )
    main(**vars(parser.parse_args()))
