"""Write what is published: `python -m resnet_lab.page.publish https://github.com/you/your-fork`, or `make publish`.

_build/publish/notebooks: the chapters, each with a cell that installs resnet_lab from that repository; for the branch `notebooks`,
which is what Colab opens. _build/publish/site: the built book with buttons that open and download those notebooks.
"""
from __future__ import annotations

import json
import shutil
import subprocess
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
    first = next((place for place, cell in enumerate(cells) if cell["cell_type"] == "code"), len(cells))
    cells.insert(first, {"cell_type": "code", "id": "set-up", "metadata": {}, "execution_count": None, "outputs": [],
                         "source": SET_UP.format(repository=repository).splitlines(keepends=True)})
    return json.dumps(chapter, indent=1, ensure_ascii=False) + "\n"


def write_notebooks(chapters: Path, target: Path, repository: str):
    """Write the published form of every notebook in `chapters` to `target`."""
    target.mkdir(parents=True)
    for path in sorted(chapters.glob("*.ipynb")):
        target.joinpath(path.name).write_text(notebook(path.read_text(encoding="utf-8"), repository), encoding="utf-8")


def settings(text: str, repository: str) -> dict:
    """The book's settings (the text of _config.yml) with the buttons that need a repository."""
    import yaml

    config = yaml.safe_load(text)
    config["repository"] = {"url": repository, "branch": BRANCH, "path_to_book": ""}
    config["launch_buttons"] = {"notebook_interface": "classic", "colab_url": "https://colab.research.google.com"}
    theme = config["sphinx"]["config"]["html_theme_options"]
    theme.pop("repository_url", None)
    theme["use_download_button"] = True
    return config


def main(repository: str):
    import yaml

    repository = repository.rstrip("/").removesuffix(".git")
    if not repository.startswith("https://github.com/") or repository.count("/") != 4:
        sys.exit(f"REPOSITORY is {repository!r}; it must be an address such as https://github.com/you/your-fork, because Colab opens "
                 "notebooks from GitHub")
    book, target = Path.cwd(), Path("_build/publish")
    shutil.rmtree(target, ignore_errors=True)
    write_notebooks(book / "chapters", target / "notebooks" / "chapters", repository)
    config = target / "_config.yml"
    config.write_text(yaml.safe_dump(settings(Path("_config.yml").read_text(encoding="utf-8"), repository)), encoding="utf-8")
    build = [sys.executable, "-m", "jupyter_book.cli.main", "build", ".", "--config", str(config), "-W", "-n", "--keep-going"]
    if subprocess.run(build).returncode:
        sys.exit("the book could not be built; the lines above say why")
    shutil.copytree("_build/html", target / "site")
    for path in (target / "notebooks" / "chapters").iterdir():       # the download button offers the published form
        shutil.copy(path, target / "site" / "_sources" / "chapters")
    print(f"Site: {target / 'site'}; notebooks for the branch {BRANCH}: {target / 'notebooks'}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m resnet_lab.page.publish https://github.com/you/your-fork")
    main(sys.argv[1])
