// The moving average of a curve: exponential, weighted by distance, without a bias at the beginning.
//
// deeptracker/smoothing.py is the same in Python; both are tested on the same numbers.

// As wide as W&B's screen: at a weight of w, a value still counts w ** (1 / 2) after one of them.
const STEPS = 1000;
const MOST = 0.999;

/**
 * Return the average at each place. `places` [n] rise; a distance of `span` is the whole axis;
 * `weight` is 0 (none) to 1; `counts` say how many values each of `values` is the mean of.
 */
export function smoothed(
  places: ArrayLike<number>,
  values: ArrayLike<number>,
  weight: number,
  span: number,
  counts?: ArrayLike<number>,
): Float64Array<ArrayBuffer> {
  const found = new Float64Array(values.length);
  const logarithm = Math.log(Math.min(Math.sqrt(weight), MOST));
  let sum = 0;
  let all = 0;
  for (let at = 0; at < values.length; at++) {
    const distance = at && span > 0 ? ((places[at] - places[at - 1]) / span) * STEPS : 0;
    const kept = distance ? Math.exp(logarithm * distance) : Number(weight > 0);
    const count = counts ? counts[at] : 1;
    sum = sum * kept + values[at] * count;
    all = all * kept + count;
    found[at] = sum / all;
  }
  return found;
}
