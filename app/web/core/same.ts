// Whether two values of the selection are the same: lists by what is in them.

export const same = (a: unknown, b: unknown): boolean =>
  a === b || JSON.stringify(a) === JSON.stringify(b);
