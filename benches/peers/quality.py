"""Quality against training time: Tenure's presets beside LightGBM, XGBoost and CatBoost at their defaults.

    python benches/peers/quality.py target/release/tenure experiment.toml data/telco.csv --id customerID --target Churn \\
        --positive Yes [--set data.files='["data/telco.csv"]'] [--out FOLDER]

Each contestant trains from nothing with several budgets (epochs for us, trees for the others), on the same folds; a point is
the mean test AUC over folds and the mean seconds of a fold's training: reading is not counted for anybody, encoding, early
stopping and scoring are for us. The point marked `default` is what each library does when nothing is said.

The curves are one round. What is at defaults is timed in turns over `--rounds` rounds, and of two contestants the ratio within
each round counts, its median and its extremes: a busy minute then meets both. CatBoost, which takes minutes, joins the first
round alone. Results do not differ between rounds, but for scheduling, so AUC needs one; its gain over CatBoost comes with a
95 % interval of paired bootstraps of test rows.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import catboost
import lightgbm
import matplotlib
import numpy as np
import pandas as pd
import xgboost
from churn import features, read
from sklearn.metrics import log_loss, roc_auc_score

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402

EPOCHS = [1, 2, 4, 8, 16]
TREES = [10, 30, 100, 300, 1000]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("experiment")
    parser.add_argument("data", type=Path)
    parser.add_argument("--id", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--positive", default="1")
    parser.add_argument("--drop", nargs="*", default=[], help="columns that the experiment does not use either")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--presets", nargs="+", default=["fast", "default"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--no-curves", action="store_true", help="only what is at defaults")
    parser.add_argument("--name", help="of the result's files; that of the data without it")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


class Ours:
    def __init__(self, args):
        self.args, self.folder = args, tempfile.TemporaryDirectory()

    def run(self, *settings):
        command = [self.args.program, "run", self.args.experiment, "--json"]
        fixed = [f"run.dir={self.folder.name}", "evaluate.permutations=0"]
        for setting in [*fixed, *self.args.set, *settings]:
            command += ["--set", setting]
        answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return Path(answer["run"])

    def predictions(self, run):
        found = pd.read_parquet(run / "predictions.parquet")
        return found if "fold" in found else found.assign(fold=0)

    def point(self, *settings):
        run = self.run(*settings)
        found = self.predictions(run)
        seconds = dict(json.loads((run / "run.json").read_text())["seconds"])["train"]
        folds = [part for _, part in found.groupby("fold")]
        scores = [dict(zip(part["id"].astype(str), part["calibrated"])) for part in folds]
        judged = [judge(part["label"], part["calibrated"]) for part in folds]
        return {"seconds": seconds / len(folds), **mean(judged)}, scores


def judge(y, p):
    return {"auc": roc_auc_score(y, p), "log_loss": log_loss(y, np.clip(p, 1e-15, 1 - 1e-15))}


def mean(judged):
    return {key: float(np.mean([one[key] for one in judged])) for key in judged[0]}


def as_text(x):
    category = x.select_dtypes("category").columns
    return x.assign(**{name: x[name].astype(object).fillna("missing").astype(str) for name in category})


def lightgbm_model(trees, threads):
    return lightgbm.LGBMClassifier(n_jobs=threads, random_state=0, verbose=-1, **budget("n_estimators", trees))


def xgboost_model(trees, threads):
    return xgboost.XGBClassifier(n_jobs=threads, random_state=0, enable_categorical=True, **budget("n_estimators", trees))


def catboost_model(trees, threads):
    quiet = {"verbose": False, "allow_writing_files": False}
    return catboost.CatBoostClassifier(random_seed=0, thread_count=threads, **quiet, **budget("iterations", trees))


def budget(name, trees):
    return {} if trees is None else {name: trees}


PEERS = {"LightGBM": lightgbm_model, "XGBoost": xgboost_model, "CatBoost": catboost_model}


def peer_point(name, trees, parts, threads):
    judged, seconds, scores = [], 0.0, []
    for x, y, x_test, y_test, ids in parts:
        extra = {}
        if name == "CatBoost":
            extra = {"cat_features": list(x.select_dtypes("category").columns)}
            x, x_test = as_text(x), as_text(x_test)
        model = PEERS[name](trees, threads)
        begin = time.perf_counter()
        model.fit(x, y, **extra)
        seconds += time.perf_counter() - begin
        scores.append(dict(zip(ids, model.predict_proba(x_test)[:, 1])))
        judged.append(judge(y_test, list(scores[-1].values())))
    return {"seconds": seconds / len(parts), **mean(judged)}, scores


def gain(ours, theirs, parts, draws=1000):
    """Mean over folds of our AUC less theirs, and its 95 % interval over test rows drawn again."""
    rng, drawn = np.random.default_rng(0), []
    for one, other, (_, _, _, y, ids) in zip(ours, theirs, parts):
        a, b = (np.array([scores[i] for i in ids]) for scores in (one, other))
        differ = [roc_auc_score(y, a) - roc_auc_score(y, b)]
        for _ in range(draws):
            rows = rng.integers(len(y), size=len(y))
            differ.append(roc_auc_score(y[rows], a[rows]) - roc_auc_score(y[rows], b[rows]))
        drawn.append(differ)
    means = np.mean(drawn, axis=0)
    return float(means[0]), [float(q) for q in np.quantile(means[1:], [0.025, 0.975])]


def parts_of(args, predictions):
    table = read(args.data).drop_duplicates(args.id).drop(columns=args.drop)
    x, y = features(table, args), (table[args.target].astype(str).isin([args.positive, f"{args.positive}.0"])).to_numpy(int)
    ids = table[args.id].astype(str)
    parts = []
    for _, fold in predictions.groupby("fold"):
        test = ids.isin(set(fold["id"].astype(str))).to_numpy()
        parts.append((x[~test], y[~test], x[test], y[test], ids[test].to_list()))
    return parts


def plot(curves, path):
    figure, axes = plt.subplots(figsize=(7, 4.5))
    for name, points in curves.items():
        timed = sorted((p for p in points if p["budget"] != "default"), key=lambda p: p["seconds"])
        line = axes.plot([p["seconds"] for p in timed], [p["auc"] for p in timed], marker=".", label=name)
        for p in points:
            if p["budget"] == "default":
                axes.plot(p["seconds"], p["auc"], marker="*", markersize=13, color=line[0].get_color())
    axes.set(xscale="log", xlabel="seconds of training, one fold (★ at defaults)", ylabel="test AUC, mean of folds")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def point(name, budget, ours, parts, threads):
    if name in PEERS:
        return peer_point(name, budget, parts, threads)
    settings = [f"model.preset={name.split(', ')[1]}"] + ([] if budget is None else [f"train.epochs={budget}"])
    return ours.point(*settings)


def tell(name, budget, found):
    print(f"{name:18} {budget:>8} {found['seconds']:8.2f} s  AUC {found['auc']:.4f}  log loss {found['log_loss']:.4f}", flush=True)


def curves_of(args, ours, parts):
    jobs = [(f"Tenure, {preset}", n) for n in EPOCHS for preset in args.presets]
    jobs += [(name, n) for n in TREES for name in PEERS]
    curves = {}
    for name, n in sorted(jobs, key=lambda job: job[1]):
        found, _ = point(name, n, ours, parts, args.threads)
        curves.setdefault(name, []).append({"budget": n, **found})
        tell(name, n, found)
    return curves


def defaults_of(args, ours, parts):
    """Seconds of every round of everybody at defaults, and the last round's figures and scores."""
    names = [f"Tenure, {preset}" for preset in args.presets] + list(PEERS)
    seconds, last = {name: [] for name in names}, {}
    for turn in range(args.rounds):
        for name in names:
            if name != "CatBoost" or turn == 0:
                last[name] = point(name, None, ours, parts, args.threads)
                seconds[name].append(last[name][0]["seconds"])
                tell(name, "default", last[name][0])
    return seconds, last


