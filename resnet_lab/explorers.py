"""Explorers: a few controls and one pure function from their values to a view. Two hosts show them.

In a notebook the controls are ipywidgets; in the built page they are native inputs and this very file runs there.
Nothing here computes or draws: the views ask the other modules. Each explorer is a module-level name, and `ALL` finds it
by the name it has in links.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import draw, function_classes, recorded, residuals
from .architecture import ResNet
from .blocks import ResidualBlock
from .zoo import IMAGENET_DEPTHS, cifar_resnet, named, resnet
from .arithmetic import ReceptiveField, conv_macs, conv_output_size, conv_params
from .convolutions import KINDS, channels_seen, replacement
from .tables import shape_text
from .tracing import trace


@dataclass(frozen=True)
class Range:
    """A whole number from low to high in steps: a slider."""

    name: str
    label: str
    low: int
    high: int
    start: int
    step: int = 1

    def check(self, value):
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or value not in range(self.low, self.high + 1, self.step)
        ):
            steps = f" in steps of {self.step}" if self.step > 1 else ""
            raise ValueError(
                f"{self.name} is {value!r}; it must be a whole number from {self.low} to {self.high}{steps}"
            )
        return value

    def read(self, text):
        return self.check(int(text) if text.lstrip("-").isdigit() else text)

    def to_html(self, key, value):
        return (
            f'<label for="{key}">{self.label}</label><input type="range" id="{key}" name="{self.name}" min="{self.low}" '
            f'max="{self.high}" step="{self.step}" value="{value}"><output for="{key}">{value}</output>'
        )

    def to_widget(self, widgets, **look):
        return widgets.IntSlider(min=self.low, max=self.high, step=self.step, **look)


class Real(Range):
    """A number from low to high in steps of a fraction such as 0.05: a slider."""

    def check(self, value):
        steps = round((value - self.low) / self.step) if isinstance(value, (int, float)) else -1
        if not 0 <= steps <= round((self.high - self.low) / self.step):
            raise ValueError(
                f"{self.name} is {value!r}; it must be a number from {self.low} to {self.high}"
            )
        return round(self.low + steps * self.step, 9)

    def read(self, text):
        return self.check(float(text) if text.lstrip("-").replace(".", "", 1).isdigit() else text)

    def to_widget(self, widgets, **look):
        return widgets.FloatSlider(min=self.low, max=self.high, step=self.step, **look)


@dataclass(frozen=True)
class Choice:
    """One of a few options: a row of buttons where they fit, a list otherwise.

    options: a tuple of values, or a dict from each value to the text that stands for it.
    """

    name: str
    label: str
    options: tuple | dict
    start: object

    def texts(self):
        return (
            self.options
            if isinstance(self.options, dict)
            else {option: str(option) for option in self.options}
        )

    def fits(self):
        return len("".join(self.texts().values())) <= 28

    def check(self, value):
        if value not in list(self.options):
            options = ", ".join([repr(option) for option in self.options])
            raise ValueError(f"{self.name} is {value!r}; it must be one of {options}")
        return value

    def read(self, text):
        return self.check({str(option): option for option in self.options}.get(text, text))

    def to_html(self, key, value):
        if not self.fits():
            options = [
                f'<option value="{option}"{" selected" * (option == value)}>{text}</option>'
                for option, text in self.texts().items()
            ]
            return f'<label for="{key}">{self.label}</label><select id="{key}" name="{self.name}">{"".join(options)}</select>'
        buttons = [
            f'<input type="radio" id="{key}-{option}" name="{self.name}" value="{option}"'
            f'{" checked" * (option == value)}><label for="{key}-{option}">{text}</label>'
            for option, text in self.texts().items()
        ]
        return (
            f'<span id="{key}">{self.label}</span>'
            f'<span class="rl-options" role="radiogroup" aria-labelledby="{key}">{"".join(buttons)}</span>'
        )

    def to_widget(self, widgets, **look):
        kind = widgets.ToggleButtons if self.fits() else widgets.Dropdown
        return kind(options=[(text, option) for option, text in self.texts().items()], **look)


@dataclass(frozen=True)
class Switch:
    """On or off: a checkbox."""

    name: str
    label: str
    start: bool = False

    def check(self, value):
        if value is not True and value is not False:
            raise ValueError(f"{self.name} is {value!r}; it must be True or False")
        return value

    def read(self, text):
        return self.check({"true": True, "false": False}.get(text, text))

    def to_html(self, key, value):
        return f'<label for="{key}">{self.label}</label><input type="checkbox" id="{key}" name="{self.name}"{" checked" * value}>'

    def to_widget(self, widgets, **look):
        return widgets.Checkbox(indent=False, **look)


ALL = {}


class Explorer:
    """Controls, and a view of their values.

    name: as it stands in a link, such as "output-size"; title: a short heading; controls: of Range, Choice and Switch.
    view(**values) returns HTML: a picture, `<svg role="img" aria-label="...">`, whose label says the result in a sentence
    (it is what a screen reader says after a change), and the numbers as a table. A ValueError it raises is shown in the
    view's place. python(**values), optional, returns the line of code that builds what is shown. presets, optional: a dict
    from a button's text to the values it sets, of all controls or of some.
    """

    def __init__(self, name, title, controls, view, python=None, presets=None):
        self.name, self.title, self.view, self.python, self.presets = (
            name,
            title,
            view,
            python,
            presets or {},
        )
        self.controls = {control.name: control for control in controls}
        self._value = {control.name: control.check(control.start) for control in controls}
        self._box = None
        ALL[name] = self

    @property
    def value(self):
        """The present values as a dict. Assign a dict, of all of them or of some, to move the controls."""
        return dict(self._value)

    @value.setter
    def value(self, values):
        self._value = self.check(values)
        if self._box:
            for name, value in self.value.items():
                self._widgets[name].value = value

    def check(self, values):
        """All values, a missing one being the present one. Raises ValueError for an unknown name or a bad value."""
        for name in values:
            if name not in self.controls:
                raise ValueError(
                    f"{name!r} is not a control of {self.name}, which has {', '.join(self.controls)}"
                )
        return {
            name: control.check(values.get(name, self._value[name]))
            for name, control in self.controls.items()
        }

    def read(self, state):
        """The values that a link carries, such as "kernel=3&stride=2"."""
        texts = dict([pair.split("=") for pair in state.split("&")])
        return {
            name: control.read(texts[name])
            for name, control in self.controls.items()
            if name in texts
        }

    def write(self, values):
        """`values` as a link carries them; the opposite of `read`."""
        return "&".join(
            [
                f"{name}={str(value).lower() if isinstance(value, bool) else value}"
                for name, value in values.items()
            ]
        )

    def render(self, values={}):
        """The view of `values` as HTML; those not given are the present ones."""
        values = self.check(values)
        try:
            return self.view(**values)
        except ValueError as error:
            return f'<p class="rl-note">{error}.</p>'

    def code(self, values={}):
        """The line of Python that builds what `values` show."""
        return self.python(**self.check(values))

    def to_html(self):
        """The page's form: native inputs, which the page's script switches on, and the present view."""
        controls = "".join(
            [
                f'<div class="rl-control">{control.to_html(f"{self.name}-{name}", self._value[name])}</div>\n'
                for name, control in self.controls.items()
            ]
        )
        presets = "".join(
            [
                f'<button type="button" data-preset="{self.write(values).replace("&", "&amp;")}">{text}</button>'
                for text, values in self.presets.items()
            ]
        )
        view, copies = (
            self.render(),
            {
                "code": "Copy as Python",
                "markdown": "Copy table",
                "csv": "Copy table as CSV",
                "link": "Copy link",
            },
        )
        copies = "".join(
            [
                f'<button type="button" data-copy="{what}">{text}</button>'
                for what, text in copies.items()
                if what == "link" or (self.python if what == "code" else "<table" in view)
            ]
        )
        return f"""<figure class="rl-explorer" data-explorer="{self.name}">
