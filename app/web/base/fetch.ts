// Typed matrices from the authenticated data routes: fetched once per address, kept while recent.
//
// The bytes: u4 length of the JSON header, the header, then each array at an 8-byte boundary
// (see app/binary.py). Little-endian, as every machine that runs a browser is.

const KEPT_BYTES = 192 * 2 ** 20;
const TYPES = {
  f8: Float64Array,
  f4: Float32Array,
  i4: Int32Array,
  u4: Uint32Array,
  i2: Int16Array,
  u2: Uint16Array,
  i1: Int8Array,
  u1: Uint8Array,
};
/** The numbers of an array of an answer, in C order. */
export type Numbers =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;
/** An array of an answer, with the lengths of its axes. */
export type Matrix<Kind extends Numbers = Numbers> = Kind & { shape: number[] };
/** Arrays by name, where options name them. */
export type Matrices = Record<string, Matrix>;
/** What a data route answers: arrays by name, and what JSON can say (each route says what). */
export interface Answer<Meta = object, Arrays = object> {
  arrays: Arrays;
  meta: Meta;
}
interface Entry {
  promise: Promise<Answer>;
  /** Once it has come. */
  answer?: Answer;
  bytes: number;
}
interface Header {
  arrays: Record<string, { dtype: keyof typeof TYPES | "f2"; shape: number[]; offset: number }>;
  meta: object;
}

const kept = new Map<string, Entry>(); // by address, oldest first

/** An answer that is no data; `message` can be shown, `status` is 0 where no answer came. */
export class DataError extends Error {
  /** The status of the answer; 0 where none came. */
  status: number;
  /** What an annotation is now, for one who came second. */
  annotation?: unknown;
  /** What the request was about and is no longer there: "run", "annotation", "reply". */
  gone?: string;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Return f4 values of f2 bits: a table is as fast as Float16Array, which not every browser has. */
let halves: Float32Array | null = null;
function fromHalves(bits: Uint16Array): Float32Array<ArrayBuffer> {
  let table = halves;
  if (!table) {
    table = new Float32Array(65536);
    for (let code = 0; code < 65536; code++) {
      const exponent = (code >> 10) & 31;
      const fraction = code & 1023;
      const size =
        exponent === 31
          ? fraction
            ? NaN
            : Infinity
          : exponent
            ? 2 ** (exponent - 15) * (1 + fraction / 1024)
            : fraction * 2 ** -24;
      table[code] = code & 0x8000 ? -size : size;
    }
    halves = table;
  }
  const values = new Float32Array(bits.length);
  // from() with a function asks an iterator for each: thirty times as long for millions of values.
  for (let at = 0; at < bits.length; at++) values[at] = table[bits[at]];
  return values;
}

/** Return {arrays: {name: TypedArray with .shape}, meta} of the bytes of one answer. */
export function decodeArrays(buffer: ArrayBuffer): Answer {
  const length = new DataView(buffer).getUint32(0, true);
  const header: Header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = Math.ceil((4 + length) / 8) * 8;
  const arrays: Record<string, Matrix> = {};
  for (const [name, { dtype, shape, offset }] of Object.entries(header.arrays)) {
    const size = shape.reduce((product, side) => product * side, 1);
    const values =
      dtype === "f2"
        ? fromHalves(new Uint16Array(buffer, start + offset, size))
        : new TYPES[dtype](buffer, start + offset, size);
    arrays[name] = Object.assign(values, { shape });
  }
  return { arrays, meta: header.meta };
}

async function answerOf(url: string): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, { credentials: "same-origin" });
  } catch {
    throw new DataError("The server does not answer; is it still running?", 0);
  }
  if (answer.redirected || answer.status === 401) {
    throw new DataError("You are no longer logged in; reload the page to log in again.", 401);
  }
  if (!answer.ok) {
    const body = await answer.json().catch(() => ({}));
    throw new DataError(body.error || `The server answered ${answer.status}.`, answer.status);
  }
  return answer;
}

async function load(url: string, entry: Entry): Promise<Answer> {
  const buffer = await (await answerOf(url)).arrayBuffer();
  entry.bytes = buffer.byteLength;
  trim();
  entry.answer = decodeArrays(buffer);
  return entry.answer;
}

function trim() {
  let total = 0;
  for (const entry of kept.values()) total += entry.bytes;
  for (const [url, entry] of kept) {
    if (total <= KEPT_BYTES || kept.size === 1) return;
    total -= entry.bytes;
    kept.delete(url);
  }
}

/**
 * Return a promise of {arrays, meta}. The same address gives the same promise while it is kept,
 * so the address must name the version of what it asks for. Rejects with DataError.
 */
export function fetchArrays<Given extends Answer = Answer>(url: string): Promise<Given> {
  let entry = kept.get(url);
  if (entry) {
    kept.delete(url);
  } else {
    const made: Entry = { bytes: 0, promise: Promise.resolve({ arrays: {}, meta: {} }) };
    made.promise = load(url, made).catch((error) => {
      kept.delete(url);
      throw error;
    });
    entry = made;
  }
  kept.set(url, entry);
  return entry.promise as Promise<Given>;
}

/**
 * Return what was fetched of an address, null where it has not come, or is not kept. Who asks while
 * drawing needs no second drawing for what is there.
 */
export const fetched = <Given extends Answer = Answer>(url: string): Given | null =>
  (kept.get(url)?.answer as Given | undefined) ?? null;

/** Return a promise of the JSON of an address that is never kept. Rejects with DataError. */
export const fetchJson = async <Given = unknown>(url: string): Promise<Given> =>
  (await answerOf(url)).json();
