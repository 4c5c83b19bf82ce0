// node node.js FOLDER BUNDLE...: every bundle reproduces its samples through the wasm runtime, to the bit.
"use strict";
const fs = require("fs"), path = require("path");
const [folder, ...bundles] = process.argv.slice(2);
const { load } = require(path.join(folder, "tenure.js"));
const wasm = fs.readFileSync(path.join(folder, "tenure.wasm"));

(async () => {
  for (const bundle of bundles) {
    const bytes = fs.readFileSync(bundle);
    const model = await load(wasm, bytes);
    model.verify();
    const { flags, ...values } = model.predict({ spend: 30, plan: "never seen", orders: NaN });
    if (!flags.unseen || !flags.missing || !Object.values(values).every(Number.isFinite)) throw new Error("flags");
    console.log(path.basename(bundle), model.kernel, values);
    model.free();
    bytes[bytes.length >> 1] ^= 4;
    const refused = await load(wasm, bytes).then(() => false, (error) => /damaged/.test(error.message));
    if (!refused) throw new Error("a flipped bit was not found");
  }
})().catch((error) => { console.error(error); process.exit(1); });