<form autocomplete="off"><fieldset disabled><legend>{self.title}</legend>
<div class="rl-presets">{presets}</div>
<div class="rl-controls">
{controls}</div>
<div class="rl-view">{view}</div>
<div class="rl-actions">{copies}<button type="reset">Reset</button><span class="rl-said" role="status"></span></div>
</fieldset></form>
</figure>"""

    def to_widget(self):
        """The notebook's form: an ipywidgets box, the same one each time."""
        if not self._box:
            from pathlib import Path

            import ipywidgets

            look = {
                "style": {"description_width": "9em"},
                "layout": ipywidgets.Layout(width="32em", max_width="100%"),
            }
            self._widgets = {
                name: control.to_widget(
                    ipywidgets, value=self._value[name], description=control.label, **look
                )
                for name, control in self.controls.items()
            }
            style = (
                Path(__file__)
                .with_name("page")
                .joinpath("explorers.css")
                .read_text(encoding="utf-8")
            )
            view = ipywidgets.HTML(self.render())

            def move(change):
                self._value = {name: widget.value for name, widget in self._widgets.items()}
                view.value = self.render()

            for widget in self._widgets.values():
                widget.observe(move, "value")
            presets = []
            for text, values in self.presets.items():
                presets.append(
                    ipywidgets.Button(description=text, layout=ipywidgets.Layout(width="auto"))
                )
                presets[-1].on_click(lambda button, values=values: setattr(self, "value", values))
            self._box = ipywidgets.VBox(
                [
                    ipywidgets.HTML(f"<style>{style}</style>"),
                    ipywidgets.HBox(presets, layout=ipywidgets.Layout(flex_flow="row wrap")),
                    *self._widgets.values(),
                    view,
                ]
            )
        return self._box

    def _repr_mimebundle_(self, include=None, exclude=None):
        forms = {"text/plain": f"{self.title}: {self.value}", "text/html": self.to_html()}
        try:
            forms["application/vnd.jupyter.widget-view+json"] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.to_widget().model_id,
            }
        except ImportError:
            pass
        return forms


# -------------------------------------------------------------------------------------------------------- arithmetic


