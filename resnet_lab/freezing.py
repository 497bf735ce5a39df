"""Parts of a network that are not trained, and the head that is."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

Freeze = bool | str | Iterable[str]


def head_name(model: nn.Module) -> str:
    """The name of a network's head, its last linear layer."""
    names: list[str] = []
    names += [name for name, part in model.named_modules() if isinstance(part, nn.Linear)]
    if not names:
        raise ValueError(
            f"{type(model).__name__} has no linear layer, so it is not clear what its head is; "
            "name the parts to freeze"
        )
    return names[-1]


def frozen_names(model: nn.Module, freeze: Freeze) -> list[str]:
    """The parameters that `freeze` keeps as they are.

    Args:
        model: Whose.
        freeze: True for all but the head; or the names of parts, such as ("conv1", "layer1").

    Raises:
        ValueError: There is no such part, or nothing would be left to train.
    """
    names = [name for name, _ in model.named_parameters()]
    if freeze is True:
        head = head_name(model)
        frozen = [name for name in names if not name.startswith(f"{head}.")]
    else:
        parts = [] if freeze is False else [freeze] if isinstance(freeze, str) else list(freeze)
        for part in parts:
            if not any(name == part or name.startswith(f"{part}.") for name in names):
                known = ", ".join([name for name, _ in model.named_children()])
                raise ValueError(
                    f"freeze has {part!r}, but no part of the network with parameters is called "
                    f"so; its parts are {known}"
                )
        frozen = [
            name
            for name in names
            if any(name == part or name.startswith(f"{part}.") for part in parts)
        ]
    if names and len(frozen) == len(names):
        raise ValueError(f"freeze is {freeze!r}; nothing would be left to train, freeze less")
    return frozen


class Frozen:
    """What of a network is frozen, until this is left.

    A frozen part behaves as in evaluation: its BatchNorm keeps the statistics it has.
    """

    def __init__(self, model: nn.Module, freeze: Freeze) -> None:
        self.names = frozen_names(model, freeze)
        chosen = set(self.names)
        self.parameters = [
            parameter
            for name, parameter in model.named_parameters()
            if name in chosen and parameter.requires_grad
        ]
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        self.modules = [
            module
            for name, module in model.named_modules()
            if (own := [f"{name}.{each}".lstrip(".") for each, _ in module.named_parameters()])
            and chosen.issuperset(own)
        ]

    def as_in_evaluation(self) -> None:
        """Let the frozen parts compute as in evaluation; the rest of the network trains."""
        for module in self.modules:
            module.eval()

    def __enter__(self) -> Frozen:
        return self

    def __exit__(self, *error: object) -> None:
        for parameter in self.parameters:
            parameter.requires_grad_(True)
