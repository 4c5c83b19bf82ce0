"""Quality against training time: Tenure's presets beside LightGBM, XGBoost and CatBoost at their defaults.

    python benches/peers/quality.py target/release/tenure experiment.toml data/telco.csv --id customerID --target Churn \\
        --positive Yes [--set data.files='["data/telco.csv"]'] [--out FOLDER]

Each contestant trains from nothing with several budgets (epochs for us, trees for the others), on the same folds, in turns;
a point is the mean test AUC over folds and the mean seconds of a fold's training: reading is not counted for anybody,
encoding, early stopping and scoring are for us. The point marked `default` is what each library does when nothing is said.
"""

import argparse
import json
import os
import platform
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
        judged = [judge(part["label"], part["calibrated"]) for part in folds]
        return {"seconds": seconds / len(folds), **mean(judged)}


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
    judged, seconds = [], 0.0
    for x, y, x_test, y_test in parts:
        extra = {}
        if name == "CatBoost":
            extra = {"cat_features": list(x.select_dtypes("category").columns)}
            x, x_test = as_text(x), as_text(x_test)
        model = PEERS[name](trees, threads)
        begin = time.perf_counter()
        model.fit(x, y, **extra)
        seconds += time.perf_counter() - begin
        judged.append(judge(y_test, model.predict_proba(x_test)[:, 1]))
    return {"seconds": seconds / len(parts), **mean(judged)}


def parts_of(args, predictions):
    table = read(args.data).drop_duplicates(args.id).drop(columns=args.drop)
    x, y = features(table, args), (table[args.target].astype(str).isin([args.positive, f"{args.positive}.0"])).to_numpy(int)
    ids = table[args.id].astype(str)
    parts = []
    for _, fold in predictions.groupby("fold"):
        test = ids.isin(set(fold["id"].astype(str))).to_numpy()
        parts.append((x[~test], y[~test], x[test], y[test]))
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


def main():
    args = arguments()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    ours = Ours(args)
    parts = parts_of(args, ours.predictions(ours.run("train.epochs=1", "model.preset=fast")))
    jobs = [(f"Tenure, {preset}", n) for n in [*EPOCHS, None] for preset in args.presets]
    jobs += [(name, n) for n in [*TREES, None] for name in PEERS]
    curves = {}
    for name, n in sorted(jobs, key=lambda job: (job[1] is None, job[1] or 0)):
        if name in PEERS:
            point = peer_point(name, n, parts, args.threads)
        else:
            settings = [f"model.preset={name.split(', ')[1]}"] + ([] if n is None else [f"train.epochs={n}"])
            point = ours.point(*settings)
        curves.setdefault(name, []).append({"budget": n or "default", **point})
        print(f"{name:18} {n or 'default':>8} {point['seconds']:8.2f} s  AUC {point['auc']:.4f}  log loss {point['log_loss']:.4f}", flush=True)
    defaults = {name: next(p for p in points if p["budget"] == "default") for name, points in curves.items()}
    preset = defaults[f"Tenure, {args.presets[-1]}"]
    bars = [
        {"what": "AUC of ours at defaults less CatBoost's", "found": preset["auc"] - defaults["CatBoost"]["auc"], "aim": ">= 0"},
        {"what": "seconds of ours / LightGBM's, both at defaults", "found": preset["seconds"] / defaults["LightGBM"]["seconds"], "aim": "<= 3"},
    ]
    print(json.dumps(bars, indent=1))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        stem = f"quality-{args.data.stem}"
        result = {
            "processor": platform.processor() or platform.machine(),
            "threads": args.threads,
            "load": os.getloadavg(),
            "versions": {name: version(name) for name in ("lightgbm", "xgboost", "catboost")},
            "folds": len(parts),
            "rows": sum(len(part[0]) for part in parts[:1]) + sum(len(part[2]) for part in parts[:1]),
            "curves": curves,
            "bars": bars,
        }
        (args.out / f"{stem}.json").write_text(json.dumps(result, indent=1) + "\n")
        plot(curves, args.out / f"{stem}.svg")


if __name__ == "__main__":
    main()
