"""A row scored: our edge runtime beside ONNX Runtime (Python and C) and LightGBM, one thread each.

    cargo bench -p tenure-edge --bench score --no-run        (prints the program's path)
    cargo rustc --release -p tenure-edge --features capi --crate-type cdylib
    python benches/peers/edge.py BENCH_PROGRAM LIBTENURE_EDGE_SO [--repeats 5] [--out FOLDER]

The network is 64-128-64-1 with the same weights and rows everywhere. ONNX Runtime gets rows that are encoded already and
answers with the uncalibrated probability; ours reads raw fields, encodes and calibrates. All programs run in turn within
each repetition, so that what else the machine does meets all alike; of each the fastest pass counts within a repetition,
and the median of repetitions is told.
"""

import argparse
import ctypes
import json
import os
import platform
import re
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import lightgbm  # noqa: E402
import numpy as np  # noqa: E402
import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static  # noqa: E402

WIDTHS = [64, 128, 64, 1]
N_ROWS, N_COLUMNS, N_SINGLE = 4096, WIDTHS[0], 512
PASSES = 9
HERE = Path(__file__).parent


def floats(path, *shape):
    return np.fromfile(path, "<f4").reshape(shape)


def write_onnx(folder):
    """The network in single precision, and a quantized one (QDQ, per channel, calibrated on 512 rows)."""
    nodes, weights, x = [], [], "x"
    for i, (n_in, n_out) in enumerate(zip(WIDTHS, WIDTHS[1:])):
        weights.append(numpy_helper.from_array(floats(folder / f"weights{i}.f32", n_in, n_out), f"w{i}"))
        weights.append(numpy_helper.from_array(floats(folder / f"bias{i}.f32", n_out), f"b{i}"))
        nodes.append(helper.make_node("Gemm", [x, f"w{i}", f"b{i}"], [f"g{i}"]))
        last = i == len(WIDTHS) - 2
        x = "p" if last else f"h{i}"
        nodes.append(helper.make_node("Sigmoid" if last else "Relu", [f"g{i}"], [x]))
    value = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", width])
    graph = helper.make_graph(nodes, "mlp", [value("x", N_COLUMNS)], [value("p", 1)], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, folder / "fp32.onnx")

    class Rows(CalibrationDataReader):
        def __init__(self, rows):
            self.rows = iter(rows)

        def get_next(self):
            row = next(self.rows, None)
            return None if row is None else {"x": row[None]}

    rows = floats(folder / "encoded.f32", N_ROWS, N_COLUMNS)
    quantize_static(folder / "fp32.onnx", folder / "int8.onnx", Rows(rows[:512]), quant_format=QuantFormat.QDQ,
                    per_channel=True, weight_type=QuantType.QInt8)


def fastest(call, n_rows):
    """Microseconds a row of the fastest pass."""
    best = float("inf")
    for _ in range(PASSES):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return 1e6 * best / n_rows


class OrtPython:
    def __init__(self, path, rows):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.rows = rows
        self.singles = [np.ascontiguousarray(row[None]) for row in rows[:N_SINGLE]]
        self.bindings = [self.bind(row) for row in self.singles]

    def bind(self, row):
        binding = self.session.io_binding()
        binding.bind_cpu_input("x", row)
        binding.bind_output("p", "cpu")
        return binding

    def measure(self):
        run = self.session.run
        return {
            "single_us": fastest(lambda: [run(None, {"x": row}) for row in self.singles], N_SINGLE),
            "single_bound_us": fastest(lambda: [self.session.run_with_iobinding(b) for b in self.bindings], N_SINGLE),
            "batch_us": fastest(lambda: run(None, {"x": self.rows}), N_ROWS),
        }


