// What stands in place of a predicted class, and how predictions are worded: deeptracker/format says
// the same.

/** The network gave none, as where its output is NaN: no class, and wrong. */
export const NO_PREDICTION = -1;
/** Nobody asked the network: neither right nor wrong. */
export const NOT_VALIDATED = -2;

/** Return whether an image of a class is right: 1, 0, or NaN where nothing was validated. */
export function rightness(taken: number, classId: number): number {
  return taken === NOT_VALIDATED ? NaN : taken === classId ? 1 : 0;
}

/** Return the name of a predicted class, or in words why there is none. */
export function predictedClass(names: readonly string[], taken: number): string {
  if (taken === NO_PREDICTION) return "no prediction";
  return taken === NOT_VALIDATED ? "not validated" : names[taken];
}

/** Return "predicted as" a class, or in words why there is none. */
export function predictedAs(names: readonly string[], taken: number): string {
  const name = predictedClass(names, taken);
  return taken < 0 ? name : `predicted as ${name}`;
}
