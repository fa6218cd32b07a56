// Which classes are anomalous anywhere: what several views keep to.

const SIDES = ["left", "right", "pending"] as const;
type Arrays = Record<`${(typeof SIDES)[number]}_class_id`, ArrayLike<number>>;

/** Return the classes that have an anomaly at any snapshot, of the answer of "anomalies". */
export function anomalousClasses(arrays: Arrays): Set<number> {
  return new Set(SIDES.flatMap((side) => Array.from(arrays[`${side}_class_id`])));
}