def bars_of(seconds, last, parts, preset):
    ratios = [one / other for one, other in zip(seconds[preset], seconds["LightGBM"])]
    difference, interval = gain(last[preset][1], last["CatBoost"][1], parts)
    what = f"seconds of {preset} / LightGBM's in the same round, both at defaults: median, extremes"
    return [
        {"what": f"AUC of {preset} less CatBoost's, both at defaults", "found": difference, "interval": interval, "aim": ">= 0"},
        {"what": what, "found": statistics.median(ratios), "extremes": [min(ratios), max(ratios)], "aim": "<= 3"},
    ]


def main():
    args = arguments()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    ours = Ours(args)
    parts = parts_of(args, ours.predictions(ours.run("train.epochs=1", "model.preset=fast")))
    load = os.getloadavg()
    seconds, last = defaults_of(args, ours, parts)
    curves = {} if args.no_curves else curves_of(args, ours, parts)
    for name, (found, _) in last.items():
        timed = {**found, "seconds": statistics.median(seconds[name])}
        curves.setdefault(name, []).append({"budget": "default", **timed, "rounds": seconds[name]})
    bars = [bar for preset in args.presets for bar in bars_of(seconds, last, parts, f"Tenure, {preset}")]
    print(json.dumps(bars, indent=1))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        stem = f"quality-{args.name or args.data.stem}"
        result = {
            "processor": platform.processor() or platform.machine(),
            "threads": args.threads,
            "load_before": load,
            "versions": {name: version(name) for name in ("lightgbm", "xgboost", "catboost")},
            "folds": len(parts),
            "rows": len(parts[0][0]) + len(parts[0][2]),
            "curves": curves,
            "bars": bars,
        }
        (args.out / f"{stem}.json").write_text(json.dumps(result, indent=1) + "\n")
        if not args.no_curves:
            plot(curves, args.out / f"{stem}.svg")


if __name__ == "__main__":
    main()
