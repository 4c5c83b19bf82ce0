"""k-means beside scikit-learn, scikit-learn-intelex and faiss: the same rows, initial centroids and iteration count.

    cargo build --release -p tenure-cluster --example kmeans_peer
    python benches/peers/kmeans.py target/release/examples/kmeans_peer [--threads 2] [--repeats 5] [--parts lloyd-1000000x16 ragged] [--out FOLDER]

Every library runs in turn within each repetition, so that what else the machine does meets all alike; medians are told.
Times are of the whole call, checks and final labels included, divided by the iterations. `cpu` is time on a core.
"""

import argparse
import functools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

THREADS = sys.argv[sys.argv.index("--threads") + 1] if "--threads" in sys.argv else "2"
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = THREADS

import faiss  # noqa: E402
import numpy as np  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearnex.cluster import KMeans as IntelKMeans  # noqa: E402

SHAPES = [(1_000_000, 16, 16), (1_000_000, 32, 64), (1_000_000, 64, 64), (1_000_000, 64, 256)]
ITERATIONS = 5


def made(n, d, k, seed=0):
    """Overlapping normal clusters."""
    rng = np.random.default_rng(seed)
    centres = 2 * rng.normal(size=(k, d))
    return (centres[rng.integers(0, k, n)] + rng.normal(size=(n, d))).astype(np.float32)


