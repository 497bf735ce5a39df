"""A network's file in a page: pasted, chosen or dropped; of a bad one nothing runs."""

import pytest
import torchvision
from browsing import wait_until, watched
from test_graph_json import EVIL

from resnet_lab.explorers import own_network
from resnet_lab.interop import describe

DROP = """(field, [name, text]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], name, {type: "application/json"}));
    field.dispatchEvent(
        new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
}"""


@pytest.fixture(scope="module")
def texts():
    """Descriptions of two networks of torchvision."""
    models = torchvision.models.mobilenet_v2(), torchvision.models.resnet18()
    return [describe(model, (3, 64, 64)).to_json() for model in models]


@pytest.fixture(scope="module")
def page(page_of):
    return page_of(own_network.to_html(), translated=True)


@pytest.fixture
def opened(browser, page):
    opened = watched(browser, page.parent.as_uri())
    opened.add_init_script("window.alert = () => { window.ran = true; };")
    opened.goto(page.as_uri())
    opened.focus("textarea")
    opened.wait_for_function("window.resnet_lab", timeout=120_000)
    yield opened
    assert not opened.evaluate("Boolean(window.ran)") and not opened.trouble
    opened.close()


def until_shows(opened, text):
    """Wait for CPython's view of this text."""
    expected = opened.evaluate(
        "html => Object.assign(document.createElement('div'), {innerHTML: html}).innerHTML",
        own_network.render({**own_network.start, "network": text}),
    )
    wait_until(opened, lambda: opened.inner_html(".rl-view") == expected)


def test_pasted_chosen_and_dropped(opened, texts, tmp_path):
    mobile, residual = texts
    opened.fill("textarea", mobile)
    until_shows(opened, mobile)
    (tmp_path / "net.json").write_text(residual, encoding="utf-8")
    opened.set_input_files("input[type=file]", tmp_path / "net.json")
    until_shows(opened, residual)
    opened.eval_on_selector("textarea", DROP, ["net.json", mobile])
    until_shows(opened, mobile)
    opened.click("[type=reset]")
    until_shows(opened, own_network.start["network"])


@pytest.mark.parametrize("text", ["{", "a holiday", '{"layers": 3}', EVIL, '{"' + EVIL])
def test_a_bad_file_gets_a_sentence_and_the_field_keeps_it(opened, text):
    opened.eval_on_selector("textarea", DROP, ["net.json", text])
    until_shows(opened, text)
    assert opened.input_value("textarea") == text
    assert opened.locator(".rl-view script, .rl-view img").count() == 0


def test_a_file_that_is_too_large_is_not_read(opened):
    before = opened.inner_html(".rl-view")
    opened.eval_on_selector("textarea", DROP, ["net.json", "x" * 2_000_001])
    said = opened.locator("[role=status]")
    wait_until(opened, lambda: said.inner_text() == "net.json is larger than 2 MB.")
    assert opened.inner_html(".rl-view") == before
