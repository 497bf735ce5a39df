"""Modules with random numbers in place of their own initialisation."""

import torch
from torch import nn


def randomise(model, seed=0):
    """Random weights of a size that keeps signals moderate, and random BatchNorm statistics."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.weight.uniform_(0.3, 0.7), module.bias.normal_(0, 0.1)
                module.running_mean.normal_(0, 0.1), module.running_var.uniform_(0.5, 1.5)
                module.num_batches_tracked.zero_()
            elif isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Linear)):
                module.weight.normal_(0, (2 / module.weight[0].numel()) ** 0.5)
                if module.bias is not None:
                    module.bias.normal_(0, 0.1)
    return model


def made(make):
    """The module that make() returns, with random numbers; its own start is skipped, for speed."""
    with torch.device("meta"):
        model = make()
    return randomise(model.to_empty(device="cpu"))