def timed(call, judge=float):
    """Seconds of `call`, and the inertia that `judge` finds in what it returns, outside the time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    times = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    return times | {"inertia": judge(result)}


def of_sklearn(estimator, x, k, init, n_init, max_iter, tol):
    return lambda: float(estimator(k, init=init, n_init=n_init, max_iter=max_iter, tol=tol, random_state=0).fit(x).inertia_)


def run_faiss(x, k, init):
    def train():
        kmeans = faiss.Kmeans(x.shape[1], k, niter=ITERATIONS, max_points_per_centroid=len(x), seed=0)
        kmeans.train(x, init_centroids=init)
        return kmeans

    # It leaves labels and the final inertia to its user; that search is not in its time.
    return timed(train, lambda kmeans: float(kmeans.index.search(x, 1)[0].sum(dtype=np.float64)))


def ours(program, *arguments):
    words = [program, THREADS, *map(str, arguments)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def medians(runs, iterations):
    """Median over repetitions of each figure, in milliseconds for each iteration."""
    ms = lambda key: statistics.median(run[key] for run in runs) / iterations * 1e3
    return {"ms": ms("seconds"), "cpu_ms": ms("cpu_seconds"), "inertia": runs[-1]["inertia"]}


def in_turn(calls, repeats, iterations=1):
    """Every call in each repetition."""
    runs = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            runs[name].append(call())
    out = {name: medians(all_of, iterations) for name, all_of in runs.items()}
    for name in out:
        pairs = zip(runs[name], runs["tenure"])
        # Ratio within a repetition: neighbours in time share the machine's state.
        out[name]["times_tenure"] = statistics.median(a["seconds"] / b["seconds"] for a, b in pairs)
        out[name]["cpu_times_tenure"] = statistics.median(
            a["cpu_seconds"] / b["cpu_seconds"] for a, b in zip(runs[name], runs["tenure"])
        )
    return out


def lloyd(program, folder, repeats, shape):
    n, d, k = shape
    x = made(n, d, k)
    init = x[np.random.default_rng(1).choice(n, k, replace=False)]
    data, start = folder / "x.f32", folder / "init.f32"
    x.tofile(data), init.tofile(start)
    calls = {
        "tenure": lambda: ours(program, data, d, k, ITERATIONS, start),
        "scikit-learn": lambda: timed(of_sklearn(KMeans, x, k, init, 1, ITERATIONS, 0)),
        "scikit-learn-intelex": lambda: timed(of_sklearn(IntelKMeans, x, k, init, 1, ITERATIONS, 0)),
        "faiss": lambda: run_faiss(x, k, init),
        "tenure, streamed": lambda: ours(program, data, d, k, ITERATIONS, start, "streamed"),
    }
    result = in_turn(calls, repeats, ITERATIONS)
    peaks = [ours(program, "peak") for _ in range(3)]
    peak = statistics.median(peak["gflops"] for peak in peaks)
    # The survey and the labels make two more readings; the products of the labels count as an iteration's. Products that
    # were not needed count as made: at (1M, 64, 64) the last iteration leaves most out.
    flops = 2 * n * d * k * (ITERATIONS + 1)
    used = flops / (result["tenure"]["cpu_ms"] * ITERATIONS / 1e3 / int(THREADS)) / 1e9
    result["peak_gflops"], result["share_of_peak"] = peak, used / peak
    check(result)
    return result


def check(result):
    """All found the same clustering, or a time means nothing. faiss ends up to a hundredth higher with many centroids."""
    base = result["scikit-learn"]["inertia"]
    for name, slack in {"tenure": 1e-3, "tenure, streamed": 1e-3, "scikit-learn-intelex": 1e-3, "faiss": 1e-2}.items():
        assert abs(result[name]["inertia"] / base - 1) < slack, (name, result[name]["inertia"], base)


def whole_fit(program, folder, repeats):
    """k-means++ and restarts, each library with its own random numbers, to the default tolerance."""
    n, d, k = 1_000_000, 16, 8
    x = made(n, d, k)
    data = folder / "x.f32"
    x.tofile(data)
    fit = lambda n_init: ours(program, data, d, k, 300, n_init)
    result = in_turn(
        {
            "tenure": lambda: fit(10),
            "tenure, one restart": lambda: fit(1),
            "scikit-learn": lambda: timed(of_sklearn(KMeans, x, k, "k-means++", 10, 300, 1e-4)),
        },
        repeats,
    )
    result["ten_restarts_over_one"] = 1 / result["tenure, one restart"]["times_tenure"]
    return result


def ragged(program, folder, repeats):
    """1,000 problems of 200 to 5,000 rows, one restart each, to the default tolerance."""
    d, k = 8, 5
    sizes = np.random.default_rng(2).integers(200, 5001, 1000).astype(np.uint32)
    x = made(int(sizes.sum()), d, 50)
    data, lengths = folder / "x.f32", folder / "sizes.u32"
    x.tofile(data), sizes.tofile(lengths)
    problems = np.split(x, np.cumsum(sizes)[:-1])
    loop = lambda: sum(of_sklearn(KMeans, rows, k, "k-means++", 1, 300, 1e-4)() for rows in problems)
    return in_turn({"tenure": lambda: ours(program, "ragged", data, d, k, lengths), "scikit-learn": lambda: timed(loop)}, repeats)


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    versions = {name: version(name) for name in ("scikit-learn", "scikit-learn-intelex", "faiss-cpu")}
    return {"cpu": cpu, "cores": os.cpu_count(), "threads": int(THREADS), "load": os.getloadavg(), **versions,
            "python": platform.python_version()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--parts", nargs="+", default=["lloyd", "ragged", "whole_fit"])
    parser.add_argument("--out", type=Path, help="folder for kmeans.json")
    arguments = parser.parse_args()
    results = {"machine": machine()}
    parts = {f"lloyd-{n}x{d}x{k}": functools.partial(lloyd, shape=(n, d, k)) for n, d, k in SHAPES}
    parts |= {"ragged": ragged, "whole_fit": whole_fit}
    with tempfile.TemporaryDirectory() as folder:
        for name, part in parts.items():
            if name.startswith(tuple(arguments.parts)):
                results[name] = part(arguments.program, Path(folder), arguments.repeats)
                results[name]["load"] = os.getloadavg()
                results[name]["repeats"] = arguments.repeats
                print(json.dumps({name: results[name]}, indent=1), flush=True)
                save(results, arguments.out)


def save(results, folder):
    """After each part, so that a run cut short leaves what it measured."""
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kmeans.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
