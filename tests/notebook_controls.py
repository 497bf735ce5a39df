"""An explorer in a notebook as a reader has it: its controls, moved by mouse and by keyboard.

For JupyterLab with ipywidgets 8 and for the classic notebook with ipywidgets 7, whose sliders are
made otherwise.
"""

from resnet_lab.explorers import ALL, Choice, Switch
from resnet_lab.explorers.controls import Text

EXPLORER = ".rl-notebook"
# The classic notebook's slider has no role.
THUMB = "[role=slider], .ui-slider-handle"
# A control's value as it is on screen: a number's text, an option's place, whether it is on, or
# what stands in a field.
VALUE = """(control) => {
    const buttons = [...control.querySelectorAll("button")];
    if (buttons.length) return buttons.findIndex((one) => one.classList.contains("mod-active"));
    const list = control.querySelector("select");
    if (list) return list.selectedIndex;
    const box = control.querySelector("input[type=checkbox]");
    if (box) return box.checked;
    const field = control.querySelector("textarea");
    return field ? field.value : control.querySelector(".widget-readout").textContent; }"""
# The view, and some HTML as the browser would write it back.
VIEW = """([view, html]) => [
    view.innerHTML, Object.assign(document.createElement("div"), {innerHTML: html}).innerHTML]"""
# The milliseconds from the next key to the change of the picture that it causes.
WATCH = """(view) => { window.took = new Promise((done) => {
    addEventListener("keydown", ({timeStamp}) => {
        new MutationObserver((_, observer) => {
            observer.disconnect();
            done(performance.now() - timeStamp);
        }).observe(view, {childList: true, subtree: true, characterData: true});
    }, {capture: true, once: true});
}); }"""


class Notebook:
    """One explorer on a page.

    Args:
        page: playwright's, with a notebook that has run.
        name: the explorer's, as in its links.
        place: which one, if the page has several explorers.
    """

    def __init__(self, page, name, place=0):
        self.page, self.explorer = page, ALL[name]
        self.root = page.locator(EXPLORER).nth(place)
        self.root.scroll_into_view_if_needed()
        self.view = self.root.locator("div.rl-view .widget-html-content")
        controls = self.root.locator(".rl-controls > *")
        self.controls = [
            Control(page, control, controls.nth(place))
            for place, control in enumerate(self.explorer.controls.values())
        ]
        controls.nth(len(self.controls) - 1).wait_for()
        assert controls.count() == len(self.controls), controls.all_inner_texts()

    def values(self):
        """The explorer's values as the controls show them."""
        return {control.declared.name: control.value() for control in self.controls}

    def settle(self):
        """Wait until the view is the one that the package makes of what the controls show.

        Returns those values.
        """
        for _ in range(600):
            values = self.values()
            html = self.explorer.render(values)
            shown, expected = self.page.evaluate(VIEW, [self.view.element_handle(), html])
            if shown == expected:
                return values
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.explorer.name} does not show {values}")

    def settle_at(self, values):
        """Wait until it shows these values of all or some controls, and their view."""
        for _ in range(200):
            shown = self.settle()
            if shown.items() >= values.items():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.explorer.name} shows {shown}, not {values}")

    def moves(self, control, move):
        """Move a control by one of its functions, and wait until value and view have followed."""
        name, before = control.declared.name, control.value()
        move()
        for _ in range(200):
            if self.settle()[name] != before:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{move.__name__} leaves {name} at {before}")

    def box(self, part):
        """Where a part of it is: a dict of x, y, width and height."""
        return self.root.locator(part).first.bounding_box()

    def button(self, words):
        return self.root.get_by_role("button", name=words, exact=True)

    def times(self):
        """Every slider one step up and one down: the milliseconds from each key to the picture."""
        took = []
        for control in self.controls:
            if isinstance(control.declared, (Choice, Switch, Text)):
                continue
            for key in control.there_and_back():
                self.page.evaluate(WATCH, self.view.element_handle())
                control.thumb.press(key)
                took.append(self.page.evaluate("window.took"))
            self.settle()
        return took


class Control:
    """One control: `declared` is the explorer's, `root` its element."""

    def __init__(self, page, declared, root):
        self.page, self.declared, self.root = page, declared, root
        self.thumb = root.locator(THUMB)

    def value(self):
        """What it shows, as the explorer's value."""
        shown = self.root.evaluate(VALUE)
        if isinstance(self.declared, Choice):
            return list(self.declared.options)[shown]
        if isinstance(self.declared, (Switch, Text)):
            return shown
        return self.declared.read(shown.replace("−", "-"))

    def there_and_back(self):
        """The keys that move a slider one step and back."""
        keys = ["ArrowRight", "ArrowLeft"]
        return keys if self.value() < self.declared.high else keys[::-1]

    def by_keyboard(self):
        """Move it to another value with keys alone."""
        if isinstance(self.declared, Switch):
            self.root.locator("input").press("Space")
        elif isinstance(self.declared, Text):
            self.type("resnet34")
        elif not isinstance(self.declared, Choice):
            self.thumb.press(self.there_and_back()[0])
        elif self.declared.fits():
            self.root.locator("button:not(.mod-active)").first.press("Enter")
        else:
            options = self.root.locator("select")
            last = list(self.declared.options)[-1]
            options.press("ArrowUp" if self.value() == last else "ArrowDown")

    def by_mouse(self):
        """Move it to another value with the mouse alone."""
        if isinstance(self.declared, Switch):
            self.root.locator("input").click()
        elif isinstance(self.declared, Text):
            self.root.locator("textarea").click(click_count=3)  # the mouse alone writes nothing
            self.type("resnet50")
        elif not isinstance(self.declared, Choice):
            self.drag()
        elif self.declared.fits():
            self.root.locator("button:not(.mod-active)").last.click()
        else:
            # A list opens outside of the page, where a headless browser has no mouse.
            options = self.root.locator("select")
            options.select_option(index=0 if self.root.evaluate(VALUE) else 1)

    def type(self, text):
        """Replace what a field holds; it is read when the field is left."""
        field = self.root.locator("textarea")
        field.press("Control+a")
        field.press_sequentially(text)
        field.press("Tab")

    def drag(self):
        """Pull a slider's thumb towards its further end."""
        self.thumb.scroll_into_view_if_needed()
        middle = (self.declared.low + self.declared.high) / 2
        way = 60 if self.value() <= middle else -60
        thumb = self.thumb.bounding_box()
        x, y = thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + way, y, steps=4)
        self.page.mouse.up()
