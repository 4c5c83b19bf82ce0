"""Boosted trees and logistic regression on the folds of a finished Tenure run, untuned.

    python benches/peers/churn.py data/telco.csv runs/<run> --id customerID --target Churn --positive Yes

The run's predictions.parquet says which row was tested in which fold; every peer is trained on the rows of the other
folds and judged on the same test rows. Peers see the raw columns in the form they like best: native categories for
trees, one-hot and standardised for logistic regression. Trees stop early on a tenth of their training rows; LightGBM and XGBoost learn at rate
.05, all else is at defaults.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--id", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--positive", default="1")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures here")
    return parser.parse_args()


def read(path):
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)


def features(table, args):
    """Numbers as float, everything else as pandas categories."""
    columns = table.drop(columns=[args.id, args.target])
    for name in columns:
        number = pd.to_numeric(columns[name], errors="coerce")
        blank = columns[name].isna() | (columns[name].astype(str).str.strip() == "")
        if number[~blank].notna().all():
            columns[name] = number.astype(float)
        else:
            columns[name] = columns[name].astype(str).where(~blank).astype("category")
    return columns


def logistic(x, y, args):
    numeric = x.select_dtypes("number").columns
    category = x.columns.difference(numeric)
    encode = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(numeric)),
        (OneHotEncoder(handle_unknown="ignore"), list(category)),
    )
    model = make_pipeline(encode, LogisticRegressionCV(Cs=10, cv=5, scoring="neg_log_loss", max_iter=2000))
    return model.fit(x, y)


def lightgbm(x, y, args):
    import lightgbm

    fit, stop, fit_y, stop_y = train_test_split(x, y, test_size=0.1, stratify=y, random_state=0)
    model = lightgbm.LGBMClassifier(n_estimators=2000, learning_rate=0.05, n_jobs=args.threads, random_state=0, verbose=-1)
    return model.fit(fit, fit_y, eval_set=[(stop, stop_y)], callbacks=[lightgbm.early_stopping(50, verbose=False)])


def xgboost(x, y, args):
    import xgboost

    fit, stop, fit_y, stop_y = train_test_split(x, y, test_size=0.1, stratify=y, random_state=0)
    model = xgboost.XGBClassifier(
        n_estimators=2000, learning_rate=0.05, n_jobs=args.threads, random_state=0, tree_method="hist",
        enable_categorical=True, early_stopping_rounds=50,
    )
    return model.fit(fit, fit_y, eval_set=[(stop, stop_y)], verbose=False)


class CatBoost:
    """CatBoost wants categories as text."""

    def __init__(self, x, y, args):
        import catboost

        fit, stop, fit_y, stop_y = train_test_split(x, y, test_size=0.1, stratify=y, random_state=0)
        self.category = list(x.select_dtypes("category").columns)
        self.model = catboost.CatBoostClassifier(
            random_seed=0, thread_count=args.threads, verbose=False, cat_features=self.category,
            early_stopping_rounds=50, allow_writing_files=False,
        )
        self.model.fit(self.text(fit), fit_y, eval_set=(self.text(stop), stop_y))

    def text(self, x):
        return x.assign(**{name: x[name].astype(object).fillna("missing").astype(str) for name in self.category})

    def predict_proba(self, x):
        return self.model.predict_proba(self.text(x))


PEERS = {"logistic regression": logistic, "LightGBM": lightgbm, "XGBoost": xgboost, "CatBoost": CatBoost}


def judge(folds):
    auc = [roc_auc_score(y, p) for y, p in folds]
    loss = [log_loss(y, np.clip(p, 1e-15, 1 - 1e-15)) for y, p in folds]
    return {"auc": float(np.mean(auc)), "log_loss": float(np.mean(loss)), "auc_by_fold": auc, "log_loss_by_fold": loss}


def main():
    args = arguments()
    table = read(args.data).drop_duplicates(args.id)
    predictions = pd.read_parquet(args.run / "predictions.parquet")
    table = table.set_index(table[args.id].astype(str)).loc[predictions["id"].astype(str)].reset_index(drop=True)
    x, y = features(table, args), (table[args.target].astype(str) == args.positive).to_numpy(int)
    fold = predictions["fold"].to_numpy()
    assert (y == predictions["label"].to_numpy(int)).all(), "the labels of the run and of the data differ"

    parts = [(fold != k, fold == k) for k in np.unique(fold)]
    assert len(parts) > 1, "peers are compared on the folds of a cross-validated run"
    ours = predictions["calibrated"].to_numpy()
    results = {"tenure": judge([(y[test], ours[test]) for _, test in parts])}
    for name, fit in PEERS.items():
        begin = time.perf_counter()
        scored = [(y[test], fit(x[train], y[train], args).predict_proba(x[test])[:, 1]) for train, test in parts]
        results[name] = judge(scored) | {"seconds": time.perf_counter() - begin}

    print(f"{len(y)} rows, {len(parts)} folds, {args.threads} threads")
    print(f"{'model':22} {'AUC':>7} {'log loss':>9} {'seconds':>8}")
    for name, result in sorted(results.items(), key=lambda item: -item[1]["auc"]):
        seconds = f"{result['seconds']:8.1f}" if "seconds" in result else " " * 8
        print(f"{name:22} {result['auc']:7.4f} {result['log_loss']:9.4f} {seconds}")
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
