// The mini-sets of an answer: filters of a layer that change together, and when they do.

import type { DetailAnswer, DetailArrays } from "./types.ts";

const details = new WeakMap<DetailAnswer, Detail>(); // answer -> Detail

/** The mini-sets of the layers. */
export class Detail {
  readonly arrays: DetailArrays;
  private readonly parts = new Map<number, number[]>(); // layer id -> its parts, the heaviest first
  private readonly present = new Map<number, Uint8Array>(); // p -> 0 or 1 for every iteration

  constructor({ arrays }: DetailAnswer) {
    this.arrays = arrays;
    arrays.part_layer.forEach((layer, p) => {
      const parts = this.parts.get(layer);
      if (parts) parts.push(p);
      else this.parts.set(layer, [p]);
    });
  }

  of(layer: number): readonly number[] {
    return this.parts.get(layer) || [];
  }

  size(p: number): number {
    return this.arrays.part_size[p];
  }

  filters(p: number): Int32Array {
    return this.arrays.part_filter.subarray(
      this.arrays.part_start[p],
      this.arrays.part_start[p + 1],
    );
  }

  moments(p: number): Int32Array {
    return this.arrays.presence.subarray(
      this.arrays.presence_start[p],
      this.arrays.presence_start[p + 1],
    );
  }

  /** Return 1 for each iteration i whose set contains part p, 0 for the others. */
  presence(p: number): Uint8Array {
    let present = this.present.get(p);
    if (!present) {
      present = new Uint8Array(this.arrays.iteration.length);
      for (const i of this.moments(p)) present[i] = 1;
      this.present.set(p, present);
    }
    return present;
  }
}

export function detailOf(answer: DetailAnswer): Detail {
  const detail = details.get(answer) ?? new Detail(answer);
  details.set(answer, detail);
  return detail;
}