def _table(head, rows):
    """An HTML table of texts and numbers; the first cell of a row is its name."""
    body = ""
    for name, *cells in rows:
        body += (
            f"<tr><th scope='row'>{name}</th>"
            + "".join([f"<td class=num>{cell}</td>" for cell in cells])
            + "</tr>"
        )
    return (
        "<table class='rl-table'><thead><tr>"
        + "".join([f"<th scope='col'>{cell}</th>" if cell else "<td></td>" for cell in head])
        + f"</tr></thead><tbody>{body}</tbody></table>"
    )


def _output_size(size, kernel, stride, padding, dilation, ceil_mode):
    out = conv_output_size(size, kernel, stride, padding, dilation, ceil_mode)
    span = ReceptiveField().through(kernel, dilation=dilation).size
    fraction = f"({size} + 2·{padding} − {dilation}·({kernel} − 1) − 1) / {stride}"
    formula = (
        f"⌈{fraction}⌉ + 1, less a position that would begin beyond the last pixel:"
        if ceil_mode
        else f"⌊{fraction}⌋ + 1 ="
    )
    return (
        draw.kernel_positions(size, kernel, stride, padding, dilation, ceil_mode)
        + f"<p class='rl-formula'>{formula} <strong>{out}</strong></p>"
        + _table(
            ("", "input", "padded", "kernel spans", "output"),
            [("pixels", size, size + 2 * padding, span, out)],
        )
    )


output_size = Explorer(
    "output-size",
    "The kernel's positions on a row of pixels",
    [
        Range("size", "Input size n", 1, 256, 14),
        Range("kernel", "Kernel k", 1, 11, 3),
        Range("stride", "Stride s", 1, 5, 2),
        Range("padding", "Padding p", 0, 5, 1),
        Range("dilation", "Dilation d", 1, 4, 1),
        Switch("ceil_mode", "Round up (ceil mode)"),
    ],
    _output_size,
    lambda size, kernel, stride, padding, dilation, ceil_mode: (
        f"rl.conv_output_size({size}, kernel={kernel}, stride={stride}, padding={padding}, dilation={dilation}, "
        f"ceil_mode={ceil_mode})"
    ),
    presets={
        name: {"size": n, "kernel": k, "stride": s, "padding": p, "dilation": d, "ceil_mode": False}
        for name, n, k, s, p, d in [
            ("ResNet's first layer", 224, 7, 2, 3, 1),
            ("its max pooling", 112, 3, 2, 1, 1),
            ("same size", 14, 3, 1, 1, 1),
            ("a kernel with holes", 14, 3, 1, 0, 4),
            ("pixels never read", 14, 2, 4, 0, 1),
        ]
    },
)

# For each option its layer: kernel, stride, dilation. Padding keeps the size where the stride is 1.
LAYERS = {
    "1": (1, 1, 1),
    "1s2": (1, 2, 1),
    "2s2": (2, 2, 1),
    "3": (3, 1, 1),
    "3s2": (3, 2, 1),
    "3d2": (3, 1, 2),
    "3d4": (3, 1, 4),
    "5": (5, 1, 1),
    "5s2": (5, 2, 1),
    "7": (7, 1, 1),
    "7s2": (7, 2, 1),
    "11s4": (11, 4, 1),
}


