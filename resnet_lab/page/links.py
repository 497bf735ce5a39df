"""A Sphinx extension: plain Markdown links reach glossary terms and references, as in `../glossary.md#term-stride`.

MyST looks for the part after # among a page's headings only. The link itself reads well in a notebook, where no role would.
"""


def add_targets(app, env):
    """Tell MyST of the terms and the references of every page, under the ids they have in the built page."""
    terms = [
        (docname, target)
        for (kind, _), (docname, target) in env.get_domain("std").objects.items()
        if kind == "term"
    ]
    cited = [
        (citation.bibliography_key.docname, citation.citation_id)
        for citation in env.get_domain("cite").citations
    ]
    for docname, target in terms + cited:
        env.metadata[docname].setdefault("myst_slugs", {})[target] = (0, target, "")


def setup(app):
    app.connect(
        "env-updated", add_targets, priority=900
    )  # after sphinxcontrib.bibtex has numbered its entries
    return {"parallel_read_safe": True, "parallel_write_safe": True}
