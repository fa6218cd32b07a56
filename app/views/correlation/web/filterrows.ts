// The filters of a cell as rows: what is known of each, and their order.

export const MOST = 60; // rows in the page; the count of all stands above

/** A filter of the cell: how often it is among the most changed, here and in the run. */
export interface FilterRow {
  filter: number;
  times: number;
  base: number;
  rank: number;
  p: number;
}
/** The filters of a cell, as the route "correlation-filters" answers. */
export interface FiltersAnswer {
  arrays: {
    /** The iterations of the class. */
    iteration: Int32Array;
    filter: Int32Array;
    times: Int32Array;
    base: Int32Array;
    rank: Int32Array;
    q: Float32Array;
  };
  meta: { total: number; chosen: number; population: number };
}
/** What rows are sorted by, and whether the largest come first. */
export interface Sort {
  key: keyof FilterRow;
  down: boolean;
}

/** Return the filters of an answer, the most telling ones first. */
export function rowsOf({ arrays }: FiltersAnswer): FilterRow[] {
  return Array.from(arrays.filter, (filter, at) => ({
    filter,
    times: arrays.times[at],
    base: arrays.base[at],
    rank: arrays.rank[at],
    p: arrays.q[at],
  }));
}

/** Return the rows that are shown: the most telling ones, in the chosen order. */
export function sorted(rows: readonly FilterRow[], { key, down }: Sort): FilterRow[] {
  return rows
    .slice(0, MOST)
    .sort(
      (a, b) => (down ? b[key] - a[key] : a[key] - b[key]) || b.times - a.times || a.rank - b.rank,
    );
}
