"""What is published: notebooks that install the package, and pages with links to them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbconvert
import nbformat
import pytest
from test_exercise_chapters import secrets
from test_links import Page, fault

from _ext.publish import SET_UP, links, main, notebook, write_notebooks
from _ext.stills import stills
from chapters import some_notebooks
from resnet_lab.exercises import exercise

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/you/your-fork"
COLAB = "https://colab.research.google.com/github/you/your-fork/blob/notebooks/chapters"
SITE = "https://you.github.io/your-fork"
CHAPTERS = sorted(ROOT.joinpath("chapters").glob("*.ipynb"))
PICTURE = ":is(.jp-RenderedSVG, .jp-RenderedImage) :is(svg, img)"
TARGET = re.compile(r"\]\(([^)\s]+)")
# Seconds; with all others, some of which train networks, as long as the book.
chosen = some_notebooks("05-output-sizes")


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_published_notebook_is_the_chapter_and_two_cells(chapter):
    source = chapter.read_text(encoding="utf-8")
    before = nbformat.reads(source, 4)
    after = nbformat.reads(notebook(source, chapter.name, REPOSITORY, SITE), 4)
    nbformat.validate(after)
    top = after.cells.pop(0).source
    assert TARGET.findall(top)[1:] == [
        f"{COLAB}/{chapter.name}",
        f"{SITE}/chapters/{chapter.stem}.html",
    ]
    place = next(place for place, cell in enumerate(after.cells) if cell.cell_type == "code")
    assert after.cells.pop(place).source == SET_UP.format(repository=REPOSITORY)
    for old, new in zip(before.cells, after.cells, strict=True):
        assert old == new or old.cell_type == "markdown"
        # Colab follows no relative link: each leads to a notebook there or to a page of the book.
        for here, there in zip(TARGET.findall(old.source), TARGET.findall(new.source), strict=True):
            path, mark, fragment = here.partition("#")
            if here.startswith("http") or not path:
                assert there == here
            elif path.endswith(".ipynb"):
                assert there == f"{COLAB}/{here}"
            else:
                stem = path.removesuffix(".md")
                assert there == f"{SITE}/chapters/{stem}.html{mark}{fragment}"


def test_what_a_notebook_shows_that_nobody_has_run():
    inner = '<svg x="1"><path d="M0 0"/></svg>'
    picture = f'<svg viewBox="0 0 400 50">{inner}<g/>{inner}<path d="M0 0"/></svg>'
    html = f"<form><input></form><div>{picture}<table><tr><td>1</td></tr></table></div>"
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "a"}
    shown = stills({"output_type": "display_data", "data": {**widget, "text/html": html}})
    assert [list(each["data"]) for each in shown] == [["image/svg+xml"], ["text/html"]]
    alone = shown[0]["data"]["image/svg+xml"]
    assert len(ElementTree.fromstring(alone)) == 4
    assert 'xmlns="http://www.w3.org/2000/svg"' in alone
    assert 'width="480" height="60"' in alone  # else it would be as wide as the window
    assert shown[1]["data"]["text/html"] == "<table><tr><td>1</td></tr></table>"
    exercise = {**widget, "text/html": '<div class="rl-exercise" data-exercise="[42]"></div>'}
    assert stills({"output_type": "display_data", "data": exercise}) == []
    image = {"text/html": '<img src="data:image/png;base64,iVBO+/==" alt="x">'}
    assert [each["data"] for each in stills({"output_type": "display_data", "data": image})] == [
        {"image/png": "iVBO+/=="}
    ]
    text = {"output_type": "stream", "name": "stdout", "text": "1\n"}
    assert stills(text) == [text]


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
    for part in ("_build/html", "_build/.jupyter_cache", "chapters"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "requirements.txt", folder)
    services = ["--binder", "https://mybinder.org/", "--jupyterhub", "https://hub.example.edu"]
    subprocess.run(
        [sys.executable, "-m", "_ext.publish", REPOSITORY + ".git", *services],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    return folder / "_build" / "publish"


def test_published_notebooks_show_their_outputs_and_every_picture(published, browser):
    """As GitHub draws them: no JavaScript, no SVG inside of HTML."""
    pictures = 0
    page = browser.new_page(java_script_enabled=False, viewport={"width": 1012, "height": 800})
    for chapter in CHAPTERS:
        path = published / "notebooks" / "chapters" / chapter.name
        done = nbformat.read(path, 4)
        outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
        assert outputs, path
        kinds = [kind for output in outputs for kind in output.get("data", {})]
        pictures += sum(kind.startswith("image/") for kind in kinds)
        assert not [kind for kind in kinds if "widget" in kind]
        for output in outputs:
            assert "<svg" not in output.get("data", {}).get("text/html", "")
        html, _ = nbconvert.HTMLExporter().from_notebook_node(done)
        shown = published / f"{chapter.stem}.html"
        shown.write_text(html, encoding="utf-8")
        page.goto(shown.as_uri(), wait_until="domcontentloaded")
        boxes = [picture.bounding_box() for picture in page.locator(PICTURE).all()]
        assert len(boxes) >= sum(kind.startswith("image/") for kind in kinds)
        assert all(box["width"] >= 40 and box["height"] >= 20 for box in boxes), path
        assert max([box["width"] for box in boxes], default=0) <= 800, path
    page.close()
    assert pictures > 50


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_no_published_notebook_shows_an_answer(published, chapter):
    """An exercise's cell is its two lines, without output; what is near it tells nothing either."""
    done = nbformat.read(published / "notebooks" / "chapters" / chapter.name, 4)
    assert not told(done.cells)


