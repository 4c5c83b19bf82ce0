"""k-means on a GPU beside compiled PyTorch: the same rows, initial centroids and iterations, in turns, inertia checked.

    cargo build --release -p tenure-kernels --features gpu --example kmeans_gpu
    python benches/peers/kmeans_gpu.py target/release/examples/kmeans_gpu [--repeats 5] [--out FOLDER]

Needs CUDA for PyTorch (full fp32, `torch.compile`, rows in blocks of a million so that no N x K matrix is kept) and a Vulkan
driver for ours. `--device cpu --rows 20000` tries the script, not the card: PyTorch on the CPU, ours on what Vulkan offers.
Times are of one iteration: nearest centroids, sums per cluster and means, rows on the device already.
"""

import argparse
import json
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

SHAPES = [(10_000_000, 64, 256), (10_000_000, 16, 16)]
ITERATIONS = 10
BLOCK = 1_000_000


def made(n, d, k, seed=0):
    """Overlapping normal clusters."""
    rng = np.random.default_rng(seed)
    centres = (2 * rng.normal(size=(k, d))).astype(np.float32)
    x = rng.standard_normal(size=(n, d), dtype=np.float32)
    x += centres[rng.integers(0, k, n)]
    return x


def block(x, c, squared, sums, counts):
    labels = torch.addmm(squared, x, c.T, alpha=-2).argmin(1)
    sums.index_add_(0, labels, x)
    counts.index_add_(0, labels, torch.ones_like(labels, dtype=torch.float32))


def lloyd(x, c, step):
    for _ in range(ITERATIONS):
        squared = (c * c).sum(1)
        sums, counts = torch.zeros_like(c), torch.zeros(len(c), device=c.device)
        for start in range(0, len(x), BLOCK):
            step(x[start : start + BLOCK], c, squared, sums, counts)
        c = torch.where(counts[:, None] > 0, sums / counts[:, None], c)
    return c


def inertia(x, c):
    parts = (torch.cdist(x[start : start + BLOCK], c).amin(1).square().sum(dtype=torch.float64) for start in range(0, len(x), BLOCK))
    return float(sum(parts))


def theirs(x, c, step):
    synchronize = torch.cuda.synchronize if x.is_cuda else (lambda: None)
    synchronize()
    start = time.perf_counter()
    moved = lloyd(x, c, step)
    synchronize()
    return (time.perf_counter() - start) / ITERATIONS * 1e3, moved


def shape(program, folder, device, repeats, n, d, k):
    x = made(n, d, k)
    init = x[np.random.default_rng(1).choice(n, k, replace=False)]
    data, start = folder / "x.f32", folder / "init.f32"
    x.tofile(data), init.tofile(start)
    on_device, centroids = torch.from_numpy(x).to(device), torch.from_numpy(init).to(device)
    step = torch.compile(block)
    _, moved = theirs(on_device, centroids, step)
    expected = inertia(on_device, moved)
    runs, torch_ms = [], []
    for _ in range(repeats):
        words = [program, data, d, start, ITERATIONS, 3]
        runs.append(json.loads(subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout))
        torch_ms.append(theirs(on_device, centroids, step)[0])
        assert abs(runs[-1]["inertia"] / expected - 1) < 1e-3, (runs[-1], expected)
    return {
        "adapter": runs[-1]["adapter"],
        "tenure_ms": statistics.median(run["ms"] for run in runs),
        "pytorch_ms": statistics.median(torch_ms),
        "pytorch_over_tenure": statistics.median(t / run["ms"] for t, run in zip(torch_ms, runs)),
        "inertia": runs[-1]["inertia"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rows", type=int, help="rows of both shapes, for a trial")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch finds no CUDA device; `--device cpu --rows 20000` tries the script")
    torch.set_float32_matmul_precision("highest")
    device = torch.cuda.get_device_name() if arguments.device == "cuda" else platform.processor() or platform.machine()
    results = {"pytorch": torch.__version__, "pytorch_device": device, "iterations": ITERATIONS}
    for n, d, k in SHAPES:
        n = arguments.rows or n
        with tempfile.TemporaryDirectory() as folder:
            found = shape(arguments.program, Path(folder), arguments.device, arguments.repeats, n, d, k)
        results[f"{n}x{d}, K={k}"] = found
        print(f"{n}x{d}, K={k}: {json.dumps(found)}", flush=True)
    if arguments.out:
        (arguments.out / "kmeans_gpu.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
