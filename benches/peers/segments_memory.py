"""A run of segments from Parquet within a tenth of the memory that its encoded customers take, beside the same run in memory.

    cargo build --release
    python benches/peers/segments_memory.py target/release/tenure [--rows 4000000] [--columns 64] [--repeats 3] [--out FOLDER]

Both runs, in turn, tell the same metrics and centroids to the byte, or this stops. Seconds are those that the runs' records
give each stage. Memory is told twice, beside that of the same run over a thousand rows: the most that was resident, program,
libraries and mapped files included; and the most of it that was the process's own (anonymous), looked at every 20 ms. Scratch
files lie in the folder of runs: put `--folder` on a disk.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

EXPERIMENT = """[experiment]
task = "segments"
[data]
source = "customers"
files = ["{file}"]
[segments]
k = {k}
n_init = {n_init}
n_refits = 0
max_sample = 500
max_iter = {max_iter}
[report]
html = false
"""


def made(path, n, d, k, group):
    """Overlapping normal clusters in single precision, a row group at a time."""
    rng = np.random.default_rng(0)
    centres = 2 * rng.normal(size=(k, d))
    names = [f"x{j}" for j in range(d)]
    with pq.ParquetWriter(path, pa.schema([(name, pa.float32()) for name in names]), use_dictionary=False) as out:
        for start in range(0, n, group):
            rows = min(group, n - start)
            x = (centres[rng.integers(0, k, rows)] + rng.normal(size=(rows, d))).astype(np.float32)
            out.write_table(pa.table([pa.array(x[:, j]) for j in range(d)], names=names))


def held_mb(pid):
    """The most memory that a process held so far, and what it holds now that is no file's; zeros once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    kib = dict((line.split()[0], int(line.split()[1])) for line in lines if line.startswith(("VmHWM", "RssAnon")))
    return kib.get("VmHWM:", 0) * 1.024e-3, kib.get("RssAnon:", 0) * 1.024e-3


def run(program, experiment, runs, more=()):
    """Seconds of each stage, peak memory in MB (all, own), and what was found."""
    words = [program, "run", str(experiment), "--quiet", "--set", f"run.dir={json.dumps(str(runs))}", *more]
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(program, words, os.environ, file_actions=silent)
    ended, held = 0, (0, 0)
    while ended == 0:
        held = tuple(map(max, held, held_mb(pid)))
        time.sleep(0.02)
        ended, status = os.waitpid(pid, os.WNOHANG)
    assert status == 0, (status, words)
    (folder,) = [folder for folder in runs.iterdir() if folder.is_dir()]
    record = json.loads((folder / "run.json").read_text())
    found = [(folder / name).read_bytes() for name in ("metrics.json", "model/centroids.json")]
    for file in sorted(folder.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    folder.rmdir()
    return dict(record["seconds"]), held, found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=lambda path: os.path.abspath(path))
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--k", type=int, default=8)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--group", type=int, default=100_000, help="rows of a row group")
    parser.add_argument("--folder", type=Path, help="where data and runs lie; the system's by default")
    parser.add_argument("--out", type=Path, help="folder for segments_memory.json")
    arguments = parser.parse_args()
    n, d = arguments.rows, arguments.columns
    encoded = 4 * n * d / 1e6
    cap = ["--set", f'segments.memory="{int(encoded / 10)}MB"']
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        folder = Path(folder)
        runs = folder / "runs"
        runs.mkdir()
        files = {}
        for name, rows in {"few": 1000, "all": n}.items():
            made(folder / f"{name}.parquet", rows, d, arguments.k, arguments.group)
            text = EXPERIMENT.format(
                file=folder / f"{name}.parquet", k=arguments.k, n_init=arguments.restarts, max_iter=arguments.iterations
            )
            files[name] = folder / f"{name}.toml"
            files[name].write_text(text)
        _, base, _ = run(arguments.program, files["few"], runs)
        whole, little = [], []
        for _ in range(arguments.repeats):
            whole.append(run(arguments.program, files["all"], runs))
            little.append(run(arguments.program, files["all"], runs, cap))
            assert whole[-1][2] == little[-1][2], "the run in little memory found something else"
    stages = lambda found: {stage: statistics.median(run[0][stage] for run in found) for stage in found[0][0]}
    ratio = lambda stage: statistics.median(a[0][stage] / b[0][stage] for a, b in zip(whole, little))
    total = lambda found: sum(found[0].values())
    peaks = lambda name, of: {f"{kind}_mb_{name}": max(peak[i] for peak in of) for i, kind in enumerate(["peak", "own"])}
    result = {
        "rows": n,
        "columns": d,
        "k": arguments.k,
        "restarts": arguments.restarts,
        "rows_of_a_group": arguments.group,
        "encoded_mb": encoded,
        "memory_mb": int(encoded / 10),
        "seconds_in_memory": stages(whole),
        "seconds_within": stages(little),
        "clustering_rate_of_in_memory": ratio("cluster"),
        "whole_run_rate_of_in_memory": statistics.median(total(a) / total(b) for a, b in zip(whole, little)),
        **peaks("of_a_thousand_rows", [base]),
        **peaks("in_memory", [run[1] for run in whole]),
        **peaks("within", [run[1] for run in little]),
        "load": os.getloadavg(),
        "repeats": arguments.repeats,
    }
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / "segments_memory.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
