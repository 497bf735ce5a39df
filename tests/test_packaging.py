"""The wheel, and that its metadata, requirements.txt and the constraints say the same."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import resnet_lab

ROOT = Path(__file__).parent.parent
REPOSITORY = "https://github.com/you/your-fork"
PYTHONS = ("3.10", "3.11", "3.12", "3.13")


def requirements(lines):
    """Names and the versions that are accepted, without comments."""
    found = [Requirement(text) for line in lines if (text := line.partition("#")[0].strip())]
    return {canonicalize_name(one.name): str(one.specifier) for one in found}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy, for building leaves folders behind."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for name in ("resnet_lab", "_ext", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    environment = {**os.environ, "REPOSITORY": REPOSITORY}
    built = subprocess.run([*pip, "."], cwd=folder, capture_output=True, text=True, env=environment)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as files:
        name = next(name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(files.read(name).decode())


def test_wheel_holds_every_file_of_the_package_and_nothing_else(wheel):
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "resnet_lab").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    with zipfile.ZipFile(wheel) as files:
        held = {name for name in files.namelist() if ".dist-info/" not in name}
    assert held == ours
    assert "resnet_lab/py.typed" in held


def test_wheel_runs_by_itself(wheel, tmp_path):
    code = f"import sys; sys.path.insert(0, {str(wheel)!r}); import resnet_lab as rl; "
    code += "print(rl.trace(rl.resnet(50), (3, 224, 224)).params, rl.__file__)"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.stdout.startswith("25557032 ") and wheel.name in run.stdout, run.stderr


def test_command_is_a_function_of_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()
        points = files.read(next(name for name in names if name.endswith("entry_points.txt")))
        module, function = re.search(r"resnet-lab = (\S+):(\S+)", points.decode()).groups()
        source = files.read(f"{module.replace('.', '/')}.py").decode()
    assert f"def {function}(" in source


def test_extras_and_requirements_txt_agree(metadata):
    lines = [line.partition(";")[0] for line in metadata.get_all("Requires-Dist")]
    extras = requirements(lines)
    del extras["resnet-lab"]  # an extra that holds another
    assert extras == requirements((ROOT / "requirements.txt").read_text().splitlines())


def test_metadata_is_complete(metadata):
    assert metadata["Version"] == resnet_lab.__version__
    assert metadata["License-Expression"] == "MIT"
    assert len(metadata.get_all("License-File")) == 2  # the code's and Fashion-MNIST's
    assert metadata["Author"] and metadata["Keywords"] and metadata["Summary"]
    classifiers = metadata.get_all("Classifier")
    assert {f"Programming Language :: Python :: {python}" for python in PYTHONS} < set(classifiers)
    assert f"version: {resnet_lab.__version__}\n" in (ROOT / "CITATION.cff").read_text()


def test_a_package_index_can_show_the_readme(metadata):
    """It knows no other file of the repository: every picture and link has an address."""
    text = metadata.get_payload()
    pictures, links = [re.findall(rf"{mark}\[[^]]*\]\(([^)]*)\)", text) for mark in ("!", "(?<!!)")]
    raw = "https://raw.githubusercontent.com/you/your-fork/main/"
    assert pictures and links and all(picture.startswith(raw) for picture in pictures)
    assert all((ROOT / picture.removeprefix(raw)).exists() for picture in pictures)
    assert all(link.startswith("https://") for link in links)
    assert metadata["Project-URL"] == f"Repository, {REPOSITORY}"
    assert metadata["Description-Content-Type"] == "text/markdown"


@pytest.mark.parametrize("python", PYTHONS)
def test_constraints_fit_requirements(python):
    constraints = requirements((ROOT / f"constraints/{python}.txt").read_text().splitlines())
    for name, accepted in requirements(
        (ROOT / "requirements.txt").read_text().splitlines()
    ).items():
        if name in ("torch", "torchvision"):  # an exact version would select one of its builds
            assert constraints[name].startswith("<")
        else:
            version = constraints[name].removeprefix("==")
            assert Requirement(f"{name}{accepted}").specifier.contains(version), name


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_files_that_a_page_names_exist(page):
    """A path in backquotes is one from the top of the tree; NN, X and name stand for any."""
    text = (ROOT / page).read_text()
    named = set(re.findall(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|md|toml|yml|txt|bib))`", text))
    assert named
    for path in named:
        pattern = re.sub(r"NN|\b(?:X|name)\b", "*", path)
        assert path.startswith("_build/") or any(ROOT.glob(pattern)), path
