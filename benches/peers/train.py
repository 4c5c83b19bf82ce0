"""Whole training steps beside PyTorch: the same rows, order, starting weights, loss and optimiser, interleaved.

    cargo build --release -p tenure-kernels --example train_step
    python benches/peers/train.py target/release/examples/train_step [--repeats 7] [--shapes mlp-256 tabm-256] [--out FOLDER]

A step gathers shuffled rows, goes forward, takes the cross-entropy, goes back and updates by AdamW. Every contestant runs
in turn within each repetition, three rounds of the same number of steps; the median round of each, and of those the median
over repetitions, is told. PyTorch runs eagerly with 1 and with 2 threads, with AdamW over lists of tensors and with its fused
AdamW; we with 1 and with 2 threads; the best of each side's settings count. TabM is written after its paper (arXiv
2410.24210), batched over members. The losses of the last round must agree: a broken step would be a fast one.
"""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

BATCHES = 16
ROUNDS = 3
# Kind, batch, inputs, widths, members, steps in a round.
SHAPES = [
    ("mlp", 256, 32, [128, 128], 1, 200),
    ("mlp", 1024, 64, [256, 256], 1, 40),
    ("mlp", 4096, 64, [256, 256], 1, 10),
    ("mlp", 1024, 64, [512, 512, 512], 1, 10),
    ("tabm", 256, 32, [128, 128], 16, 16),
    ("tabm", 256, 32, [256, 256, 256], 32, 4),
]


def noise(n, first=0):
    """Numbers in [-1, 1) that look like no others; the program makes the same."""
    i = np.arange(first, first + n, dtype=np.uint64)
    with np.errstate(over="ignore"):
        x = i * np.uint64(0x9E37_79B9_7F4A_7C15) ^ np.uint64(0x5851_F42D_4C95_7F2D)
        x = (x ^ (x >> np.uint64(31))) * np.uint64(0xD6E8_FEB8_6659_FD93)
    return ((x >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)) * np.float32(2) - np.float32(1)


class Net(torch.nn.Module):
    """Layers `((x r) W) s + b` with ReLU between them; without members, `x W + b`."""

    def __init__(self, inputs, widths, members):
        super().__init__()
        self.members = members
        self.layers = torch.nn.ModuleList()
        place, n = 77, inputs
        bound = 1 / math.sqrt(inputs)

        def take(*shape):
            nonlocal place
            size = math.prod(shape)
            values = torch.from_numpy(np.float32(bound) * noise(size, place)).reshape(shape)
            place += size
            return torch.nn.Parameter(values)

        for d in widths:
            layer = torch.nn.Module()
            layer.weight = take(n, d)
            if members > 1:
                layer.r, layer.s = take(members, 1, n), take(members, 1, d)
                torch.nn.init.ones_(layer.r), torch.nn.init.ones_(layer.s)
                layer.bias = take(members, 1, d)
            else:
                layer.weight = torch.nn.Parameter(layer.weight.data.T.contiguous())
                layer.bias = take(d)
            self.layers.append(layer)
            n = d
        self.head = take(members, n, 1)
        self.head_bias = take(members, 1, 1)

    def forward(self, x):
        if self.members == 1:
            for layer in self.layers:
                x = torch.relu(torch.nn.functional.linear(x, layer.weight, layer.bias))
            return torch.addmm(self.head_bias[0, 0], x, self.head[0]).T
        x = x.unsqueeze(0)
        for layer in self.layers:
            x = torch.relu((x * layer.r) @ layer.weight * layer.s + layer.bias)
        return torch.baddbmm(self.head_bias, x, self.head).squeeze(2)


def of_torch(shape, threads, fused):
    kind, batch, inputs, widths, members, steps = shape
    torch.set_num_threads(threads)
    n = BATCHES * batch
    x = torch.from_numpy(noise(n * inputs).reshape(n, inputs))
    y = (x[:, :8].sum(1) > 0).float()
    order = torch.from_numpy(np.arange(n, dtype=np.int64) * 7919 % n)
    net = Net(inputs, widths, members)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-4, fused=fused, foreach=not fused)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    times = []
    for _ in range(ROUNDS):
        total, clock = torch.zeros(()), time.perf_counter()
        for i in range(steps):
            rows = order[i % BATCHES * batch : (i % BATCHES + 1) * batch]
            optimizer.zero_grad()
            logits = net(x[rows])
            loss = bce(logits, y[rows].expand_as(logits))
            loss.backward()
            optimizer.step()
            total += loss.detach()
        times.append((time.perf_counter() - clock) * 1e3 / steps)
    return statistics.median(times), float(total) / steps


def of_tenure(program, shape, threads):
    kind, batch, inputs, widths, members, steps = shape
    job = f"{kind} {batch} {inputs} {','.join(map(str, widths))} {members} {threads} {steps} {ROUNDS}"
    program.stdin.write(job + "\n")
    program.stdin.flush()
    ms, _, loss = map(float, program.stdout.readline().split())
    return ms, loss


def measure(program, shape, repeats):
    sides = {f"tenure, {t} threads": lambda t=t: of_tenure(program, shape, t) for t in (1, 2)}
    for t in (1, 2):
        for fused in (False, True):
            name = f"torch, {t} threads, {'fused' if fused else 'foreach'} AdamW"
            sides[name] = lambda t=t, fused=fused: of_torch(shape, t, fused)
    found = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            found[name].append(side())
    losses = [runs[0][1] for runs in found.values()]
    assert max(losses) - min(losses) < 2e-3 * max(losses) + 2e-3, dict(zip(found, losses))
    ms = {name: statistics.median(ms for ms, _ in runs) for name, runs in found.items()}
    best = {side: min((m, name) for name, m in ms.items() if name.startswith(side)) for side in ("tenure", "torch")}
    return {
        "ms": ms,
        "least_ms": {name: min(ms for ms, _ in runs) for name, runs in found.items()},
        "loss": losses[0],
        "best": {side: name for side, (_, name) in best.items()},
        "torch_over_tenure": best["torch"][0] / best["tenure"][0],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--shapes", nargs="*", default=[])
    parser.add_argument("--out")
    given = parser.parse_args()
    program = subprocess.Popen([given.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    results = {
        "machine": {
            "cpu": cpu or platform.processor(),
            "cores": os.cpu_count(),
            "load": os.getloadavg(),
            "torch": version("torch"),
            "python": platform.python_version(),
        }
    }
    for shape in SHAPES:
        kind, batch, inputs, widths, members, _ = shape
        name = f"{kind}-{batch}-{inputs}x{'x'.join(map(str, widths))}" + (f"-k{members}" if members > 1 else "")
        if given.shapes and not any(name.startswith(part) for part in given.shapes):
            continue
        results[name] = found = measure(program, shape, given.repeats)
        ours, theirs = (found["ms"][found["best"][side]] for side in ("tenure", "torch"))
        print(f"{name}: tenure {ours:.3f} ms, torch {theirs:.3f} ms, ratio {found['torch_over_tenure']:.2f}", flush=True)
    results["machine"]["load_after"] = os.getloadavg()
    program.stdin.close()
    if given.out:
        path = Path(given.out) / "train.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(results, indent=1) + "\n")
    else:
        json.dump(results, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
