"""What is published: notebooks that install the package themselves, and the site's settings."""
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from resnet_lab.page.publish import SET_UP, main, notebook, settings, write_notebooks

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/you/your-fork"


@pytest.mark.parametrize("chapter", sorted(path.name for path in (ROOT / "chapters").glob("*.ipynb")))
def test_a_published_notebook_is_the_chapter_and_a_cell(chapter):
    source = ROOT.joinpath("chapters", chapter).read_text(encoding="utf-8")
    before, after = nbformat.reads(source, 4), nbformat.reads(notebook(source, REPOSITORY), 4)
    nbformat.validate(after)
    added = [cell for cell in after.cells if cell not in before.cells]
    assert [cell for cell in after.cells if cell in before.cells] == before.cells and len(added) == 1
    assert added[0].source == SET_UP.format(repository=REPOSITORY)
    assert next(cell for cell in after.cells if cell.cell_type == "code") == added[0]


def test_the_site_opens_the_branch_that_the_notebooks_are_on():
    config = settings(ROOT.joinpath("_config.yml").read_text(encoding="utf-8"), REPOSITORY)
    workflow = ROOT.joinpath(".github", "workflows", "publish.yml").read_text(encoding="utf-8")
    assert config["repository"] == {"url": REPOSITORY, "branch": "notebooks", "path_to_book": ""}
    assert "git push --quiet --force" in workflow and workflow.rstrip().endswith(" notebooks")


@pytest.mark.parametrize("address", ["", "you/your-fork", "https://github.com/you", "https://gitlab.com/you/your-fork"])
def test_an_address_that_colab_cannot_open_is_refused(address):
    with pytest.raises(SystemExit, match="github.com/you/your-fork"):
        main(address)


def test_a_published_notebook_runs_where_only_the_libraries_are(tmp_path):
    """A new environment with this one's libraries but without resnet_lab; the repository is a local clone."""
    repository, chapters = tmp_path / "repository", tmp_path / "chapters"
    repository.mkdir()
    chapters.mkdir()
    for part in ("resnet_lab", "pyproject.toml", "README.md", "LICENSE"):
        subprocess.run(["cp", "-r", ROOT / part, repository], check=True)
    for command in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "all"]):
        subprocess.run(["git", "-C", repository, *command], check=True)
    chapters.joinpath("05-output-sizes.ipynb").symlink_to(ROOT / "chapters" / "05-output-sizes.ipynb")
    write_notebooks(chapters, tmp_path / "published", repository.as_uri())

    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    own = subprocess.run([python, "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True, text=True, check=True)
    libraries = {path for path in map(Path, sys.path) if path.name == "site-packages"}
    Path(own.stdout.strip(), "libraries.pth").write_text("\n".join(map(str, libraries)))
    missing = subprocess.run([python, "-c", "import torch, resnet_lab"], capture_output=True, text=True, cwd=tmp_path)
    assert "No module named 'resnet_lab'" in missing.stderr

    # `jupyter execute` would find the kernel of the environment that runs the tests; here the new one is the kernel.
    run = """import json, sys
from nbclient import NotebookClient
from jupyter_client import KernelManager
import nbformat
manager = KernelManager(kernel_cmd=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"])
manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
done = NotebookClient(nbformat.read(sys.argv[1], 4), km=manager, timeout=300).execute()
print(json.dumps([cell.get("outputs") for cell in done.cells if cell.cell_type == "code"]))"""
    result = subprocess.run([python, "-c", run, tmp_path / "published" / "05-output-sizes.ipynb"],
                            capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert result.returncode == 0, result.stderr
    assert '"error"' not in result.stdout and "output-size" in json.dumps(json.loads(result.stdout))
    installed = subprocess.run([python, "-c", "import resnet_lab; print(resnet_lab.__file__)"], capture_output=True, text=True, cwd=tmp_path)
    assert str(environment) in installed.stdout
