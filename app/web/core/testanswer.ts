// For tests alone: an answer as the server sends it.

/** The bytes of an answer without arrays. */
export function packed(meta: object): ArrayBuffer {
  const header = new TextEncoder().encode(JSON.stringify({ arrays: {}, meta }));
  const bytes = new Uint8Array(Math.ceil((4 + header.length) / 8) * 8);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  return bytes.buffer;
}
