/** A raw value: a number, the name of a level, or nothing where it is missing. */
export type Value = number | string | null | undefined;

/** What was unusual about a row. */
export interface Flags {
  /** A value was missing, NaN or infinite. */
  missing: boolean;
  /** A level was not seen in training, or too seldom. */
  unseen: boolean;
  /** A number lay outside of what training saw. */
  outOfRange: boolean;
}

export type Prediction =
  | { probability: number; flags: Flags }
  | { expected: number; pBuys: number; flags: Flags }
  | { probability: number; expected: number; pBuys: number; flags: Flags }
  | { segment: number; distance: number; flags: Flags };

export interface Model {
  readonly task: "churn" | "value" | "churn+value" | "segment";
  readonly kernel: "portable" | "simd128";
  readonly inputs: ReadonlyArray<{ name: string; kind: "number" | "level" }>;
  /** Scores a row: an array in the order of `inputs`, or an object by name. Throws where the row does not fit. */
  predict(row: ReadonlyArray<Value> | Readonly<Record<string, Value>>): Prediction;
  /** Scores rows of numbers (NaN where one is missing), one after the other: three values a row, in the order of a
   * {@link Prediction}; those that the task lacks are 0. */
  predictNumbers(rows: Float32Array): Float64Array;
  /** Throws unless the bundle reproduces its own samples to the last bit. */
  verify(): void;
  /** Gives the memory back; the model is gone. */
  free(): void;
}

/** Loads a bundle. Throws where it is not one, is damaged, or is newer than this build. */
export function load(wasm: BufferSource, bundle: ArrayBuffer | Uint8Array): Promise<Model>;
