"""The effective fields of torchvision's untrained ResNets, for chapter 6: minutes of one core.

    python experiments/effective_fields.py

BatchNorm's averages come from one batch of noise; then the network is in evaluation mode, so that a
pixel cannot act on the others through a batch's statistics. Measured is the gradient of one pixel
of the last stage, summed over its channels, at each pixel of an image of noise.
"""

import torch
import torchvision
from torch import Tensor, nn

SIZE, SHARE = 961, 0.95


def reaction(depth: int) -> Tensor:
    """How a pixel of the last stage of a fresh network reacts, around its centre."""
    model = torchvision.models.get_model(f"resnet{depth}").requires_grad_(False)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.randn(2, 3, 256, 256))
    model.eval()
    image = torch.randn(1, 3, SIZE, SIZE, requires_grad=True)
    maps = image
    for name, part in model.named_children():
        maps = part(maps)
        if name == "layer4":
            break
    place = maps.shape[-1] // 2
    maps[0, :, place, place].sum().backward()  # type: ignore[no-untyped-call]
    centre = 32 * place
    half = min(centre, SIZE - 1 - centre)
    around = slice(centre - half, centre + half + 1)
    assert image.grad is not None
    return image.grad.abs().sum((0, 1))[around, around]


def side(seen: Tensor) -> int:
    """The side of the smallest middle square that holds the share."""
    middle, sides = len(seen) // 2, range(1, len(seen) + 1, 2)
    for side in sides:
        inside = slice(middle - side // 2, middle + side // 2 + 1)
        if seen[inside, inside].sum() >= SHARE * seen.sum():
            return side
    return len(seen)


for depth, networks in ((18, 2), (50, 2), (152, 1)):
    torch.manual_seed(0)
    total = sum((reaction(depth) for _ in range(networks)), start=torch.zeros(()))
    print(f"ResNet-{depth}: {SHARE:.0%} within {side(total)} pixels")
