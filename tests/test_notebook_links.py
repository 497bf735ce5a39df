"""Links of the chapters in JupyterLab: to the glossary, to a chapter, from the front page."""

import shutil

import pytest
from jupyter import ROOT, lab  # noqa: F401 - a fixture

OPEN = "window.jupyterapp.shell.currentWidget?.context?.path"


@pytest.fixture(scope="module")
def chapters(lab):  # noqa: F811
    """The server, whose folder has the repository's chapters."""
    shutil.copytree(ROOT / "chapters", lab.folder / "chapters")
    return lab


def follow(page, link, path):
    """Click a link of the notebook that is open; wait until what it leads to is."""
    link.click()
    page.wait_for_function(f"(path) => {OPEN} === path", arg=path)


def test_a_term_leads_to_its_place_in_the_glossary(chapters):
    with chapters.open("chapters/05-output-sizes.ipynb") as page:
        term = page.locator(".jp-RenderedMarkdown a", has_text="kernel").first
        follow(page, term, "chapters/glossary.md")
        entry = page.locator(".jp-MarkdownViewer strong:text-is('kernel')")
        entry.wait_for()
        page.wait_for_timeout(500)
        assert 0 < entry.bounding_box()["y"] < 900
        follow(
            page,
            page.locator(".jp-MarkdownViewer a", has_text="chapter 10").first,
            "chapters/10-resnet-family.ipynb",
        )


def test_a_chapter_and_the_front_page_lead_to_others(chapters):
    with chapters.open("chapters/05-output-sizes.ipynb") as page:
        link = page.locator(".jp-RenderedMarkdown a", has_text="Chapter 11").first
        follow(page, link, "chapters/11-signals.ipynb")
    with chapters.open("chapters/intro.ipynb") as page:
        links = page.locator(".jp-RenderedMarkdown a")
        follow(page, links.filter(has_text="lossary").first, "chapters/glossary.md")
