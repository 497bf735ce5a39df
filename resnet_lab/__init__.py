"""resnet_lab: describe a residual network once; count it, draw it, explore it, build it, train it.

>>> import resnet_lab as rl
>>> table = rl.trace(rl.resnet(50), (3, 224, 224))
>>> f"{table.params:,} parameters, {table.macs:,} MACs, {table.weight_layers} layers"
'25,557,032 parameters, 4,089,184,256 MACs, 50 layers'

Importing the package loads the standard library only; `resnet_lab.models`, `data` and `training`
need PyTorch.
"""

from .architecture import VGG, ResNet
from .arithmetic import conv_macs, conv_output_size, conv_params, receptive_field
from .blocks import ResidualBlock
from .tracing import Trace, trace
from .zoo import cifar_plain, cifar_resnet, named, plain, resnet, resnet18_small, signal_resnet, vgg

__all__ = [
    "VGG",
    "ResNet",
    "ResidualBlock",
    "Trace",
    "cifar_plain",
    "cifar_resnet",
    "conv_macs",
    "conv_output_size",
    "conv_params",
    "named",
    "plain",
    "receptive_field",
    "resnet",
    "resnet18_small",
    "signal_resnet",
    "trace",
    "vgg",
]
__version__ = "0.1.0"
