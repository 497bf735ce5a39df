"""What is published: notebooks that install the package themselves, and pages with links to them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from _ext.publish import SET_UP, links, main, notebook, write_notebooks
from test_links import Page, fault

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/you/your-fork"
CHAPTERS = sorted(ROOT.joinpath("chapters").glob("*.ipynb"))
TARGET = re.compile(r"\]\(([^)\s]+)")
# These take seconds; all of them, some of which train networks, take as long as the book.
QUICK = ("05-output-sizes", "13-using-a-trained-network")
chosen = [
    pytest.param(
        path,
        id=path.stem,
        marks=pytest.mark.skipif(
            path.stem not in QUICK and not os.environ.get("RESNET_LAB_EVERY_NOTEBOOK"),
            reason="RESNET_LAB_EVERY_NOTEBOOK=1 runs every notebook",
        ),
    )
    for path in CHAPTERS
]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_published_notebook_is_the_chapter_and_a_cell(chapter):
    source = chapter.read_text(encoding="utf-8")
    before, after = nbformat.reads(source, 4), nbformat.reads(notebook(source, REPOSITORY), 4)
    nbformat.validate(after)
    place = next(place for place, cell in enumerate(after.cells) if cell.cell_type == "code")
    assert after.cells.pop(place).source == SET_UP.format(repository=REPOSITORY)
    for old, new in zip(before.cells, after.cells, strict=True):
        assert old == new or old.cell_type == "markdown"
        # Colab follows no relative link: each leads to the same file of the repository.
        for here, there in zip(TARGET.findall(old.source), TARGET.findall(new.source), strict=True):
            branch, _, path = there.removeprefix(f"{REPOSITORY}/blob/").partition("/")
            assert here == there or branch == ("HEAD" if here.startswith("../") else "notebooks")
            assert (
                here == there
                or path.partition("#")[0]
                == (chapter.parent / here.partition("#")[0]).resolve().relative_to(ROOT).as_posix()
            )
            assert there.startswith(("http", "#"))


@pytest.mark.parametrize(
    "address", ["", "you/your-fork", "https://github.com/you", "https://gitlab.com/you/your-fork"]
)
def test_an_address_that_colab_cannot_open_is_refused(address):
    with pytest.raises(SystemExit, match="github.com/you/your-fork"):
        main(address)


@pytest.fixture(scope="module")
def published(book, tmp_path_factory):
    """_build/publish of a copy of the book, Binder and JupyterHub being configured."""
    folder = tmp_path_factory.mktemp("publish")
    shutil.copytree(book, folder / "_build" / "html")
    shutil.copytree(ROOT / "chapters", folder / "chapters")
    shutil.copy(ROOT / "requirements.txt", folder)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "resnet_lab.page.publish",
            REPOSITORY + ".git",
            "--binder",
            "https://mybinder.org/",
            "--jupyterhub",
            "https://hub.example.edu",
        ],
        cwd=folder,
        check=True,
    )
    return folder / "_build" / "publish"


def test_every_chapter_has_links_to_its_notebook(published):
    workflow = ROOT.joinpath(".github", "workflows", "publish.yml").read_text(encoding="utf-8")
    assert workflow.rstrip().endswith(
        " notebooks"
    )  # the branch that is pushed, and that the links name
    for chapter in CHAPTERS:
        path, notebook = (
            published / "site" / "chapters" / f"{chapter.stem}.html",
            f"chapters/{chapter.name}",
        )
        html = path.read_text(encoding="utf-8")
        row = html.partition("<article")[2].partition("</h1>")[2].partition("</p>")[0]
        assert Page(row).links == [
            f"https://colab.research.google.com/github/you/your-fork/blob/notebooks/{notebook}",
            f"https://mybinder.org/v2/gh/you/your-fork/notebooks?urlpath=lab/tree/{notebook}",
            f"https://hub.example.edu/hub/user-redirect/git-pull?repo={REPOSITORY}&branch=notebooks"
            f"&urlpath=lab/tree/your-fork/{notebook}",
            f"../_sources/{notebook}",
        ]
        assert (
            published.joinpath("notebooks", notebook).read_text()
            == (path.parent / Page(row).links[-1]).read_text()
        )
        assert SET_UP.splitlines()[0] in published.joinpath("notebooks", notebook).read_text()
        parsed = {path.resolve(): Page(html)}
        assert not [link for link in Page(row).links if fault(link, path.resolve(), parsed)]


def test_without_a_service_there_is_no_link_to_it():
    assert list(links(REPOSITORY, "chapters/a.ipynb")) == ["Open in Colab"]


def test_binder_is_told_what_the_notebooks_need(published):
    needed = published.joinpath("notebooks", "requirements.txt").read_text().splitlines()
    assert {"torch", "torchvision", "ipywidgets"} <= {line.partition(">")[0] for line in needed}
    assert needed[-1] == f"resnet_lab @ git+{REPOSITORY}" and "jupyter-book" not in str(needed)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A folder with the published notebooks, and a new environment's Python: this one's libraries, no resnet_lab."""
    folder = tmp_path_factory.mktemp("elsewhere")
    repository, environment = folder / "repository", folder / "environment"
    repository.mkdir()
    for part in ("resnet_lab", "pyproject.toml", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", ROOT / part, repository], check=True)
    author = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", repository, *command], check=True)
    write_notebooks(ROOT / "chapters", folder / "published", repository.as_uri())

    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    own = subprocess.check_output(
        [python, "-c", "import site; print(site.getsitepackages()[0])"], text=True
    ).strip()
    libraries = {path for path in map(Path, sys.path) if path.name == "site-packages"}
    Path(own, "libraries.pth").write_text("\n".join(map(str, libraries)))
    return folder, python


# `jupyter execute` would find the kernel of the environment that runs the tests; here the new one is the kernel.
RUN = """import json, sys
from nbclient import NotebookClient
from jupyter_client import KernelManager
import nbformat
manager = KernelManager(kernel_cmd=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
done = NotebookClient(nbformat.read(sys.argv[1], 4), km=manager, timeout=900).execute()
print(json.dumps([cell.outputs for cell in done.cells if cell.cell_type == "code"]))"""


@pytest.mark.parametrize("chapter", chosen)
def test_a_published_notebook_runs_where_only_the_libraries_are(elsewhere, chapter):
    """From top to bottom; its first cell installs the package from the repository, a local clone."""
    folder, python = elsewhere

    def run(*arguments):
        return subprocess.run([python, *arguments], capture_output=True, text=True, cwd=folder)

    run("-m", "pip", "uninstall", "-y", "resnet_lab")
    assert "No module named 'resnet_lab'" in run("-c", "import torch, resnet_lab").stderr
    result = run("-c", RUN, folder / "published" / chapter.name)
    assert result.returncode == 0, result.stderr[-4000:]
    outputs = json.loads(result.stdout)
    assert (
        '"output_type": "error"' not in result.stdout
        and len([each for each in outputs if each]) > 5
    )
    assert (
        str(folder / "environment")
        in run("-c", "import resnet_lab; print(resnet_lab.__file__)").stdout
    )