class OrtC:
    def __init__(self, program, model, rows):
        library = next((Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so.*"))
        self.command = [program, library, model, rows, str(N_ROWS), str(N_COLUMNS), str(N_SINGLE)]

    def measure(self):
        single, batch, total = map(float, subprocess.check_output(self.command, text=True).split())
        return {"single_us": single, "batch_us": batch, "sum": total}


class LightGbm:
    def __init__(self, rows, target):
        train = lightgbm.Dataset(rows, target, params={"verbose": -1})
        settings = {"objective": "binary", "num_leaves": 31, "num_threads": 1, "verbose": -1}
        self.booster = lightgbm.train(settings, train, 100)
        self.rows = rows.astype(np.float64)
        self.fast = self.init_fast()

    def init_fast(self):
        """The C API's fast path for single rows."""
        config = ctypes.c_void_p()
        library = lightgbm.basic._LIB
        status = library.LGBM_BoosterPredictForMatSingleRowFastInit(
            self.booster._handle, 0, 0, 100, 1, N_COLUMNS, ctypes.c_char_p(b"num_threads=1"), ctypes.byref(config))
        assert status == 0, "LightGBM's fast path"
        out, n = (ctypes.c_double * 1)(), ctypes.c_int64()
        call = library.LGBM_BoosterPredictForMatSingleRowFast
        pointers = [ctypes.c_void_p(row.ctypes.data) for row in self.rows[:N_SINGLE]]
        return lambda: [call(config, pointer, ctypes.byref(n), out) for pointer in pointers]

    def measure(self):
        predict = self.booster.predict
        return {
            "single_us": fastest(lambda: [predict(row[None], num_threads=1) for row in self.rows[:N_SINGLE]], N_SINGLE),
            "single_c_us": fastest(self.fast, N_SINGLE),
            "batch_us": fastest(lambda: predict(self.rows, num_threads=1), N_ROWS),
        }


class Prediction(ctypes.Structure):
    _fields_ = [("values", ctypes.c_double * 3), ("n_values", ctypes.c_uint32), ("flags", ctypes.c_uint32)]


class OursC:
    """The C interface, called through ctypes: what the call costs is Python's."""

    def __init__(self, library, bundle, rows):
        self.library = ctypes.CDLL(library)
        file = Path(bundle).read_bytes()
        self.scorer = ctypes.c_void_p()
        assert self.library.tenure_load(file, len(file), ctypes.byref(self.scorer), None, 0) == 0
        self.rows, self.out = rows, (Prediction * N_ROWS)()

    def predict(self, at, n_rows):
        status = self.library.tenure_predict_numbers(
            self.scorer, ctypes.c_void_p(self.rows.ctypes.data + 4 * N_COLUMNS * at), n_rows, self.out, None, 0)
        assert status == 0

    def measure(self):
        found = {
            "single_us": fastest(lambda: [self.predict(at, 1) for at in range(N_SINGLE)], N_SINGLE),
            "batch_us": fastest(lambda: self.predict(0, N_ROWS), N_ROWS),
        }
        return found | {"sum": sum(p.values[0] for p in self.out)}


class OursNative:
    """The bench program: each kernel, raw fields in, calibrated probability out."""

    LINE = re.compile(r"(int8|f32)/piecewise/([\w-]+)/(single|single, tagged values|batch of 4096)\s+(\d+)\s+(\d+)$")

    def __init__(self, program):
        self.program = program

    def measure(self):
        lines = subprocess.check_output([self.program, "--only", "/piecewise/"], text=True).splitlines()
        cases = filter(None, map(self.LINE.match, lines))
        return {f"{c[1]} {c[2]}, {c[3]}": int(c[5]) / 1e3 for c in cases}


def median(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def bars(found):
    """What is aimed at, and the ratio found: the slowest of ours that the machine's best kernel gives."""
    native = {key: us for key, us in found["ours, native"].items() if key.startswith("int8")}
    single = min(us for key, us in native.items() if key.endswith("single"))
    batch = min(us for key, us in native.items() if "batch" in key)
    rows = [("single row of ours, us", single, "<= 1")]
    for name, key in [("ORT fp32, Python", "single_us"), ("ORT fp32, Python", "single_bound_us"),
                      ("ORT int8, Python", "single_us"), ("ORT int8, Python", "single_bound_us"),
                      ("ORT fp32, C", "single_us"), ("ORT int8, C", "single_us"),
                      ("LightGBM", "single_us"), ("LightGBM", "single_c_us")]:
        rows.append((f"{name}, {key} / ours", found[name][key] / single, ">= 10"))
    rows.append(("ORT fp32, C, batch / ours", found["ORT fp32, C"]["batch_us"] / batch, ">= 1.5"))
    rows.append(("ORT fp32, Python, batch / ours", found["ORT fp32, Python"]["batch_us"] / batch, ">= 1.5"))
    return [{"what": what, "found": round(value, 3), "aim": aim} for what, value, aim in rows]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("library")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.check_call([args.bench, "--export", folder], stdout=subprocess.DEVNULL)
        write_onnx(folder)
        subprocess.check_call(["cc", "-O2", "-o", folder / "ort", HERE / "ort.c", "-ldl"])
        raw = floats(folder / "rows.f32", N_ROWS, N_COLUMNS)
        encoded = floats(folder / "encoded.f32", N_ROWS, N_COLUMNS)
        fp32 = OrtPython(folder / "fp32.onnx", encoded)
        target = fp32.session.run(None, {"x": encoded})[0][:, 0]
        peers = {
            "ours, native": OursNative(args.bench),
            "ours int8, C through ctypes": OursC(args.library, folder / "int8-piecewise.tenure", raw),
            "ORT fp32, Python": fp32,
            "ORT int8, Python": OrtPython(folder / "int8.onnx", encoded),
            "ORT fp32, C": OrtC(folder / "ort", folder / "fp32.onnx", folder / "encoded.f32"),
            "ORT int8, C": OrtC(folder / "ort", folder / "int8.onnx", folder / "encoded.f32"),
            "LightGBM": LightGbm(raw, (target > np.median(target)).astype(int)),
        }
        runs = {name: [] for name in peers}
        load = [os.getloadavg()[0]]
        for _ in range(args.repeats):
            for name, peer in peers.items():
                runs[name].append(peer.measure())
            load.append(os.getloadavg()[0])
        found = {name: median(measured) for name, measured in runs.items()}
        sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir()) if path.suffix in (".onnx", ".tenure")}
    assert abs(found["ORT fp32, C"]["sum"] - target.sum()) < 1e-2, "the C program runs the same network"
    told = {
        "processor": next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("onnxruntime", "onnx", "lightgbm", "numpy")},
        "load_before_and_after_each_repetition": load,
        "microseconds_a_row": found,
        "bytes": sizes,
        "bars": bars(found),
    }
    print(json.dumps(told, indent=1))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "edge.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
