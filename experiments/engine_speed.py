"""How fast the page's engine is: under node, in turns with PyTorch on one thread.

    python experiments/engine_speed.py [--rounds 7]

Prints, for a training step of the digits nets (8, 16, 32 channels, 8 x 8, batch 64) and for the
forward pass of a ResNet-20 (one image of 3 x 32 x 32), the milliseconds of processor time and the
ratio of engine to PyTorch. Each side has a turn in every round, so that both meet one machine;
the figures are medians over the rounds.
"""

import argparse
import json
import subprocess
import time
from pathlib import Path
from statistics import median

import torch
from torch.nn.functional import cross_entropy

from resnet_lab import ResNet, cifar_resnet
from resnet_lab.models import build

ROOT = Path(__file__).parents[1]

NODE = """
import {createInterface} from "node:readline";
const {engine} = await import(process.argv[1] + "/network.mjs");
const {generator} = await import(process.argv[1] + "/numbers.mjs");
const lines = createInterface({input: process.stdin});
const nets = {};
lines.on("line", (line) => {
  const {key, graph, shape, n, train, simd, seconds} = JSON.parse(line);
  if (graph) {
    const random = generator(1), size = n * shape.reduce((a, b) => a * b);
    nets[key] = {net: engine(graph, shape, {simd}).initialise(1), n, train,
      x: Float32Array.from({length: size}, random.normal),
      labels: Array.from({length: n}, () => random.below(10))};
  }
  const {net, x, labels, n: count, train: training} = nets[key];
  const before = process.cpuUsage(), until = performance.now() + 1000 * seconds;
  let turns = 0;
  for (; turns < 2 || performance.now() < until; turns++) {
    if (training) net.train(x, labels, count, {lr: 0.1, momentum: 0.9, weightDecay: 1e-4});
    else net.forward(x, count);
  }
  const {user, system} = process.cpuUsage(before);
  console.log((user + system) / 1000 / turns);
});
"""


def digits(depth, shortcut):
    depths = ((depth - 2) // 6,) * 3
    options = dict(shortcut=shortcut, stem="3x3", in_channels=1, classes=10)
    return ResNet("basic", depths, (8, 16, 32), **options)


class Node:
    """The engine in a process of its own, asked line by line."""

    def __init__(self):
        engine = str(ROOT / "resnet_lab" / "engine")
        self.process = subprocess.Popen(
            ["node", "--input-type=module", "-e", NODE, engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def turn(self, **request):
        """Milliseconds of one step or pass, the mean of as many as fit into `seconds`."""
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())


def pytorch(net, shape, n, train):
    """The same for PyTorch: a function of the seconds."""
    model = build(net).train(train)
    x, labels = torch.randn(n, *shape), torch.randint(10, (n,))
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)

    def once():
        if train:
            optimizer.zero_grad()
            cross_entropy(model(x), labels).backward()
            optimizer.step()
        else:
            with torch.inference_mode():
                model(x)

    def turn(seconds):
        turns, before, until = 0, time.process_time(), time.perf_counter() + seconds
        while turns < 2 or time.perf_counter() < until:
            once()
            turns += 1
        return 1000 * (time.process_time() - before) / turns

    return turn


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.25, help="of each side in each round")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    jobs = [
        (f"step, {name}-{depth}", digits(depth, shortcut), (1, 8, 8), 64, True)
        for depth in (8, 20, 32, 56)
        for name, shortcut in (("plain", "none"), ("residual", "B"))
    ]
    jobs.append(("forward, ResNet-20", cifar_resnet(20), (3, 32, 32), 1, False))
    node, ratios = Node(), []
    print("| | engine, ms | PyTorch, ms | ratio |\n|---|---|---|---|")
    for key, net, shape, n, train in jobs:
        theirs = pytorch(net, shape, n, train)
        node.turn(
            key=key,
            graph=net.graph().to_dict(),
            shape=shape,
            n=n,
            train=train,
            simd=True,
            seconds=1,
        )
        theirs(1)
        rounds = [
            (node.turn(key=key, seconds=arguments.seconds), theirs(arguments.seconds))
            for _ in range(arguments.rounds)
        ]
        ratios.append(median([ours / theirs for ours, theirs in rounds]))
        ours, torchs = median([a for a, _ in rounds]), median([b for _, b in rounds])
        print(f"| {key} | {ours:.2f} | {torchs:.2f} | {ratios[-1]:.2f} |", flush=True)
    name, net, shape, n, _ = jobs[4]
    plain = node.turn(
        key="", graph=net.graph().to_dict(), shape=shape, n=n, train=True, simd=False, seconds=1
    )
    print(f"\nMedian ratio {median(ratios):.2f}. {name} without WebAssembly: {plain:.0f} ms.")
    node.process.stdin.close()
    node.process.wait()


if __name__ == "__main__":
    main()
