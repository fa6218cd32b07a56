// How panes lie: the numbers of their columns and rows, and the sizes of these.

/** How many columns and rows there are. */
export interface Shape {
  columns: number;
  rows: number;
}
/** The direction of a size. */
export type Way = "across" | "down";
/** Of columns and rows, per mille. */
export type Sizes = Record<Way, number[]>;

export const WHOLE = 1000;
export const LEAST = 120; // per mille of a direction, so that nothing vanishes
const NARROWEST = 300; // px: a narrower column goes below the others
const COLUMNS: Record<string, (count: number) => number> = {
  columns: (count) => count,
  rows: () => 1,
  grid: (count) => Math.min(2, count),
};

/** Return how `count` panes lie where `room` pixels are: the numbers of columns and rows. */
export function shapeOf(arrange: string, count: number, room: number): Shape {
  const wanted = (COLUMNS[arrange] || COLUMNS.columns)(count);
  const columns = Math.max(1, Math.min(wanted, Math.floor(room / NARROWEST)));
  return { columns, rows: Math.max(1, Math.ceil(count / columns)) };
}

const even = (count: number): number[] =>
  Array.from(
    { length: count },
    (_, at) => Math.floor((WHOLE * (at + 1)) / count) - Math.floor((WHOLE * at) / count),
  );
const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** Return the sizes of the columns and of the rows; even ones where those kept do not fit. */
export function sizesOf(kept: readonly number[], { columns, rows }: Shape): Sizes {
  const fits = (sizes: readonly number[], count: number) =>
    sizes.length === count && sum(sizes) === WHOLE && sizes.every((size) => size >= LEAST / 2);
  const [across, down] = [kept.slice(0, columns), kept.slice(columns)];
  return {
    across: fits(across, columns) ? across : even(columns),
    down: fits(down, rows) ? down : even(rows),
  };
}

/** Return sizes with the border after column or row `at` moved by so much per mille. */
export function moved(sizes: Sizes, way: Way, at: number, by: number): Sizes {
  const next = { across: [...sizes.across], down: [...sizes.down] };
  const both = sizes[way][at - 1] + sizes[way][at];
  next[way][at - 1] = Math.min(both - LEAST, Math.max(LEAST, Math.round(sizes[way][at - 1] + by)));
  next[way][at] = both - next[way][at - 1];
  return next;
}
