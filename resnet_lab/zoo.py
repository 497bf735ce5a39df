"""The networks that have a name, the papers' and torchvision's, as descriptions."""

from __future__ import annotations

from .architecture import VGG, ResNet
from .checks import check_choice, check_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

IMAGENET_DEPTHS = {
    18: ("basic", (2, 2, 2, 2)),
    34: ("basic", (3, 4, 6, 3)),
    50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)),
    152: ("bottleneck", (3, 8, 36, 3)),
}


def resnet(depth: int, version: float = 1.5, shortcut: str = "B", **settings: Any) -> ResNet:
    """ResNet-18, 34, 50, 101 or 152 for ImageNet.

    Args:
        depth: layers, as the paper counts them.
        version: 1, 1.5 or 2, see `ResNet`.
        shortcut: "A", "B", "C" or "none".
        settings: any other field of `ResNet`.

    Raises:
        ValueError: for another depth.

    Source:
        He et al. (2015), table 1.

    Example:
        >>> resnet(101).depths
        (3, 4, 23, 3)
    """
    if not hasattr(depth, "__index__") or int(depth) not in IMAGENET_DEPTHS:
        known = ", ".join([str(known) for known in IMAGENET_DEPTHS])
        raise ValueError(
            f"ResNet depth is {depth!r}; it must be one of {known} "
            "(for 20, 32, 44, 56, 110 see cifar_resnet; for any other configuration see ResNet)"
        )
    block, depths = IMAGENET_DEPTHS[int(depth)]
    return ResNet(block, depths, version=version, shortcut=shortcut, **settings)


def plain(depth: int, **settings: Any) -> ResNet:
    """plain-18 or plain-34: the same layers as the ResNet, without shortcuts.

    Example:
        >>> plain(34).name
        'plain-34'
    """
    check_choice("plain depth", depth, (18, 34))
    return resnet(depth, shortcut="none", **settings)


def vgg(depth: int, classes: int = 1000, in_channels: int = 3) -> VGG:
    """VGG-16 or VGG-19.

    Example:
        >>> vgg(16).name
        'VGG-16'
    """
    return VGG(depth, classes, in_channels)


def cifar_resnet(depth: int, shortcut: str = "A", classes: int = 10, **settings: Any) -> ResNet:
    """The paper's CIFAR network of 6n + 2 layers, in three stages of 16, 32 and 64 channels.

    Args:
        depth: in the paper 20, 32, 44, 56, 110 and 1202.
        shortcut: "A", "B", "C" or "none".
        classes: of the output.
        settings: any other field of `ResNet`.

    Raises:
        TypeError, ValueError: for a depth that is not 6n + 2, or less than 8.

    Source:
        He et al. (2015), section 4.2.

    Example:
        >>> cifar_resnet(56).depths
        (9, 9, 9)
    """
    depth = check_int("CIFAR depth", depth, 8)
    if depth % 6 != 2:
        below = depth - (depth - 2) % 6
        raise ValueError(
            f"CIFAR depth is {depth}; it must be 6n + 2, such as {below} or {below + 6}"
        )
    depths = ((depth - 2) // 6,) * 3
    return ResNet(
        "basic", depths, (16, 32, 64), shortcut=shortcut, stem="3x3", classes=classes, **settings
    )


def cifar_plain(depth: int, **settings: Any) -> ResNet:
    """The plain twin of `cifar_resnet(depth)`.

    Example:
        >>> cifar_plain(56).shortcut
        'none'
    """
    return cifar_resnet(depth, shortcut="none", **settings)


def resnet18_small(classes: int = 10, **settings: Any) -> ResNet:
    """ResNet-18 for 32 x 32 images: a 3x3 stem, and no pooling after it.

    With its 11 million parameters it is not the paper's CIFAR network, which is `cifar_resnet`.

    Example:
        >>> from resnet_lab import trace
        >>> trace(resnet18_small(), (3, 32, 32)).params
        11173962
    """
    return resnet(18, stem="3x3", classes=classes, title="ResNet-18, small stem", **settings)


def signal_resnet(length: int = 1000, classes: int = 1000, **settings: Any) -> ResNet:
    """A 1-D ResNet-18 for signals: one channel of `length` samples in, `classes` numbers out.

    A 3-wide stem; stages of 64, 128, 256 and 512 channels with two blocks each; average pooling by
    4, flatten, linear.

    Example:
        >>> from resnet_lab import trace
        >>> trace(signal_resnet(), (1, 1000)).at("flatten").output_shape
        (15872,)
    """
    return ResNet(
        "basic",
        (2, 2, 2, 2),
        stem="3x3",
        in_channels=1,
        classes=classes,
        dims=1,
        head="flatten",
        input_size=length,
        title="1-D ResNet-18",
        **settings,
    )


def named(name: str, **settings: Any) -> ResNet | VGG:
    """The network that a name stands for.

    Args:
        name: such as resnet50, plain34, vgg16, resnet18-small or signal. With 6n + 2 that is no
            ImageNet depth, resnet20 and plain56 are of the CIFAR family.
        settings: what the network's own function takes.

    Raises:
        TypeError: for a setting that the network does not have.
        ValueError: for another name.

    Example:
        >>> named("plain56") == cifar_plain(56)
        True
    """
    kind = name.rstrip("0123456789") if isinstance(name, str) else ""
    number = name[len(kind) :] if kind else ""
    if name == "resnet18-small":
        return resnet18_small(**settings)
    if name == "signal":
        return signal_resnet(**settings)
    if 0 < len(number) <= 6 and kind in ("resnet", "plain", "vgg"):
        depth = int(number)
        for setting in settings:
            fixed = {
                "vgg": setting not in ("classes", "in_channels"),
                "plain": setting == "shortcut",
            }
            if fixed.get(kind):
                raise TypeError(
                    f"{name} has no {setting} to choose; leave it out, or choose a ResNet"
                )
        if kind == "vgg":
            return vgg(depth, **settings)
        if depth in IMAGENET_DEPTHS:
            return (resnet if kind == "resnet" else plain)(depth, **settings)
        if depth >= 8 and depth % 6 == 2:
            return (cifar_resnet if kind == "resnet" else cifar_plain)(depth, **settings)
    raise ValueError(
        f"there is no network called {name!r}; known are resnet18, resnet34, resnet50, resnet101, "
        "resnet152, plain18, plain34, vgg16, vgg19, resnet and plain with 6n + 2 layers (resnet20, "
        "plain56 ...), resnet18-small and signal"
    )
