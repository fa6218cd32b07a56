// The way back to the whole cube.

import { selectionStore } from "#app/web/index.ts";

/** Show everything again: no slices, no ranges. */
export const reset = (): void =>
  selectionStore.set({
    sliceclass: null,
    slicelayer: null,
    sliceiteration: null,
    layerrange: null,
    classrange: null,
    zoom: null,
  });
