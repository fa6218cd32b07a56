// The range of values that a chart shows.

/** Return the ends of what lies between two shares of some values, as numpy's quantile; null: none. */
export function between(
  values: Float64Array<ArrayBuffer>,
  low: number,
  high: number,
): [number, number] | null {
  if (!values.length) return null;
  const sorted = values.slice().sort();
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const first = Math.floor(place);
    const next = Math.min(first + 1, sorted.length - 1);
    return sorted[first] + (place - first) * (sorted[next] - sorted[first]);
  };
  return [at(low), at(high)];
}

/** Return a range that is a share wider at each end, of a scale that may be logarithmic. */
export function wider(
  [low, high]: readonly [number, number],
  share: number,
  log: boolean,
): [number, number] {
  // Or differ by rounding alone.
  if (high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high))) {
    if (log) return [low / 2, high * 2];
    const half = Math.abs(low) / 2 || 1;
    return [low - half, high + half];
  }
  if (!log) return [low - share * (high - low), high + share * (high - low)];
  const factor = (high / low) ** share;
  return [low / factor, high * factor];
}

/** Return the powers of ten within a range, every so many that there are at most `count`. */
export function powers(low: number, high: number, count: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / count));
  const found: number[] = [];
  for (let power = first; power <= last; power += step) found.push(10 ** power);
  return found;
}
