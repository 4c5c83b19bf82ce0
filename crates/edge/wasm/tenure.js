// Scores rows with a bundle (.tenure), in a browser or in Node, offline. Types: tenure.d.ts.
(function (root) {
  "use strict";
  const MISSING = 1, UNSEEN = 2, OUT_OF_RANGE = 4;

  class Model {
    constructor(exports, session) {
      this.x = exports;
      this.session = session;
      this.task = this.text("task");
      this.kernel = this.text("kernel");
      this.inputs = [];
      for (let i = 0; i < exports.tw_n_inputs(session); i++) {
        const name = this.text("input_name", i);
        this.inputs.push({ name, kind: exports.tw_reads_numbers(session, i) ? "number" : "level" });
      }
    }

    text(what, ...args) {
      const at = this.x["tw_" + what](this.session, ...args);
      const size = this.x["tw_" + what + "_size"](this.session, ...args);
      return new TextDecoder().decode(new Uint8Array(this.x.memory.buffer, at, size));
    }

    check(ok) {
      if (!ok) throw new Error(this.text("message"));
    }

    set(i, value) {
      const { x, session } = this;
      if (value === undefined || value === null) {
        x.tw_set_missing(session, i);
      } else if (typeof value === "number") {
        x.tw_set_number(session, i, value);
      } else {
        withBytes(x, new TextEncoder().encode(String(value)), (at, size) => x.tw_set_level(session, i, at, size));
      }
    }

    // A row is an array in the order of `inputs`, or an object by name; what is not given is missing.
    predict(row) {
      const { x, session } = this;
      if (Array.isArray(row) && row.length !== this.inputs.length) {
        throw new Error(`expected a row of ${this.inputs.length} values, found ${row.length}`);
      }
      this.inputs.forEach((input, i) => this.set(i, Array.isArray(row) ? row[i] : row[input.name]));
      this.check(x.tw_score(session));
      const [first, second, third] = [0, 1, 2].map((place) => x.tw_value(session, place));
      const bits = x.tw_flags(session);
      const flags = {
        missing: (bits & MISSING) !== 0, unseen: (bits & UNSEEN) !== 0, outOfRange: (bits & OUT_OF_RANGE) !== 0,
      };
      if (this.task === "churn") return { probability: first, flags };
      if (this.task === "value") return { expected: first, pBuys: second, flags };
      if (this.task === "churn+value") return { probability: first, expected: second, pBuys: third, flags };
      return { segment: first, distance: second, flags };
    }

    // Rows of numbers, one after the other; three values a row come back, those that the task lacks 0.
    predictNumbers(rows) {
      const { x, session } = this;
      const nRows = rows.length / this.inputs.length;
      if (!Number.isInteger(nRows)) throw new Error(`${rows.length} values are not whole rows of ${this.inputs.length}`);
      return withBytes(x, new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength), (at) => {
        const size = 24 * nRows, out = x.tw_alloc(size + 8);
        const aligned = (out + 7) & ~7;
        try {
          this.check(x.tw_score_numbers(session, at, nRows, aligned));
          return new Float64Array(x.memory.buffer.slice(aligned, aligned + size));
        } finally {
          x.tw_release(out, size + 8);
        }
      });
    }

    // Throws unless the bundle reproduces its own samples to the last bit.
    verify() {
      this.check(this.x.tw_verify(this.session));
    }

    free() {
      this.x.tw_free(this.session);
    }
  }

  // Copies bytes in, four-byte aligned, for the length of a call.
  function withBytes(x, bytes, call) {
    const size = bytes.length + 4, room = x.tw_alloc(size), at = (room + 3) & ~3;
    new Uint8Array(x.memory.buffer, at, bytes.length).set(bytes);
    try {
      return call(at, bytes.length);
    } finally {
      x.tw_release(room, size);
    }
  }

  // `wasm` and `bundle`: bytes. Fetching them is the caller's business.
  async function load(wasm, bundle) {
    const { instance } = await WebAssembly.instantiate(wasm, {});
    const x = instance.exports;
    const session = withBytes(x, new Uint8Array(bundle), (at, size) => x.tw_load(at, size));
    if (!x.tw_is_loaded(session)) {
      const text = new Uint8Array(x.memory.buffer, x.tw_message(session), x.tw_message_size(session));
      const message = new TextDecoder().decode(text);
      x.tw_free(session);
      throw new Error(message);
    }
    return new Model(x, session);
  }

  const api = { load };
  if (typeof module !== "undefined" && module.exports) module.exports = api;
  else root.Tenure = api;
})(typeof globalThis !== "undefined" ? globalThis : this);