def _stack(edge=False, **layers):
    """The chosen layers, as (kernel, stride, padding, dilation)."""
    chosen = [LAYERS[layer] for layer in layers.values() if layer != "none"]
    if not chosen:
        raise ValueError("every layer is none; choose a kernel for at least one")
    return [
        (kernel, stride, dilation * (kernel - 1) // 2, dilation)
        for kernel, stride, dilation in chosen
    ]


def _receptive_field(edge, **layers):
    stack, field, rows = _stack(**layers), ReceptiveField(), [("input", 1, 1, 0)]
    for number, (kernel, stride, padding, dilation) in enumerate(stack, 1):
        grown = field.through(kernel, stride, padding, dilation)
        growth = f"{field.size} + {dilation * (kernel - 1)}·{field.stride} = {grown.size}"
        rows.append((number, growth, grown.stride, grown.padding))
        field = grown
    picture = draw.receptive_field_cone(stack, 224, 0) if edge else draw.receptive_field_cone(stack)
    return picture + _table(("layer", "field", "stride", "padding"), rows)


receptive_field = Explorer(
    "receptive-field",
    "The pixels that one output pixel sees",
    [
        Choice(
            f"layer{number}",
            f"Layer {number}",
            {"none": "none", **{name: draw.kernel_text(*layer) for name, layer in LAYERS.items()}},
            "3" if number < 4 else "none",
        )
        for number in range(1, 7)
    ]
    + [Switch("edge", "Follow the first output pixel")],
    _receptive_field,
    lambda **values: f"rl.receptive_field({_stack(**values)})",
    presets={
        name: {
            f"layer{number}": layer
            for number, layer in enumerate((layers + " none" * 6).split()[:6], 1)
        }
        for name, layers in {
            "three 3 × 3": "3 3 3",
            "one 7 × 7": "7",
            "ResNet's stem": "7s2 3s2",
            "stem and two blocks": "7s2 3s2 3 3 3 3",
            "a bottleneck": "1 3 1",
            "dilations 1, 2, 4": "3 3d2 3d4",
        }.items()
    },
)


def _building_blocks(channels, reduction, size, count):
    inner = channels // reduction
    blocks = [
        (f"building block, {channels}", [(channels, channels, 3), (channels, channels, 3)]),
        (
            f"bottleneck, {channels}/{inner}",
            [(channels, inner, 1), (inner, inner, 3), (inner, channels, 1)],
        ),
        (f"building block, {inner}", [(inner, inner, 3), (inner, inner, 3)]),
    ]
    rows, lines = [], []
    for text, layers in blocks:
        params, macs = {}, {}
        for layer in layers:
            name = f"{layer[2]} × {layer[2]}"
            params[name] = params.get(name, 0) + conv_params(*layer)
            macs[name] = macs.get(name, 0) + conv_macs(*layer, (size, size))
        lines.append((text, params if count == "parameters" else macs))
        rows.append((text, sum(params.values()), sum(macs.values())))
    (_, wide, _), (_, bottleneck, _), (_, narrow, _) = rows
    label = (
        f"The building block of {channels} channels has {wide / bottleneck:.2f} times the bottleneck's {count}, "
        f"the one of {inner} channels {narrow / bottleneck:.2f} times"
    )
    return (
        draw.bars(label, [(count + f", feature map {size} × {size}" * (count == "MACs"), lines)])
        + f"<p class='rl-formula'>{wide / bottleneck:.2f} times = {wide / narrow:g} for the width "
        f"× <strong>{narrow / bottleneck:.2f}</strong> for the form</p>"
        + _table(
            ("", "parameters", "MACs"),
            [(text, f"{params:,}", draw.short(macs)) for text, params, macs in rows],
        )
    )


building_blocks = Explorer(
    "building-blocks",
    "Building block against bottleneck",
    [
        Range("channels", "Channels", 64, 512, 256, 64),
        Choice("reduction", "Reduction", (1, 2, 4, 8), 4),
        Choice("size", "Feature map, height and width", (56, 28, 14, 7), 56),
        Choice("count", "Count", ("parameters", "MACs"), "parameters"),
    ],
    _building_blocks,
    lambda channels, reduction, size, count: (
        "sum(rl.conv_params(*layer) for layer in "
        f"[({channels}, {channels // reduction}, 1), ({channels // reduction}, {channels // reduction}, 3), "
        f"({channels // reduction}, {channels}, 1)])"
    ),
)


# Residual and error (chapter 1)
GUESSES = [round(-2 + 0.1 * place, 9) for place in range(61)]


def _residual_error(function, x0, newton):
    f = residuals.FUNCTIONS[function]
    b, y0 = f.value(residuals.SOLUTION), f.value(x0)
    r, slope = residuals.residual(f.value, b, x0), f.slope(x0)
    step = r / slope if slope else None
    rows = [
        ("f(x₀)", y0),
        ("residual b − f(x₀)", r),
        ("slope f′(x₀)", slope),
        ("residual / slope", step),
        ("error x − x₀", residuals.error(residuals.SOLUTION, x0)),
    ]
    return draw.guess(
        [(x, f.value(x)) for x in GUESSES], b, residuals.SOLUTION, x0, y0, step if newton else None
    ) + _table(
        ("", f"at {draw.figures(x0)}"),
        [(name, "undefined" if value is None else draw.figures(value)) for name, value in rows],
    )


residual_error = Explorer(
    "residual-error",
    "The residual and the error of a guess",
    [
        Choice(
            "function",
            "f(x)",
            {name: function.text for name, function in residuals.FUNCTIONS.items()},
            "tanh",
        ),
        Real("x0", "Guess x₀", -2, 4, 3.0, 0.1),
        Switch("newton", "Newton’s step"),
    ],
    _residual_error,
    lambda function, x0, newton: (
        f"f = residuals.FUNCTIONS[{function!r}]; residuals.residual(f.value, f.value(residuals.SOLUTION), {x0})"
    ),
)


# Function classes (chapter 2)
REMAINDERS = {}


def _function_class(family, target, size):
    values = function_classes.TARGETS[target]
    if (family, target) not in REMAINDERS:
        left = function_classes.remainders(family, values)
        REMAINDERS[family, target] = left, [function_classes.size_of(each) for each in left]
    left, distances = REMAINDERS[family, target]
    fitted = [value - rest for value, rest in zip(values, left[size - 1])]
    now, rows = distances[size - 1], [(f"size {size}", f"{distances[size - 1]:.3f}")]
    sentence = f"The best function of size {size} is {now:.3f} from the target"
    if size > 1:
        before = min(distances[: size - 1])
        rows.append(("best of the smaller sizes", f"{before:.3f}"))
        sentence += (
            f"; a smaller class came as near as {before:.3f}"
            if now > before + 1e-9
            else ", no smaller class nearer"
        )
    return draw.class_fit(
        function_classes.POINTS, values, fitted, distances, size, sentence
    ) + _table(("", "distance"), rows)


function_class = Explorer(
    "function-class",
    "The best function of a class, as the class grows",
    [
        Choice("family", "Family", {"bins": "equal bins", "polynomials": "polynomials"}, "bins"),
        Choice(
            "target",
            "Target",
            {"step": "step", "third": "third", "ramp": "ramp", "hill": "hill"},
            "step",
        ),
        Range("size", "Size", 1, 12, 3),
    ],
    _function_class,
    lambda family, target, size: (
        f"function_classes.best({family!r}, function_classes.TARGETS[{target!r}], size={size})"
    ),
    presets={
        f"a {target}, {family}": {"family": family, "target": target, "size": size}
        for target, family, size in (
            ("step", "bins", 3),
            ("step", "polynomials", 3),
            ("hill", "bins", 5),
            ("hill", "polynomials", 5),
        )
    },
)


# The ResNet family (chapter 9)
def family_network(
    block, stage1, stage2, stage3, stage4, width, stem, version, shortcut, classes=1000, size=None
):
    """The network that the family explorer's values describe: `family_network(**family.value)`. size: of the input."""
    depths = tuple([depth for depth in (stage1, stage2, stage3, stage4) if depth])
    widths = tuple([width * 2**stage for stage in range(len(depths))])
    return ResNet(block, depths, widths, version, shortcut, stem, classes=classes)


def _family_member(net):
    """The call that builds `net` by its name, if it is of the paper's family: ("rl.resnet", 50); otherwise None."""
    settings = {"version": net.version, "shortcut": net.shortcut, "classes": net.classes}
    for depth, (block, depths) in IMAGENET_DEPTHS.items():
        if (net.block, net.depths) == (block, depths) and net == resnet(depth, **settings):
            return "rl.resnet", depth
    if len(net.depths) == 3 and net.depth % 6 == 2 and net == cifar_resnet(net.depth, **settings):
        return "rl.cifar_resnet", net.depth
    return None


def _family_sentence(net):
    member = _family_member(net)
    if not member:
        return f"{net.depth} weight layers; the paper has no such network."
    call, depth = member
    sentence = (
        f"This is <strong>ResNet-{depth}</strong> of the paper's "
        + {"rl.resnet": "table 1", "rl.cifar_resnet": "CIFAR experiments"}[call]
    )
    if net.shortcut == "none":
        sentence += ", without its shortcuts"
    if net.version == 2:
        sentence += ", in the pre-activation form of the second paper"
    elif net.block == "bottleneck":
        sentence += (
            ", with the stride on the first 1 × 1, as printed"
            if net.version == 1
            else ", with the stride on the 3 × 3, as in torchvision"
        )
    return sentence + "."


NAMED = {}


def _family(size, **values):
    net = family_network(**values)
    table = trace(net, (3, size, size))
    if not NAMED:
        for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg19"):
            other = trace(named(name), (3, 224, 224))
            NAMED[other.net.name] = (other.params, other.macs)
    params, macs = table.params, table.macs
    rows = [
        (
            row.name,
            shape_text(row.output_shape),
            f"{row.params:,}",
            f"{row.macs:,}",
            f"{row.receptive_field:,}",
        )
        for row in table.groups("stage")
        if row.kind not in ("relu", "flatten")
    ]
    rows.append(
        ("total", f"{net.depth} layers", f"{params:,}", f"{macs:,}", f"{table.receptive_field:,}")
    )
    others = [(name, *counts) for name, counts in NAMED.items()]
    return (
        draw.network(table)
        + f"<p class='rl-formula'>{_family_sentence(net)}</p>"
        + draw.tallies([("this network", params, macs)] + others, "others at 224 × 224")
        + _table(("", "output", "parameters", "MACs", "field"), rows)
    )


def _family_code(size, **values):
    net = family_network(**values)
    member = _family_member(net)
    if member:
        call, depth = member
        fields, usual = (
            [str(depth)],
            {
                "version": 1.5,
                "shortcut": "B" if call == "rl.resnet" else "A",
                "classes": 1000 if call == "rl.resnet" else 10,
            },
        )
    else:
        call, usual = "rl.ResNet", {"version": 1.5, "shortcut": "B", "stem": "7x7", "classes": 1000}
        fields = [repr(net.block), repr(net.depths), repr(net.widths)]
    fields += [
        f"{name}={getattr(net, name)!r}"
        for name, value in usual.items()
        if getattr(net, name) != value
    ]
    return f"{call}({', '.join(fields)})"


def _member(block, *depths, **values):
    """The values of all the family explorer's controls."""
    stages = {f"stage{number}": depth for number, depth in enumerate(depths, 1)}
    return {
        "block": block,
        **stages,
        "width": 64,
        "stem": "7x7",
        "version": 1.5,
        "shortcut": "B",
        "classes": 1000,
        "size": 224,
        **values,
    }


_cifar = {"stage4": 0, "width": 16, "stem": "3x3", "shortcut": "A", "classes": 10, "size": 32}
family = Explorer(
    "family",
    "The ResNet family",
    [
        Choice("block", "Block", {"basic": "two 3 × 3", "bottleneck": "bottleneck"}, "bottleneck"),
        Choice("shortcut", "Shortcut", ("A", "B", "C", "none"), "B"),
        Choice("version", "Version", (1, 1.5, 2), 1.5),
        Choice("stem", "Stem", {"7x7": "7 × 7, pooling", "3x3": "3 × 3"}, "7x7"),
        Choice("width", "Width of stage 1", (16, 32, 64, 128), 64),
        Choice("classes", "Classes", (10, 100, 1000), 1000),
        Range("size", "Input size", 32, 448, 224, 32),
        Range("stage1", "Blocks, stage 1", 1, 36, 3),
        Range("stage2", "Blocks, stage 2", 1, 36, 4),
        Range("stage3", "Blocks, stage 3", 1, 36, 6),
        Range("stage4", "Blocks, stage 4", 0, 36, 3),
    ],
    _family,
    _family_code,
    presets={
        **{
            f"ResNet-{depth}": _member(block, *depths)
            for depth, (block, depths) in IMAGENET_DEPTHS.items()
        },
        "plain-34": _member("basic", 3, 4, 6, 3, shortcut="none"),
        "ResNet-20": _member("basic", 3, 3, 3, **_cifar),
        "ResNet-110": _member("basic", 18, 18, 18, **_cifar),
        "ResNet-18, small stem": _member("basic", 2, 2, 2, 2, stem="3x3", classes=10, size=32),
    },
)


# The residual block (chapter 8)
def _residual_block(size, **fields):
    net = ResidualBlock(**fields)
    table = trace(net, (net.in_channels, *[size] * net.dims))
    rows = [
        (
            row.name[len("block.") :],
            f"{row.params:,}",
            f"{row.macs:,}",
            row.receptive_field,
            shape_text(row.output_shape),
        )
        for row in table
    ]
    rows.append(
        (
            "total",
            f"{table.params:,}",
            f"{table.macs:,}",
            table.receptive_field,
            shape_text(table.output_shape),
        )
    )
    return draw.residual_block(table) + _table(("", "parameters", "MACs", "field", "output"), rows)


_block = {
    "block": "basic",
    "version": 1.5,
    "shortcut": "B",
    "fusion": "add",
    "in_channels": 64,
    "width": 64,
    "stride": 1,
    "dims": 2,
}
_channels = {channels: str(channels) for channels in (64, 128, 256, 512)}
residual_block = Explorer(
    "residual-block",
    "The shapes that flow through a residual block",
    [
        Choice(
            "block",
            "Branch",
            {
                "single": "one convolution",
                "basic": "two: building block",
                "bottleneck": "three: bottleneck",
            },
            "basic",
        ),
        Choice("version", "Version", {1: "1", 1.5: "1.5", 2: "2"}, 1.5),
        Choice("shortcut", "Shortcut", {"A": "A", "B": "B", "C": "C", "none": "none"}, "B"),
        Choice("fusion", "Branches are", {"add": "added", "concat": "side by side"}, "add"),
        Choice("in_channels", "Channels in", _channels, 64),
        Choice("width", "Width", _channels, 128),
        Choice("stride", "Stride", {1: "1", 2: "2"}, 2),
        Choice("dims", "Input", {2: "image", 1: "signal"}, 2),
        Range("size", "Size", 1, 112, 56),
    ],
    _residual_block,
    lambda size, **fields: (
        "rl.ResidualBlock("
        + ", ".join([f"{name}={value!r}" for name, value in fields.items()])
        + ")"
    ),
    presets={
        "same shape": _block,
        "half the size, twice the channels": {**_block, "width": 128, "stride": 2},
        "zeros instead of a projection": {**_block, "width": 128, "stride": 2, "shortcut": "A"},
        "bottleneck": {**_block, "block": "bottleneck", "in_channels": 256},
        "pre-activation": {**_block, "version": 2},
        "side by side": {**_block, "fusion": "concat"},
        "no shortcut": {**_block, "shortcut": "none"},
    },
)


# Cheaper convolutions (chapter 11)
def _cheaper_convolutions(kind, channels, kernel, groups, size):
    bill = {
        name: sum([conv.params for conv in replacement(name, channels, kernel, groups)])
        for name in KINDS
    }
    layers = replacement(kind, channels, kernel, groups)
    rows = []
    for number, conv in enumerate(layers, 1):
        rows.append(
            (
                f"{conv.kernel[0]} × {conv.kernel[1]}, {conv.in_channels} → {conv.out_channels}",
                conv.params,
                conv.macs(size),
                conv.moved(size),
            )
        )
    if len(rows) > 1:
        rows.append(("together", *[sum(column) for column in list(zip(*rows))[1:]]))
    label = (
        f"{100 * bill[kind] / bill['standard']:.3g} % of the standard convolution's parameters and MACs; one output number depends on "
        f"{kernel} × {kernel} pixels in {channels_seen(layers)} of {channels} channels"
    )
    return (
        draw.channel_tables(
            layers, {KINDS[name]: params for name, params in bill.items()}, KINDS[kind], label
        )
        + f"<p class='rl-formula'>{label}</p>"
        + _table(
            ("", "parameters", "MACs", "MACs per number"),
            [
                (text, f"{params:,}", draw.short(macs), f"{macs / moved:.1f}")
                for text, params, macs, moved in rows
            ],
        )
    )


cheaper_convolutions = Explorer(
    "cheaper-convolutions",
    "What may stand in for a convolution, and what it costs",
    [
        Choice("kind", "Kind", KINDS, "standard"),
        Choice("channels", "Channels", (64, 128, 256, 512), 256),
        Choice("kernel", "Kernel", {3: "3 × 3", 5: "5 × 5", 7: "7 × 7"}, 3),
        Choice("groups", "Groups", (2, 4, 8, 16), 4),
        Choice(
            "size", "Feature map", {56: "56 × 56", 28: "28 × 28", 14: "14 × 14", 7: "7 × 7"}, 28
        ),
    ],
    _cheaper_convolutions,
    lambda kind, channels, kernel, groups, size: (
        f"convolutions.replacement({kind!r}, {channels}, kernel={kernel}, groups={groups})"
    ),
    presets={
        "three 3 × 3 for a 7 × 7": {"kind": "stacked", "kernel": 7},
        "Inception": {"kind": "factorised", "kernel": 7, "size": 14},
        "ResNet": {"kind": "bottleneck", "kernel": 3},
        "ResNeXt": {"kind": "grouped", "kernel": 3, "groups": 16},
        "MobileNet": {"kind": "separable", "kernel": 3},
        "ShuffleNet": {"kind": "shuffled", "kernel": 3, "groups": 8},
    },
)


# One-dimensional signals (chapter 10)
def _signal_net(length, kernel, blocks, head):
    return ResNet(
        "basic",
        (blocks,) * 4,
        kernel=kernel,
        stem="3x3",
        in_channels=1,
        classes=length,
        dims=1,
        head=head,
        input_size=length if head == "flatten" else None,
        title="1-D ResNet",
    )


def _signal_shapes(length, **settings):
    table = trace(_signal_net(length, **settings), (1, length))
    last, head = table.at("layer4"), table.at("fc")
    label = (
        f"{length:,} samples become {last.output_shape[1]:,}, each of which sees {last.receptive_field:,}; "
        f"the classifier holds {100 * head.params / table.params:.0f} % of {draw.short(table.params)} parameters"
    )
    return (
        draw.signal_shapes(table, label)
        + f"<p class='rl-formula'>{label}</p>"
        + _table(
            ("", "output", "field", "parameters", "MACs"),
            [
                (
                    row.name,
                    shape_text(row.output_shape),
                    f"{row.receptive_field:,}",
                    draw.short(row.params),
                    draw.short(row.macs),
                )
                for row in table.groups("stage")
                if row.kind in ("conv", "stage", "avgpool", "flatten", "linear")
            ],
        )
    )


signal_shapes = Explorer(
    "signal-shapes",
    "A signal on its way through a 1-D ResNet",
    [
        Range("length", "Samples", 20, 4000, 1000, 20),
        Choice("kernel", "Kernel", (3, 5, 7, 9, 15), 3),
        Range("blocks", "Blocks per stage", 1, 6, 2),
        Choice("head", "Head", {"flatten": "pool by 4, flatten", "average": "average"}, "flatten"),
    ],
    _signal_shapes,
    lambda length, kernel, blocks, head: (
        f"rl.ResNet('basic', {(blocks,) * 4}, kernel={kernel}, stem='3x3', in_channels=1, classes={length}, dims=1, head={head!r}"
        + f", input_size={length}" * (head == "flatten")
        + ")"
    ),
    presets={
        "ResNet-18": {"length": 1000, "kernel": 3, "blocks": 2, "head": "flatten"},
        "longer kernels": {"length": 1000, "kernel": 15, "blocks": 2, "head": "flatten"},
        "average instead of flatten": {"length": 1000, "kernel": 3, "blocks": 2, "head": "average"},
        "too short": {"length": 20, "kernel": 3, "blocks": 2, "head": "flatten"},
    },
)


# Measured runs (chapters 3 and 4)
TWINS = {"none": "plain", "A": "residual"}
TWIN_COLOURS = {"none": "accent", "A": "identity"}
DEPTHS = (8, 14, 20, 32, 56)


def _twin(shortcut, depth):
    return f"rl.ResNet('basic', {((depth - 2) // 6,) * 3}, (8, 16, 32), shortcut={shortcut!r}, stem='3x3', in_channels=1, classes=10)"


def _degradation(shortcut, depth, steps, seed, show):
    curves = {
        (kind, layers): recorded.degradation(kind, layers, steps, seed)
        for kind in TWINS
        for layers in DEPTHS
    }
    # The mean over the last tenth of the steps, which is two points.
    losses = {
        key: sum([10**value for value in curve["loss"][-2:]]) / 2 for key, curve in curves.items()
    }
    errors = {key: sum(curve["error"][-2:]) / 2 for key, curve in curves.items()}
    series = []
    for layers in [layers for layers in DEPTHS if layers != depth] + [depth]:
        points = [
            (steps * place / 20, value)
            for place, value in enumerate(curves[shortcut, layers][show], 1)
        ]
        series.append(
            (
                str(layers),
                *((TWIN_COLOURS[shortcut], 1) if layers == depth else ("muted", 0.6)),
                points,
            )
        )
    label = (
        f"{TWINS[shortcut]}-{depth} ends {steps:,} steps with a training loss of {losses[shortcut, depth]:.2g}, "
        f"{TWINS[shortcut]}-8 with {losses[shortcut, 8]:.2g}"
    )
    name, y_ticks = {
        "loss": (
            "training loss",
            [(power, draw.power(power)) for power in range(-4, 1)] + [(0.5, "")],
        ),
        "error": ("training error, %", draw.ticks(100)),
    }[show]
    picture = draw.chart(
        label,
        series,
        "step",
        name,
        [(steps * part // 4, f"{steps * part // 4:,}") for part in range(5)],
        y_ticks,
    )
    rows = [
        (
            layers,
            *[f"{losses[kind, layers]:.2g}" for kind in TWINS],
            *[f"{errors[kind, layers]:.2f}" for kind in TWINS],
        )
        for layers in DEPTHS
    ]
    return (
        picture
        + f"<p class='rl-formula'>{label}</p>"
        + _table(
            ("layers", "loss, plain", "loss, residual", "error %, plain", "error %, residual"), rows
        )
    )


degradation = Explorer(
    "degradation",
    "Measured: deeper networks in training",
    [
        Choice("shortcut", "Networks", TWINS, "none"),
        Choice("depth", "Layers", DEPTHS, 32),
        Choice("steps", "Steps", (200, 600, 1500), 200),
        Choice("seed", "Seed", ("mean", 0, 1, 2), "mean"),
        Choice("show", "Show", {"loss": "loss", "error": "error"}, "loss"),
    ],
    _degradation,
    lambda shortcut, depth, steps, seed, show: (
        f"fit(build({_twin(shortcut, depth)}), load('digits'), Recipe(steps={steps}, batch=64, weight_decay=1e-4, crop=0, flip=False"
        + f", seed={seed}" * (seed != "mean")
        + "))"
    ),
    presets={
        "plain networks": {"shortcut": "none", "steps": 200, "depth": 32, "show": "loss"},
        "their residual twins": {"shortcut": "A", "steps": 200, "depth": 32, "show": "loss"},
        "plain, with more time": {"shortcut": "none", "steps": 1500, "depth": 32, "show": "loss"},
    },
)


def _gradients(depth, activation, initialisation, batchnorm):
    runs = {
        kind: recorded.gradients(kind, depth, activation, initialisation, batchnorm)
        for kind in TWINS
    }
    charts, rows = [], []
    for name, what, low in (("relative gradient", "gradient", -20), ("output", "output", -8)):
        ends = {
            kind: [draw.scientific(run[what][place]) for place in (0, -1)]
            for kind, run in runs.items()
        }
        label = f"{name} of the first and of the last layer: " + "; ".join(
            [f"{TWINS[kind]} {first} and {last}" for kind, (first, last) in ends.items()]
        )
        series = [
            (TWINS[kind], TWIN_COLOURS[kind], 1, list(zip(run["layer"], run[what])))
            for kind, run in runs.items()
        ]
        charts.append(
            draw.chart(
                label,
                series,
                "layer",
                name,
                [(1, "1")] + [(depth * part // 4, str(depth * part // 4)) for part in range(1, 5)],
                [(power, draw.power(power)) for power in range(low, 5, 4)],
                height=120,
            )
        )
        rows += [(f"{name}, {TWINS[kind]}", *values) for kind, values in ends.items()]
    return "".join(charts) + _table(("", "first layer", "last layer"), rows)


gradients = Explorer(
    "gradients",
    "Measured: the signal in every layer, before training",
    [
        Choice("depth", "Layers", (8, 20, 32, 56), 56),
        Choice("activation", "Activation", ("ReLU", "tanh", "sigmoid"), "sigmoid"),
        Choice("initialisation", "Initialisation", ("He", "Xavier", "small"), "Xavier"),
        Switch("batchnorm", "BatchNorm"),
    ],
    _gradients,
    lambda depth, activation, initialisation, batchnorm: (
        f"signals(alter(build({_twin('A', depth)}), {activation!r}, {initialisation!r}, {batchnorm}), images, labels)"
    ),
    presets={
        "the 1990s": {
            "depth": 20,
            "activation": "sigmoid",
            "initialisation": "small",
            "batchnorm": False,
        },
        "2010": {"depth": 20, "activation": "tanh", "initialisation": "Xavier", "batchnorm": False},
        "2015": {"depth": 56, "activation": "ReLU", "initialisation": "He", "batchnorm": True},
    },
)
