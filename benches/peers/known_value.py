"""How near a value network comes to customers' expected value, where that is known.

    python benches/peers/known_value.py PROGRAM --customers 100000

Two kinds of made data. `table`: a customer table whose value is 0 or log-normal, both by the columns; its expected value
is a function of the columns, so a network can learn it to any precision that the number of rows allows. `log`: the log of
`PROGRAM synth`; its expected value knows each customer's own rates and whether they have left, which no purchase history
tells, so that even the best forecast has a lower Gini than it.

Test rows are ranked by prediction and cut into ten equal parts; a part's error is the relative difference of its sum of
predictions from its sum of expected values, with the standard error that so few customers leave. Nothing is tuned on them.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np
import pandas as pd

TABLE = """
[experiment]
name = "known-table"
task = "clv"
seed = {seed}
[data]
source = "customers"
files = ["customers.parquet"]
[data.columns]
id = "id"
value = "value"
[model]
preset = "{preset}"
[evaluate]
permutations = 0
"""

LOG = """
[experiment]
name = "known-log"
task = "clv"
seed = {seed}
[data]
source = "events"
files = ["log/events.parquet"]
attributes = ["log/attributes.parquet"]
[data.columns]
customer_id = "id"
time = "time"
amount = "amount"
quantity = "quantity"
category = "category"
channel = "category"
age = "numeric"
income = "numeric"
region = "category"
plan = "category"
source = "category"
city = "category"
consent = "consent"
gender = "sensitive"
[time]
cutoffs = [{cutoffs}]
horizon = "90d"
[features]
lifetime = true
[model]
preset = "{preset}"
{model}
[evaluate]
permutations = 0
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--kind", choices=["table", "log"], default="table")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--model", default="", help="more lines of [model], such as 'offset = \"pareto_nbd\"'")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path, help="an empty folder for data and run; a temporary one without it")
    parser.add_argument("--set", action="append", default=[], help="passed on to the program")
    return parser.parse_args()


def made_table(n, seed):
    """Five numbers and two categories; who buys bends, how much bends elsewhere, and the two go together in part."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 5))
    plan = rng.choice(4, n, p=[0.5, 0.25, 0.15, 0.1])
    region = rng.choice(12, n)
    logit = -0.7 + 1.1 * x[:, 0] - 0.6 * x[:, 1] ** 2 + 0.8 * (x[:, 2] > 0.5) * (plan > 1) + 0.3 * np.sin(region)
    mu = 3.0 + 0.5 * x[:, 0] + 0.4 * np.abs(x[:, 3]) - 0.5 * (x[:, 4] > 1.0) + 0.35 * plan
    sigma = 0.6 + 0.2 * (plan == 0)
    buys = rng.random(n) < 1 / (1 + np.exp(-logit))
    value = np.where(buys, np.exp(mu + sigma * rng.standard_normal(n)), 0.0)
    table = pd.DataFrame({f"x{i}": x[:, i] for i in range(5)})
    table.insert(0, "id", [f"C{i:07}" for i in range(n)])
    table["plan"], table["region"] = np.array(list("abcd"))[plan], [f"r{r}" for r in region]
    table["value"] = value
    return table, pd.Series(np.exp(mu + sigma**2 / 2) / (1 + np.exp(-logit)), index=table["id"])


def prepare(args, folder):
    """Writes data and experiment; gives the expected value of each customer."""
    if args.kind == "table":
        table, expected = made_table(args.customers, args.seed)
        table.to_parquet(folder / "customers.parquet")
        text = TABLE.format(seed=args.seed, preset=args.preset)
    else:
        made = ["synth", folder / "log", "--customers", str(args.customers), "--seed", str(args.seed), "--missing", "0"]
        subprocess.run([args.program, *made], check=True, capture_output=True)
        truth = pd.read_parquet(folder / "log" / "truth.parquet")
        expected = truth.set_index("customer_id")["expected_value"]
        # The truth speaks of the last 90 of 730 days from 2023-01-01; training labels end where they begin.
        test = pd.Timestamp("2023-01-01") + pd.Timedelta(days=640)
        cutoffs = [test - pd.Timedelta(days=days) for days in (180, 150, 120, 90, 0)]
        cutoffs = ", ".join(f'"{cutoff:%Y-%m-%d}"' for cutoff in cutoffs)
        text = LOG.format(seed=args.seed, preset=args.preset, cutoffs=cutoffs, model=args.model)
    (folder / "experiment.toml").write_text(text)
    return expected


def gini(ranking, values):
    order = np.argsort(-ranking, kind="stable")
    return 2 * (np.cumsum(values[order]) / values.sum()).mean() - 1


def report(run, expected):
    scores = pd.read_parquet(run / "predictions.parquet")
    metrics = json.loads((run / "metrics.json").read_text())
    known = expected.reindex(scores["id"]).to_numpy()
    predicted, actual = scores["calibrated"].to_numpy(), scores["label"].to_numpy()
    share = gini(predicted, actual) / gini(known, actual)
    print(f"{len(scores)} test rows; Gini {share:.4f} of the known expectation's, on actual values; ", end="")
    print(f"{gini(predicted, known) / gini(known, known):.4f} on expected values")
    print(f"sum of predictions / of expected values {predicted.sum() / known.sum():.4f}")
    order = np.argsort(predicted, kind="stable")
    worst = 0.0
    for part, rows in enumerate(np.array_split(order, 10), 1):
        ratio = predicted[rows].sum() / known[rows].sum() - 1
        error = known[rows].std() / known[rows].mean() / np.sqrt(len(rows))
        worst = max(worst, abs(ratio))
        print(f"  decile {part:2}: {100 * ratio:+6.2f} % (standard error {100 * error:.2f}), mean {known[rows].mean():.2f}")
    print(f"worst decile {100 * worst:.2f} %")
    for one in metrics["coverage"]:
        print(f"  {one['nominal']:.2f} intervals cover {one['observed']:.4f} [{one['low']:.4f}, {one['high']:.4f}]")


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = args.keep or pathlib.Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        expected = prepare(args, folder)
        settings = [part for one in [*args.set, f'run.dir="{folder}/runs"'] for part in ("--set", one)]
        subprocess.run([args.program, "run", folder / "experiment.toml", "--quiet", *settings], check=True, capture_output=True)
        [run] = (folder / "runs").iterdir()
        report(run, expected)


if __name__ == "__main__":
    main()
