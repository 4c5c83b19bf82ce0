"""Peak memory of a whole training run beside what its data, weights and activations take.

    python benches/peers/memory.py target/release/tenure [--customers 100000 400000] [--measures 28] [--repeats 5] [--out FOLDER]

Made customer tables are trained on as `tenure run` does it (reading, encoding, training, evaluation, report; one epoch and
few bootstrap draws, which change the time alone). Of each run the operating system's peak resident set is taken, less the
peak of a run on 500 customers: the program itself. Each run is repeated, since what an allocator holds depends on which
thread was first: medians are compared, and the range over repeats is told. Beside it stands what `tenure plan` counts: the
table in single precision, the encoded rows, weights four times (with their gradient and AdamW's two moments) and the
activations of a batch. The bar is 1.5 times that.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

BASELINE_CUSTOMERS = 500


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 400_000])
    parser.add_argument("--measures", type=int, default=28)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def peak_bytes(command):
    """The peak resident set of one command, and its standard output."""
    with tempfile.TemporaryFile() as stdout:
        process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            raise SystemExit(f"{' '.join(command)} ended with status {status}")
        stdout.seek(0)
        return usage.ru_maxrss * 1024, stdout.read().decode()


def measure(args, folder, n_customers):
    made = folder / f"made-{n_customers}"
    made_of = ["--kind", "customers", "--customers", str(n_customers), "--measures", str(args.measures)]
    peak_bytes([args.program, "synth", str(made), *made_of])
    experiment = folder / f"made-{n_customers}.toml"
    peak_bytes([args.program, "init", str(made / "customers.parquet"), "-o", str(experiment)])
    runs = folder / "runs"
    cheap = ["train.epochs=1", "evaluate.permutations=0", "evaluate.bootstrap=20", f"run.dir={runs}"]
    settings = [word for setting in cheap for word in ("--set", setting)]
    peaks = []
    for _ in range(args.repeats):
        peaks.append(peak_bytes([args.program, "run", str(experiment), "--json", *settings])[0])
        shutil.rmtree(runs)
    planned, told = peak_bytes([args.program, "plan", str(experiment), "--json", *settings])
    return {
        "customers": n_customers,
        "peak_bytes": int(statistics.median(peaks)),
        "peaks_bytes": sorted(peaks),
        "peak_of_plan_bytes": planned,
        "counted_bytes": json.loads(told)["memory_bytes"],
    }


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = measure(args, folder, BASELINE_CUSTOMERS)
        runs = [measure(args, folder, n) for n in args.customers]
    for run in runs:
        counted = run["counted_bytes"]
        run["above_program_bytes"] = run["peak_bytes"] - program["peak_bytes"]
        run["ratio"] = run["above_program_bytes"] / counted
        run["ratio_range"] = [(peak - program["peak_bytes"]) / counted for peak in (run["peaks_bytes"][0], run["peaks_bytes"][-1])]
        mib = [round(n / 2**20) for n in (run["peak_bytes"], run["above_program_bytes"], counted)]
        print(
            f"{run['customers']:>9} customers: peak {mib[0]} MiB, above the program {mib[1]}, counted {mib[2]}:"
            f" {run['ratio']:.2f} (median of {args.repeats}; {run['ratio_range'][0]:.2f} to {run['ratio_range'][1]:.2f})",
            flush=True,
        )
    result = {
        "processor": platform.processor() or platform.machine(),
        "repeats": args.repeats,
        "program_bytes": program["peak_bytes"],
        "programs_bytes": program["peaks_bytes"],
        "runs": runs,
        "bars": [{"what": f"{run['customers']} customers: median peak above the program / counted", "found": run["ratio"], "aim": "<= 1.5"} for run in runs],
    }
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "memory.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
