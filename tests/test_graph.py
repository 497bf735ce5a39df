"""Graphs of any shape, against PyTorch modules written out here, and what a graph refuses."""

import pytest
import torch
from hypothesis import given, settings
from torch import nn

import reference
import resnet_lab as rl
from bad_input import refused
from networks import networks
from resnet_lab.graph import Graph, Layer
from resnet_lab.interchange import INCEPTION, SQUEEZE, dense_layers


def traced(*layers, shape=(8, 16, 16)):
    return rl.trace(Graph("a graph", list(layers), len(shape) - 1, shape[0]), shape)


def test_x():
    pass
