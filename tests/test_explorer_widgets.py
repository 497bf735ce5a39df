"""Explorers as widgets, without a browser: they follow the value, and the value follows them."""

import sys

import pytest
from test_explorers import EVERY, plain, states

from resnet_lab import explorers


@pytest.fixture
def form_of():
    pytest.importorskip("ipywidgets")
    from resnet_lab.explorers.notebook import notebook_form

    return notebook_form


def test_widgets_follow_the_value_and_the_value_follows_the_widgets(form_of):
    form = form_of(plain)
    form.controls["size"].value, form.controls["bias"].value = 16, True
    assert plain.value == {"size": 16, "block": "basic", "x": 0.5, "bias": True}
    assert form.view.value == "<p>16 basic 0.5 True</p>"
    plain.value = {"block": "bottleneck", "x": -0.25}
    assert (form.controls["block"].value, form.controls["x"].value) == ("bottleneck", -0.25)
    assert form.view.value == plain.render() == "<p>16 bottleneck -0.25 True</p>"
    form.controls["size"].value = 17  # typed, and no step
    assert form.controls["size"].value == plain.value["size"] == 16
    form.reset.click()
    assert plain.value == plain.start == {"size": 12, "block": "basic", "x": 0.5, "bias": False}


@EVERY
def test_every_widget_shows_what_render_gives(explorer, form_of, monkeypatch):
    start, form, drawn = explorer.value, form_of(explorer), []
    for values in states(explorer, 5):
        for name, control in form.controls.items():
            control.value = values[name]
        assert explorer.value == values and form.view.value == explorer.render(values)
    view = explorer.view
    monkeypatch.setattr(explorer, "view", lambda **values: drawn.append(1) or view(**values))
    for button in form.presets:
        before = explorer.value
        drawn.clear()
        button.click()
        assert explorer.value == {**before, **explorer.presets[button.description]}
        assert len(drawn) == 1
    explorer.value = start


def test_a_fault_in_a_view_leaves_the_widgets_alive(form_of, monkeypatch):
    form, view = form_of(plain), plain.view
    monkeypatch.setattr(plain, "view", lambda **values: 1 / 0)
    form.controls["size"].value = 14
    assert form.view.value == '<p class="rl-note">ZeroDivisionError: division by zero</p>'
    monkeypatch.setattr(plain, "view", view)
    form.reset.click()
    assert form.view.value == "<p>12 basic 0.5 False</p>"


def test_without_ipywidgets_the_view_is_shown(monkeypatch):
    from resnet_lab.explorers import notebook

    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr(notebook, "FORMS", {})
    forms = plain._repr_mimebundle_()
    assert set(forms) == {"text/plain", "text/html"}
    assert plain.render() in forms["text/html"] and "<form" not in forms["text/html"]
    assert "pip install ipywidgets" in forms["text/html"]


def test_the_link_leads_to_the_published_page(form_of, monkeypatch):
    form = form_of(explorers.family)
    assert "Copy link" not in form.tools.value
    monkeypatch.setenv("RESNET_LAB_BOOK", "https://example.org/book/")
    form.show()
    link = f"family?{explorers.family.write(explorers.family.value)}".replace("&", "&amp;")
    assert f"https://example.org/book/chapters/10-resnet-family.html#{link}" in form.tools.value


def test_in_a_notebook_kernel(monkeypatch):
    """Display an explorer, move a slider and read the value in the next cell, as a reader does."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipywidgets")
    cells = [
        "from resnet_lab import explorers\nexplorers.output_size",
        "from resnet_lab.explorers.notebook import notebook_form\n"
        "form = notebook_form(explorers.output_size)\nform.controls['kernel'].value = 7",
        "print(explorers.output_size.value['kernel'],"
        " form.view.value == explorers.output_size.render())",
    ]
    for page in ("", "1"):
        monkeypatch.setenv("RESNET_LAB_PAGE", page)
        made = [nbformat.v4.new_code_cell(cell) for cell in cells]
        notebook = nbformat.v4.new_notebook(cells=made)
        nbclient.NotebookClient(notebook, timeout=60).execute()
        shown = notebook.cells[0].outputs[0].data
        assert ("<fieldset disabled>" in shown["text/html"]) == bool(page)
        model = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
        assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] in model
        assert notebook.cells[2].outputs[0].text == "7 True\n"
