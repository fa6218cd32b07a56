// @ts-nocheck
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
const kept = new Map(); // address -> {promise, bytes}, oldest first

/** An answer that is no data; `message` can be shown, `status` is 0 where no answer came. */
export class DataError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Return f4 values of f2 bits: browsers without Float16Array read them through a table. */
let halves = null;
function fromHalves(bits) {
  if (!halves) {
    halves = new Float32Array(65536);
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
      halves[code] = code & 0x8000 ? -size : size;
    }
  }
  return Float32Array.from(bits, (code) => halves[code]);
}

/** Return {arrays: {name: TypedArray with .shape}, meta} of the bytes of one answer. */
export function decodeArrays(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const start = Math.ceil((4 + length) / 8) * 8;
  const arrays = {};
  for (const [name, { dtype, shape, offset }] of Object.entries(header.arrays)) {
    const size = shape.reduce((product, side) => product * side, 1);
    arrays[name] =
      dtype === "f2"
        ? fromHalves(new Uint16Array(buffer, start + offset, size))
        : new TYPES[dtype](buffer, start + offset, size);
    arrays[name].shape = shape;
  }
  return { arrays, meta: header.meta };
}

async function answerOf(url) {
  let answer;
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

async function load(url, entry) {
  const buffer = await (await answerOf(url)).arrayBuffer();
  entry.bytes = buffer.byteLength;
  trim();
  return decodeArrays(buffer);
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
export function fetchArrays(url) {
  let entry = kept.get(url);
  if (entry) {
    kept.delete(url);
  } else {
    entry = { bytes: 0 };
    entry.promise = load(url, entry).catch((error) => {
      kept.delete(url);
      throw error;
    });
  }
  kept.set(url, entry);
  return entry.promise;
}

/** Return a promise of the JSON of an address that is never kept. Rejects with DataError. */
export const fetchJson = async (url) => (await answerOf(url)).json();
