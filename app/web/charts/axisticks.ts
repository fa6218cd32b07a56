// Where a time axis is marked, whatever it counts.

import { numbers } from "../base/numbers.ts";
import { roundTicks, ticksInRoom } from "../core/ticks.ts";
import type { TimeAxis } from "../core/timeaxis.ts";

/** A mark of the scale: where it stands on the axis, and what it says. */
export interface Placed {
  coordinate: number;
  text: string;
}

/**
 * Return round places in view of an axis of this width (pixels), about `apart` pixels from each
 * other, in the unit of its own scale; iterations where it has none.
 */
export function axisTicks(axis: TimeAxis, width: number, apart = 96): Placed[] {
  const { scale } = axis;
  if (!scale) {
    const ends = axis.view().map((end) => axis.iterationAt(end));
    return ticksInRoom(width, apart, (count) =>
      roundTicks(ends[0], ends[1], count, { whole: true }).map((value) => ({
        coordinate: axis.coordinate(value),
        text: numbers.short(value),
      })),
    );
  }
  const [low, high] = axis.view().map((end) => axis.valueOf(end));
  return ticksInRoom(width, apart, (count) => scale.ticks(low, high, count)).map(
    ({ value, text }) => ({ coordinate: axis.coordinateOf(value), text }),
  );
}
