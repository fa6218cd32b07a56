// Round values for the ticks of a scale, and how many of them have room.

const FEWEST = 3; // ticks, where their texts have room
const CHARACTER = 7; // pixels of a character of a tick's text, at most
const AIR = 12; // pixels between two texts

/**
 * Return up to about `count` round values within [low, high], for ticks; whole ones where
 * `whole` says so and at least two fit.
 */
export function roundTicks(
  low: number,
  high: number,
  count: number,
  { whole = false } = {},
): number[] {
  const span = high - low;
  // Ends that differ by their last digits alone have nothing round between them.
  const told = span > 1e-12 * Math.max(Math.abs(low), Math.abs(high));
  if (!told || !Number.isFinite(span)) return Number.isFinite(low) ? [low] : [];
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const units = whole && raw < 10 ? [1, 2, 5, 10] : [1, 2, 2.5, 5, 10];
  const found = units.map((unit) => unit * power).find((unit) => unit >= raw * 0.999) ?? 10 * power;
  const step = whole && span >= 2 ? Math.max(1, found) : found;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) {
    ticks.push(Math.abs(tick) < step * 1e-9 ? 0 : tick);
  }
  return ticks;
}

/**
 * Return what `make` gives for a number of ticks about `apart` pixels from each other on `room`
 * pixels. `make` rounds, which on a narrow scale may leave a single one: then for more of them, as
 * long as their texts have room.
 */
export function ticksInRoom<Tick extends { text: string }>(
  room: number,
  apart: number,
  make: (count: number) => Tick[],
): Tick[] {
  let count = Math.max(2, Math.floor(room / apart));
  let found = make(count);
  while (found.length < FEWEST) {
    count += 1;
    const finer = make(count);
    const longest = Math.max(1, ...finer.map(({ text }) => text.length));
    if (room / count < longest * CHARACTER + AIR) break;
    found = finer;
  }
  return found;
}
