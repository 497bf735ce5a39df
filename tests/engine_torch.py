"""A graph run by PyTorch: what the tests hold the page's engine against."""

import torch
from torch import nn
from torch.nn import functional

from resnet_lab.graph import USUAL

CONV = {1: nn.Conv1d, 2: nn.Conv2d}
NORM = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
MAX_POOL = {1: functional.max_pool1d, 2: functional.max_pool2d}
AVERAGE_POOL = {1: functional.avg_pool1d, 2: functional.avg_pool2d}
ADAPTIVE_POOL = {1: functional.adaptive_avg_pool1d, 2: functional.adaptive_avg_pool2d}


class Network(nn.Module):
    """The network of a graph; parameters bear the names that the engine uses."""

    def __init__(self, graph, shape):
        super().__init__()
        graph = {**graph, "layers": [{**USUAL, **layer} for layer in graph["layers"]]}
        self.graph, self.dims = graph, graph["dims"]
        self.layers, channels = nn.ModuleDict(), {"input": graph["in_channels"]}
        with torch.no_grad():
            kept = {"input": torch.zeros(2, *shape)}
            for layer in graph["layers"]:
                name, kind = layer["name"], layer["kind"]
                ins = channels[layer["inputs"][0]]
                key = name.replace(".", "/")
                if kind == "conv":
                    self.layers[key] = CONV[self.dims](
                        ins,
                        layer["channels"],
                        layer["kernel"],
                        layer["stride"],
                        layer["padding"],
                        layer["dilation"],
                        layer["groups"],
                        layer["bias"],
                    )
                elif kind == "linear":
                    features = kept[layer["inputs"][0]].shape[1]
                    self.layers[key] = nn.Linear(features, layer["channels"], layer["bias"])
                elif kind == "batchnorm":
                    self.layers[key] = NORM[self.dims](ins)
                kept[name] = self.run(layer, [kept[one] for one in layer["inputs"]])
                channels[name] = kept[name].shape[1]

    def run(self, layer, inputs):
        x, kind, dims = inputs[0], layer["kind"], self.dims
        window = layer["kernel"], layer["stride"], layer["padding"]
        if kind in ("conv", "linear", "batchnorm"):
            return self.layers[layer["name"].replace(".", "/")](x)
        if kind in ("relu", "tanh", "sigmoid"):
            return getattr(torch, kind)(x)
        if kind == "maxpool":
            return MAX_POOL[dims](x, *window)
        if kind == "avgpool":
            size = layer["output_size"]
            return AVERAGE_POOL[dims](x, *window) if size is None else ADAPTIVE_POOL[dims](x, size)
        if kind == "add":
            return sum(inputs[1:], x)
        if kind == "concat":
            return torch.cat(inputs, 1)
        if kind == "multiply":
            return x * inputs[1]
        if kind == "zero-pad":
            x = x[(..., *[slice(None, None, layer["stride"])] * dims)]
            return functional.pad(x, [0, 0] * dims + [0, layer["channels"] - x.shape[1]])
        if kind == "flatten":
            return x.flatten(1)
        raise ValueError(kind)

    def forward(self, x):
        self.kept = {"input": x}
        for layer in self.graph["layers"]:
            out = self.run(layer, [self.kept[one] for one in layer["inputs"]])
            if out.requires_grad:
                out.retain_grad()
            self.kept[layer["name"]] = out
        return out

    def numbers(self):
        """{name: parameter or running statistic} under the engine's names."""
        return {
            key.removeprefix("layers.").replace("/", "."): value
            for key, value in (*self.named_parameters(), *self.named_buffers())
            if not key.endswith("num_batches_tracked")
        }
