"""Exported bundles in the programs that read them: ONNX through its checker and ONNX Runtime, safetensors.

    python benches/peers/export.py PROGRAM [--customers 4000] [--out FOLDER]

Makes customers, runs the fast preset on them, and compresses the run in single precision and in 8 bits, each with compact and
with the run's own scales. Every bundle's ONNX is checked (`onnx.checker`, types and shapes inferred) and scored by ONNX
Runtime on the same rows as `tenure score`: the made customers, and copies of them with values blanked, levels never seen
and numbers far outside. The golden bundles, which have every encoder and task, are held to their own samples.

Single precision must come within 1e-5 of the edge runtime's probabilities, and safetensors must hold the same numbers;
what 8 bits differ by is told. Exits with 1 where that fails.
"""

import argparse
import csv
import json
import math
import platform
import random
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent.parent / "crates/edge/tests/golden"
LIMIT = 1e-5


def tenure(program, *words):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"tenure {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def inspect(program, bundle):
    return json.loads(tenure(program, "inspect", bundle, "--samples", "--json"))


def session(program, bundle, target):
    """The bundle's ONNX, checked, ready to run."""
    is_integer = any(layer["precision"] != "f32" for layer in inspect(program, bundle)["layers"])
    tenure(program, "export", bundle, "--format", "onnx-int8" if is_integer else "onnx", "-o", target)
    onnx.checker.check_model(str(target), full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(target), options, providers=["CPUExecutionProvider"]), is_integer


def feed(inputs, rows):
    """Columns of a session from rows as text or JSON; what is empty or null is missing."""
    columns = {}
    for i in inputs:
        if i.type == "tensor(float)":
            values = [float(row[i.name]) if row[i.name] not in ("", None) else math.nan for row in rows]
            columns[i.name] = np.array(values, np.float64).astype(np.float32).reshape(-1, 1)
        else:
            columns[i.name] = np.array([row[i.name] or "" for row in rows], object).reshape(-1, 1)
    return columns


def score(run, rows):
    return [out.reshape(-1).astype(np.float64) for out in run.run(None, feed(run.get_inputs(), rows))]


def spoiled(rows, numbers, columns, rng):
    """Copies of the rows, a third of whose cells are blank, far outside or never seen."""
    rows = [dict(row) for row in rows]
    for row in rows:
        for name in columns:
            pick = rng.randrange(12)
            if pick == 0:
                row[name] = ""
            elif pick == 1:
                row[name] = rng.choice(["1e30", "-1e30", "-5", "0"]) if name in numbers else "never seen"
    return rows


def compare(program, bundle, rows, folder):
    run, is_integer = session(program, bundle, folder / "model.onnx")
    source, target = folder / "rows.csv", folder / "scores.csv"
    with open(source, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    tenure(program, "score", bundle, source, "-o", target, "--quiet")
    with open(target) as file:
        expected = np.array([float(row["probability"]) for row in csv.DictReader(file)])
    (found,) = score(run, rows)
    gaps = np.abs(found - expected)
    return {
        "precision": "int8" if is_integer else "f32", "rows": len(rows),
        "largest": float(gaps.max()), "mean": float(gaps.mean()),
    }


def golden(program, bundle, folder):
    """The largest difference from the bundle's own samples, relative where scores exceed 1."""
    run, is_integer = session(program, bundle, folder / "golden.onnx")
    samples = inspect(program, bundle)["sample_rows"]
    outputs = score(run, [sample["row"] for sample in samples])
    expected = np.array([sample["expected"] for sample in samples]).T
    gaps = [np.abs(o - e) / np.maximum(1, np.abs(e)) for o, e in zip(outputs, expected)]
    return {"precision": "integers" if is_integer else "f32", "rows": len(samples), "largest": float(np.max(gaps))}


def weights_agree(program, bundle, folder):
    """The weights in safetensors are those of the ONNX."""
    target = folder / "weights.safetensors"
    tenure(program, "export", bundle, "--format", "safetensors", "-o", target)
    tensors = load_file(target)
    model = onnx.load(folder / "model.onnx")
    constants = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    matrices = [name for name in tensors if name.endswith(".weight")]
    assert matrices, "there are weights"
    has = lambda wanted: any(c.dtype == wanted.dtype and np.array_equal(c, wanted) for c in constants)
    return all(has(tensors[name].T) for name in matrices)


def made_bundles(program, folder, n_customers):
    tenure(program, "synth", folder / "made", "--kind", "customers", "--format", "csv", "--customers", n_customers)
    customers = folder / "made/customers.csv"
    tenure(program, "init", customers, "-o", folder / "mine.toml")
    sets = [f'run.dir="{folder}/runs"', "model.preset=fast", "device.kind=cpu", "evaluate.permutations=0"]
    tenure(program, "run", folder / "mine.toml", "--quiet", *(w for s in sets for w in ("--set", s)))
    (run,) = (folder / "runs").iterdir()
    for precision in ("f32", "int8"):
        for scales in ("compact", "teacher"):
            bundle = folder / f"{precision}-{scales}.tenure"
            sets = [f"quantize.precision={precision}", f"distill.scales={scales}", "quantize.max_auc_loss=1",
                    "quantize.max_log_loss_rise=9"]
            tenure(program, "compress", run, "--quiet", "-o", bundle, *(w for s in sets for w in ("--set", s)))
            yield bundle



def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--customers", type=int, default=4000)
    parser.add_argument("--out", type=Path, help="write export.json here")
    args = parser.parse_args()
    program = args.program.resolve()
    results, failed = {"made": {}, "golden": {}}, False
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for bundle in made_bundles(program, folder, args.customers):
            with open(folder / "made/customers.csv") as file:
                rows = list(csv.DictReader(file))
            inputs = inspect(program, bundle)["inputs"]
            numbers = {i["name"] for i in inputs if "levels" not in i["encoder"]}
            bad = spoiled(rows, numbers, [i["name"] for i in inputs], random.Random(7))
            for name, chosen in (("clean", rows), ("spoiled", bad)):
                found = compare(program, bundle, chosen, folder)
                results["made"][f"{bundle.stem}, {name} rows"] = found
                failed |= found["precision"] == "f32" and not found["largest"] <= LIMIT
                print(f"{bundle.stem:14} {name:8} {found['rows']} rows: largest {found['largest']:.2e}, mean {found['mean']:.2e}")
            if not weights_agree(program, bundle, folder):
                failed = True
                print(f"{bundle.stem}: safetensors differ from the ONNX")
        for bundle in sorted(GOLDEN.glob("*.tenure")):
            found = golden(program, bundle, folder)
            results["golden"][bundle.stem] = found
            failed |= found["precision"] == "f32" and not found["largest"] <= LIMIT
            print(f"{bundle.stem:14} {found['precision']:8} {found['rows']} samples: largest {found['largest']:.2e}")
    results["versions"] = {name: version(name) for name in ("onnx", "onnxruntime", "safetensors", "numpy")}
    results["machine"] = platform.processor() or platform.machine()
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "export.json").write_text(json.dumps(results, indent=2) + "\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
