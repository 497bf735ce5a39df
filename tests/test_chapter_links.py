"""Links between the chapters, to terms and to references: they work in Jupyter and on GitHub."""

import io
import re

import pytest

from chapters import CHAPTERS, PAGES, ROOT, cells, each_chapter, numbered


def glossary():
    """The anchor, the English and the Chinese name of each term."""
    page = (ROOT / "chapters" / "glossary.md").read_text(encoding="utf-8")
    return re.findall(r'(?m)^<a id="([\w-]+)"></a>\*\*(.+?)\*\*, (.+)\\$', page)


def references():
    """Key, and fields, of each entry in references.bib."""
    for entry in (ROOT / "chapters" / "references.bib").read_text(encoding="utf-8").split("\n@"):
        key = re.match(r"@?\w+\{(\w+),", entry)[1]
        yield key, dict(re.findall(r"(\w+) = \{(.*?)\}(?=,|\n)", entry))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_link_within_the_book_leads_somewhere(page):
    anchors = {
        "glossary.md": {target for target, _, _ in glossary()},
        "references.md": {key for key, _ in references()},
    }
    text = "\n\n".join(cells(page, "markdown"))
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith("https://"):
            path, _, fragment = target.partition("#")
            file = (page.parent / path).resolve()
            assert file.is_file() and file.is_relative_to(ROOT), target
            assert not fragment or fragment in anchors.get(file.name, ()), target


@each_chapter
def test_chapters_are_linked_by_name_and_terms_once(chapter):
    text = "\n\n".join(cells(chapter, "markdown"))
    for number, target in re.findall(r"\[[Cc]hapter (\d+)\]\(([^)]+)\)", text):
        assert target == numbered(number).name
    unlinked = re.findall(r"(?<!\[)\b[Cc]hapter \d+", re.sub(r"\[[^\]]*\]\([^)]*\)", "", text))
    assert unlinked == []
    terms = re.findall(r"glossary\.md#([\w-]+)", text)
    assert len(terms) == len(set(terms)) >= 5


def test_in_the_built_page_plain_links_reach_their_target_and_a_wrong_one_is_told(tmp_path):
    """Sphinx is asked, with a page of its own."""
    pytest.importorskip("sphinxcontrib.bibtex")
    from sphinx.application import Sphinx

    sources = {
        "conf.py": "extensions = ['myst_parser', 'sphinxcontrib.bibtex', '_ext.links']\n"
        "bibtex_bibfiles = ['some.bib']\nbibtex_cite_id = '{key}'\n",
        "some.bib": "@misc{key2001, author = {A. Name}, title = {T}}",
        "index.md": "# A\n```{toctree}\nb\n```\n"
        '<a id="term-MAC-one"></a>**MAC (one)**, 乘加\\\nA term.\n'
        "```{bibliography}\n:all:\n```\n",
        "b.md": "# B\n[1](index.md#term-MAC-one) [2](index.md#key2001) [3](index.md#term-none)\n",
    }
    for name, text in sources.items():
        tmp_path.joinpath(name).write_text(text, encoding="utf-8")
    out, warnings = tmp_path / "out", io.StringIO()
    Sphinx(tmp_path, tmp_path, out, out, "html", status=None, warning=warnings).build()
    page, index = [(out / f"{name}.html").read_text(encoding="utf-8") for name in ("b", "index")]
    for target in ("term-MAC-one", "key2001"):
        assert f'href="index.html#{target}"' in page and f'id="{target}"' in index
    assert "'term-none'" in warnings.getvalue() and len(warnings.getvalue().splitlines()) == 1


def test_the_glossary_has_sixty_terms_in_two_languages_in_order():
    terms = glossary()
    assert len(terms) >= 60
    for target, english, chinese in terms:
        assert re.search(r"[\u4e00-\u9fff]", chinese), english
        assert target == "term-" + re.sub("[^A-Za-z0-9]+", "-", english).strip("-")
    names = [english.casefold() for _, english, _ in terms]
    assert names == sorted(set(names))


def test_the_references_are_those_that_chapters_cite_and_are_quoted_as_they_stand():
    entries, cited = dict(references()), set()
    for chapter in CHAPTERS:
        sources = "\n".join(cells(chapter, "markdown")).split("## Sources")[1]
        for title, key, year, rest in re.findall(
            r"\[\*(.*?)\*\]\(references\.md#(\w+)\), (\d{4})(.*)", sources
        ):
            entry = entries[key]
            cited.add(key)
            assert title == re.sub(r"[{}\\]", "", entry["title"]) and year == entry["year"]
            if "eprint" in entry:
                assert f"[arXiv:{entry['eprint']}](https://arxiv.org/abs/{entry['eprint']})" in rest
    assert cited == set(entries)
