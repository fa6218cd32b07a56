// What views, annotations, findings and export may use of the browser's core, and nothing else of it.

export { drawnInto, sizeCanvas } from "./base/canvas.ts";
export * as colours from "./base/colours.ts";
export { DataError, decodeArrays, fetchArrays, fetchJson } from "./base/fetch.ts";
export { commonWords } from "./base/names.ts";
export { numbers } from "./base/numbers.ts";
export * as raster from "./base/raster.ts";
export { tooltip } from "./base/tooltip.ts";
export * as gutter from "./charts/gutter.ts";
export * as mapvalues from "./charts/mapvalues.ts";
export * as pictures from "./charts/pictures.ts";
export { PixelMap } from "./charts/pixelmap.ts";
export { PlotArea, zoom } from "./charts/plotarea.ts";
export { Strip } from "./charts/strip.ts";
export * as stripmarks from "./charts/stripmarks.ts";
export { catalogue } from "./core/catalogue.ts";
export {
  addressOf,
  afterDrawing,
  chartRegistry,
  registerKind,
  roomBelow,
  roomOf,
} from "./core/chart.ts";
export { connection } from "./core/connection.ts";
export { newer } from "./core/newer.ts";
export { say } from "./core/notices.ts";
export { selectionStore } from "./core/selection.ts";
export { selectionAddress } from "./core/selectionaddress.ts";
export { forgetAxes, gutters, roundTicks, TimeAxis, timeaxis } from "./core/timeaxis.ts";
export { live } from "./core/versions.ts";
