"""BatchNorm, ReLU, softmax and cross-entropy against PyTorch's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_lab import basics

real = st.floats(-50, 50)
row = st.lists(real, min_size=2, max_size=12)


@settings(deadline=None, max_examples=50)
@given(row, st.floats(-3, 3), st.floats(-3, 3))
def test_batch_norm_and_relu_are_those_of_pytorch(values, scale, shift):
    torch = pytest.importorskip("torch")
    layer = torch.nn.BatchNorm1d(1).double()
    torch.nn.init.constant_(layer.weight, scale)
    torch.nn.init.constant_(layer.bias, shift)
    out = layer(torch.tensor(values, dtype=torch.double)[:, None])
    ours = basics.batch_norm(values, scale, shift)
    assert ours == pytest.approx(out.flatten().tolist(), abs=1e-9)
    assert basics.relu(ours) == pytest.approx(out.relu().flatten().tolist(), abs=1e-9)


@settings(deadline=None, max_examples=50)
@given(row, st.data())
def test_the_loss_and_the_probabilities_are_those_of_pytorch(scores, data):
    torch = pytest.importorskip("torch")
    label = data.draw(st.integers(0, len(scores) - 1))
    x = torch.tensor(scores, dtype=torch.double)
    loss = torch.nn.functional.cross_entropy(x, torch.tensor(label)).item()
    assert basics.cross_entropy(scores, label) == pytest.approx(loss, abs=1e-9)
    assert basics.softmax(scores) == pytest.approx(x.softmax(0).tolist())


def test_scores_of_any_size_have_a_loss_and_wrong_input_a_sentence():
    assert basics.cross_entropy([1000, 0], 1) == 1000 and basics.softmax([1000, 0]) == [1, 0]
    with pytest.raises(ValueError, match="label is 2; it must be from 0 to 1"):
        basics.cross_entropy([0, 1], 2)
    with pytest.raises(ValueError, match="values is empty"):
        basics.batch_norm([])
