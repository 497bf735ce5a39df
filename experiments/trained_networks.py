"""The book's trained networks: ResNet-20 and its plain twin on the whole of Fashion-MNIST.

    python experiments/trained_networks.py             # train them, then keep them
    python experiments/trained_networks.py --only-keep # keep what has been trained

Some 25 minutes of two cores for each of the two, or half a minute of a GPU. Tried small:

    python experiments/trained_networks.py --data fashion-mnist-small --steps 20

Both train on all 60,000 training images with the same recipe, set before any test image was read;
the test images are read once, at the end. Training writes to runs/trained/: for each network
weights.pt and a history with the test error. Keeping rounds the weights to eight bits, measures
what that costs on the test images, and writes resnet_lab/trained/ and results/.
"""

import argparse
import json
from pathlib import Path

import torch
from record import RESULTS, write

import resnet_lab as rl
from resnet_lab import trained
from resnet_lab.data import load
from resnet_lab.models import build
from resnet_lab.training import Recipe, evaluate, fit

RUNS = Path("runs", "trained")


def train(name, data, chosen, folder):
    """Train a network; its weights and its history are in the folder then."""
    torch.manual_seed(chosen.seed)
    model = build(rl.named(name, in_channels=1))
    recipe = Recipe(epochs=chosen.epochs, steps=chosen.steps, crop=2, seed=chosen.seed)
    history = fit(model, data, recipe, folder)
    test = evaluate(model, data, "test", precision="float32")
    history["test_error"], history["test_loss"] = test["error"], test["loss"]
    weights = {key: value.cpu().contiguous() for key, value in model.state_dict().items()}
    torch.save(weights, folder / "weights.pt")
    (folder / "history.json").write_text(json.dumps(history))
    print(f"{name}: test error {test['error']:.2%}, {history['seconds'][-1]:.0f} s", flush=True)


def keep(name, data, chosen, folder):
    """Put a network's weights into the package, and measure what the rounding has cost.

    What has been trained on less than the whole set stays in its folder.
    """
    whole = data.name == "fashion-mnist" and chosen.steps is None
    history = json.loads((folder / "history.json").read_text())
    state = torch.load(folder / "weights.pt", weights_only=True)
    about = {"network": name, "data": data.name, "mean": data.mean, "std": data.std}
    file = (trained.FOLDER if whole else folder) / f"{name}.weights"
    file.write_bytes(trained.pack(state, about))
    errors = []
    for weights in (state, trained.unpack(file)):
        model = build(rl.named(name, in_channels=1))
        model.load_state_dict(weights)
        errors.append(evaluate(model, data, "test", precision="float32")["error"])
    print(f"{name}: {file.stat().st_size:,} bytes; wrong {errors[0]:.2%}, rounded {errors[1]:.2%}")
    return {
        "network": name,
        "seed": chosen.seed,
        "test_error": errors[0],
        "test_error_int8": errors[1],
        "bytes": file.stat().st_size,
        **{key: history[key] for key in ("recipe", "machine", "seconds", "curve")},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="fashion-mnist")
    parser.add_argument("--files", default="data", help="where Fashion-MNIST's files are")
    parser.add_argument("--networks", nargs="+", default=["resnet20", "plain20"])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only-keep", action="store_true", help="what is in runs/trained/")
    chosen = parser.parse_args()
    data = load(chosen.data, folder=chosen.files, validation=0)
    runs = []
    for name in chosen.networks:
        folder = RUNS / f"{name}-{data.name}-seed{chosen.seed}"
        if not chosen.only_keep:
            train(name, data, chosen, folder)
        runs.append(keep(name, data, chosen, folder))
    if data.name == "fashion-mnist" and chosen.steps is None:
        about = {"what": "ResNet-20 and plain-20 on all of Fashion-MNIST", "data": data.summary()}
        write(RESULTS / "trained_networks.json", about, runs)


if __name__ == "__main__":
    main()
