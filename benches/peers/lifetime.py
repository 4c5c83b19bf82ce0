"""`lifetimes` beside ours, on the same made customers, in one run: seconds, parameters, log-likelihood.

    cargo build --release -p tenure-lifetime --example scale
    python benches/peers/lifetime.py target/release/examples/scale --customers 100000

The program makes the customers, fits them and writes them down; `lifetimes` then fits the same file, without a penalty,
as its own tests do. It is left out of a fit that would take longer than --limit seconds, judged by a tenth of the rows.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time
import warnings

import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

PEERS = {"BG/NBD": BetaGeoFitter, "MBG/NBD": ModifiedBetaGeoFitter, "Pareto/NBD": ParetoNBDFitter}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--limit", type=float, default=600.0)
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    return parser.parse_args()


def ours(args, path):
    done = subprocess.run([args.program, str(args.customers), path], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def clocks():
    return time.perf_counter(), time.process_time()


def since(start):
    """Seconds on the clock and on all cores together, as the program tells them."""
    return {"wall": time.perf_counter() - start[0], "cpu": time.process_time() - start[1]}


def fit(peer, customers):
    start = clocks()
    try:
        fitted = peer().fit(customers["frequency"], customers["recency"], customers["T"])
    except Exception as error:  # a peer that does not converge is a result
        return since(start), None, str(error).strip().split("\n")[0]
    return since(start), {name: float(value) for name, value in fitted.params_.items()}, None


def fit_within(limit, peer, customers):
    sample = customers.sample(max(len(customers) // 10, 1000), random_state=1)
    seconds, _, _ = fit(peer, sample)
    if 10 * seconds["wall"] > limit:
        return None, None, f"left out: a tenth of the rows took {seconds['wall']:.0f} s"
    return fit(peer, customers)


def fit_spend(customers):
    start = clocks()
    repeat = customers[customers["frequency"] > 0]
    fitted = GammaGammaFitter().fit(repeat["frequency"], repeat["monetary_value"])
    return since(start), {name: float(value) for name, value in fitted.params_.items()}


def row(model, seconds, values):
    told = "  ".join(f"{name} {value:.5g}" for name, value in values.items())
    print(f"{model:<24}{seconds['wall']:>8.2f} s {seconds['cpu']:>8.2f} cpu s   {told}")


def main():
    args = arguments()
    warnings.filterwarnings("ignore")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "customers.csv"
        result = ours(args, path)
        customers = pd.read_csv(path)
    print(f"{args.customers} customers, {result['unique']} distinct histories, {result['threads']} threads")
    peers = {}
    for told in result["fits"]:
        name = told["model"]
        row(f"tenure {name}", told["seconds"], {p["name"]: p["value"] for p in told["parameters"]})
        seconds, parameters, error = fit_within(args.limit, PEERS[name], customers)
        peers[name] = {"seconds": seconds, "parameters": parameters, "error": error}
        if parameters is None:
            print(f"lifetimes {name}: {error}")
        else:
            row(f"lifetimes {name}", seconds, parameters)
            print(f"{'':<24}{seconds['cpu'] / told['seconds']['cpu']:>20.0f} times the processor time")
    row("tenure Gamma-Gamma", result["spend_seconds"], {p["name"]: p["value"] for p in result["spend"]})
    seconds, parameters = fit_spend(customers)
    peers["Gamma-Gamma"] = {"seconds": seconds, "parameters": parameters, "error": None}
    row("lifetimes Gamma-Gamma", seconds, parameters)
    if args.json:
        args.json.write_text(json.dumps({"tenure": result, "lifetimes": peers}, indent=1))


if __name__ == "__main__":
    main()