def told(cells):
    """What cells of a notebook tell of the answers to their exercises before these are asked for.

    Looked through are the exercises' own cells and what stands between the first and the last.
    """
    asked = {}
    for place, cell in enumerate(cells):
        number = re.search(r'^exercise\("([\d.]+)"\)$', cell.source, re.MULTILINE)
        if cell.cell_type == "code" and number:
            asked[place] = number[1]
    found = []
    for place, number in asked.items():
        lines = cells[place].source.splitlines()
        if len(lines) != 2 or lines[0] != f"# @title Exercise {number}" or cells[place].outputs:
            found.append(f"the cell of {number}")
    texts = [str(cell.source) + str(cell.get("outputs", "")) for cell in cells]
    near = "\n".join(texts[min(asked, default=0) - 1 : max(asked, default=0) + 1])
    for number in asked.values():
        for secret in secrets(exercise(number)):
            if len(secret.strip()) > 5 and secret.strip() in near:
                found.append(f"{secret!r} of {number}")
    return found


@pytest.mark.parametrize("cell", ["source", "outputs", "text"])
def test_an_answer_that_is_told_is_found(cell):
    chapter = next(path for path in CHAPTERS if path.stem.endswith("output-sizes"))
    cells = nbformat.read(chapter, 4).cells
    assert told(cells) == []
    place = next(i for i, each in enumerate(cells) if 'exercise("5.4")' in each.source)
    if cell == "source":
        cells[place].source = "answer = 32\n" + cells[place].source
    elif cell == "outputs":
        data = {"text/html": exercise("5.4").solution}
        cells[place].outputs = [nbformat.v4.new_output("display_data", data)]
    else:
        cells[place - 1].source += exercise("5.4").solution
    assert told(cells)


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
            f"{COLAB}/{chapter.name}",
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
    """A folder with the published notebooks, and a Python with this one's libraries only."""
    folder = tmp_path_factory.mktemp("elsewhere")
    repository, environment = folder / "repository", folder / "environment"
    repository.mkdir()
    for part in ("resnet_lab", "pyproject.toml", "setup.py", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", ROOT / part, repository], check=True)
    author = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*author, "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", repository, *command], check=True)
    write_notebooks(ROOT / "chapters", folder / "published", repository.as_uri(), SITE)

    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    own = subprocess.check_output(
        [python, "-c", "import site; print(site.getsitepackages()[0])"], text=True
    ).strip()
    libraries = {path for path in map(Path, sys.path) if path.name == "site-packages"}
    Path(own, "libraries.pth").write_text("\n".join(map(str, libraries)))
    return folder, python


# `jupyter execute` would find the kernel of the environment that runs the tests.
RUN = """import json, sys
from nbclient import NotebookClient
from jupyter_client import KernelManager
import nbformat
manager = KernelManager()
manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
done = NotebookClient(nbformat.read(sys.argv[1], 4), km=manager, timeout=900).execute()
print(json.dumps([cell.outputs for cell in done.cells if cell.cell_type == "code"]))"""


@pytest.mark.parametrize("chapter", chosen)
def test_a_published_notebook_runs_where_only_the_libraries_are(elsewhere, chapter):
    """From top to bottom; its first cell installs the package from a local clone."""
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
