"""Record one run of a PyTorch model as the package's graph.

Modules that are layers are read by hooks; what a forward does besides, by watching the functions of
PyTorch that it calls. The numbers are left out: everything runs on the meta device, where tensors
have shapes only. Every layer is counted as it comes, and what a rule says of its output is held
against the shape that PyTorch made of it; where they differ the layer is unknown.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..fields import LOST
from ..graph import INPUT, Layer
from ..walking import Walk
from . import from_functions as functions
from .calls import found_tensors, on_meta, source_line
from .from_modules import reader, window

Axes = tuple[int, ...]


class Recorder(TorchFunctionMode):
    """What has run so far, as layers.

    Args:
        name: of the network.
        x: its input, with a batch of one.
        named: every parameter's name by its id.
    """

    def __init__(self, name: str, x: Tensor, named: dict[int, str]) -> None:
        super().__init__()
        self.layers: list[Layer] = []
        self.walk = Walk(name, tuple(x.shape[1:]))
        self.named, self.counted = named, set[int]()
        self.nodes: dict[int, str] = {}
        self.places: dict[str, Axes] = {}
        self.kept: list[Tensor] = []  # so that no tensor takes the id of one that is gone
        self.modules: list[str] = []
        self.inside = 0
        self.track(x, INPUT, tuple(range(2, x.dim())))

    # ---------------------------------------------------------------------------- what is known

    def track(self, tensor: Tensor, name: str, axes: Axes) -> None:
        """From now on this tensor is that layer's output, whose positions are along these axes."""
        self.nodes[id(tensor)] = name
        self.places[name] = axes
        self.kept.append(tensor)

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        """A tensor's shape without the batch of one."""
        sides = tuple(tensor.shape)
        return (sides[1:] if len(sides) > 1 and sides[0] == 1 else sides) or (1,)

    def axes_of(self, tensor: Tensor) -> Axes:
        """Along which axes a tensor's positions are those of the image; () where they are not."""
        return self.places.get(self.nodes.get(id(tensor), ""), ())

    def node(self, tensor: Tensor) -> str:
        """The layer that made a tensor; a parameter or a constant becomes one when it is used."""
        if id(tensor) not in self.nodes:
            owner = self.named.get(id(tensor))
            kind = "constant" if owner is None else "parameter"
            count = self.count([tensor]) if owner else None
            name = self.unused(owner or self.inner_name("constant"))
            layer = Layer(name, kind, shape=self.shape(tensor), params=count)
            self.walk.run(layer)
            self.layers.append(layer)
            self.track(tensor, name, ())
        return self.nodes[id(tensor)]

    def count(self, tensors: list[Any]) -> int:
        """The numbers in those that are parameters and have not been counted yet."""
        total = 0
        for tensor in tensors:
            if id(tensor) in self.named and id(tensor) not in self.counted:
                self.counted.add(id(tensor))
                total += tensor.numel()
        return total

    def inner_name(self, kind: str) -> str:
        """A name for what the innermost module does by itself."""
        return f"{self.modules[-1]}.{kind}" if self.modules and self.modules[-1] else kind

    def unused(self, name: str) -> str:
        """The name, with ":2" behind it if it has been taken."""
        number, free = 1, name
        while free in self.walk.named:
            number += 1
            free = f"{name}:{number}"
        return free

    # ---------------------------------------------------------------------------- adding a layer

    def add(
        self,
        kind: str,
        inputs: list[Any],
        out: Tensor,
        at: Axes | None = None,
        name: str = "",
        weights: list[Any] | None = None,
        **settings: Any,
    ) -> None:
        """Add a layer that made `out`.

        Args:
            kind: of `kinds.KINDS`.
            inputs: tensors.
            out: what came out.
            at: along which axes its positions are; None for those of its first input.
            name: if it is not that of the innermost module and the kind.
            weights: its parameters.
            settings: of Layer.
        """
        if at is None:
            at = self.axes_of(inputs[0])
        if kind == "unknown":
            settings["line"] = source_line()
        read = tuple([self.node(tensor) for tensor in inputs])
        counted = self.count(weights or [])
        name, shape = self.unused(name or self.inner_name(kind)), self.shape(out)
        if kind == "linear" and len(shape) > 1:
            settings["shape"] = shape
        if kind in (
            "rearrange",
            "reshape",
            "slice",
            "gather",
            "mean",
            "upsample",
            "unknown",
            "einsum",
        ):
            settings["shape"] = shape
        if kind == "transposed-conv":
            settings["shape"] = shape
        layer = Layer(name, kind, read, **settings)
        row = self.tried(layer, shape)
        if row is None and kind in ("conv", "maxpool", "avgpool", "concat"):
            layer.shape = shape
            row = self.tried(layer, shape)
        if row is None:
            layer = Layer(name, "unknown", read, shape=shape, params=counted, line=source_line())
            row, at = self.tried(layer, shape), ()
        assert row is not None
        if row.params != counted:
            layer.params = row.params = counted
        if len(read) == 1 and self.layers and self.layers[-1].name == read[0]:
            layer.inputs = ()
        self.layers.append(layer)
        self.track(out, name, () if row.field is LOST else at)

    def tried(self, layer: Layer, shape: tuple[int, ...]) -> Any:
        """The layer's row, if its rule makes of the inputs what PyTorch has made."""
        last = self.walk.last, self.walk.field
        try:
            self.walk.run(layer)
        except (TypeError, ValueError):
            return None
        row = self.walk.rows[-1]
        if row.output_shape != shape:
            del self.walk.rows[-1], self.walk.origins[-1], self.walk.named[layer.name]
            self.walk.last, self.walk.field = last
            return None
        return row

    def add_weighted(self, kind: str, call: dict[str, Any], out: Tensor, **settings: Any) -> None:
        """Add a layer that a function applied with weights, named as the module that has them."""
        weight, bias = call.get("weight"), call.get("bias")
        owner = self.named.get(id(weight), "")
        if kind in ("conv", "linear"):
            settings["bias"] = bias is not None
        name = owner.removesuffix(".weight") if owner.endswith(".weight") else ""
        if weight is not None and id(weight) not in self.named and id(weight) in self.nodes:
            # Weights that the network makes itself.
            self.add("unknown", [call["input"], weight], out, name=name)
            return
        if kind == "linear" and self.axes_of(call["input"])[-1:] == (call["input"].dim() - 1,):
            self.lose(call["input"])
        self.add(kind, [call["input"]], out, name=name, weights=[weight, bias], **settings)

    def lose(self, tensor: Tensor) -> None:
        """From here on a tensor's positions are no longer those of the image."""
        self.add("reshape", [tensor], tensor, at=())

    # ---------------------------------------------------------------------------------- modules

    def enter(self, name: str, module: nn.Module, inputs: Any) -> None:
        """A module begins to run."""
        self.modules.append(name)
        if reader(module):
            self.inside += 1

    def leave(self, name: str, module: nn.Module, inputs: Any, output: Any) -> Any:
        """A module has run; it may be a layer."""
        self.modules.pop()
        read = reader(module)
        if not read:
            return None
        self.inside -= 1
        out = output[0] if isinstance(output, tuple) else output
        if self.inside or not isinstance(out, Tensor):
            return None
        kind, settings = read(module)
        tensors = [each for each in inputs if isinstance(each, Tensor)]
        if kind == "attention":
            tensors = list({id(each): each for each in tensors[:3]}.values())
        else:
            tensors = tensors[:1]
        in_place = out is tensors[0]
        with torch._C.DisableTorchFunction():
            if in_place and not getattr(module, "inplace", False):
                out, in_place = out.view(out.shape), False
        at = None
        if kind in ("flatten", "attention"):
            at = ()
        if kind == "flatten" and len(self.shape(out)) > 1:
            kind = "reshape"
        if kind in ("linear", "softmax"):
            axis = getattr(module, "dim", None) if kind == "softmax" else -1
            if axis is not None and axis % out.dim() in self.axes_of(tensors[0]):
                self.lose(tensors[0])
        self.add(kind, tensors, out, at, name, weights=list(module.parameters()), **settings)
        return None if in_place else (out, *output[1:]) if isinstance(output, tuple) else out

    # -------------------------------------------------------------------------------- functions

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if self.inside:
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        if name in ("to", "cuda", "cpu") and self.kept[0].is_meta:
            return args[0]
        if self.kept[0].is_meta:
            args, kwargs = on_meta(args), on_meta(kwargs)
        result = func(*args, **kwargs)
        outs = result if isinstance(result, (tuple, list)) else [result]
        tensors = found_tensors([*args, *kwargs.values()])
        if not any([id(each) in self.nodes or id(each) in self.named for each in tensors]):
            return result
        for place, out in enumerate(outs):
            if isinstance(out, Tensor):
                self.called(name, func, args, kwargs, tensors, out, place)
        return result

    def called(
        self,
        name: str,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        tensors: list[Tensor],
        out: Tensor,
        place: int,
    ) -> None:
        """A function has made `out`."""
        if name == "__get__":
            name = getattr(getattr(func, "__self__", None), "__name__", name)
        bare = name.strip("_")
        source = args[0] if args and isinstance(args[0], Tensor) else tensors[0]
        if bare in functions.CONSTANTS:
            return
        if bare in functions.HANDLERS:
            signature, handler = functions.HANDLERS[bare]
            handler(self, functions.bound(signature, args, kwargs), out)
        elif bare in functions.EACH:
            self.add(functions.EACH[bare], [source], out)
        elif bare in functions.JOINED:
            self.joined(functions.JOINED[bare], tensors, out)
        elif bare in ("softmax", "log_softmax"):
            call = functions.bound("softmax", args, kwargs)
            if (call.get("dim") or 0) % out.dim() in self.axes_of(source):
                self.lose(source)
            self.add("softmax", [source], out)
        elif self.shape(out) == self.shape(source) and bare in (
            *functions.SAME,
            *functions.RESHAPES,
            "getitem",
        ):
            self.track_again(source, out)
        elif bare in functions.RESHAPES:
            self.reshaped(source, out)
        elif bare in functions.PERMUTES and bare != "channel_shuffle":
            order = functions.permuted(func, args, kwargs, source)
            axes = tuple([order.index(axis) for axis in self.axes_of(source)])
            self.add("rearrange" if axes else "reshape", [source], out, at=axes)
        elif bare in functions.SLICES:
            self.sliced(func, args, kwargs, source, out, place)
        elif bare in ("interpolate", "upsample", "expand", "repeat", "repeat_interleave"):
            self.add("upsample", [source], out, at=())
        else:
            read = [each for each in tensors if id(each) in self.nodes]
            self.add("unknown", read, out, at=(), name=self.inner_name(bare), weights=tensors)

    def track_again(self, source: Tensor, out: Tensor) -> None:
        """The same numbers in another tensor."""
        name, axes = self.node(source), self.axes_of(source)
        moved = out.dim() - source.dim()
        self.track(out, name, tuple([axis + moved for axis in axes]))

    def joined(self, kind: str, tensors: list[Tensor], out: Tensor) -> None:
        """Arithmetic with two tensors, or with one and a number."""
        useful = [each for each in tensors if id(each) in self.nodes or id(each) in self.named]
        if kind == "matmul":
            self.add(kind, tensors, out, at=())
        elif len(useful) == 1:
            self.add("arithmetic", useful, out)
        else:
            widest = max(useful, key=lambda each: len(self.axes_of(each)) and each.numel())
            at = self.axes_of(widest)
            self.add(kind, useful, out, at=tuple([a + out.dim() - widest.dim() for a in at]))

    def reshaped(self, source: Tensor, out: Tensor) -> None:
        """Another shape of the same numbers."""
        axes = self.axes_of(source)
        kept = functions.kept_by_reshape(axes, source, out)
        if axes and len(self.shape(out)) == 1:
            self.add("flatten", [source], out, at=())
        elif axes and kept:
            self.add("rearrange", [source], out, at=kept)
        else:
            self.add("reshape", [source], out, at=())

    def sliced(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        source: Tensor,
        out: Tensor,
        place: int,
    ) -> None:
        """Some of the numbers."""
        axes = self.axes_of(source)
        found = functions.kept_by_slice(func, args, kwargs, source, axes, place) if axes else None
        if found:
            at, steps, starts = found
            padding = tuple([-start for start in starts])
            numbers = window(len(axes), 1, tuple(steps), padding)
            self.add("slice", [source], out, at=at, **numbers)
        else:
            self.add("gather", [source], out, at=())
