// What views, annotations, findings and export may use of the browser's core, and nothing else of it.

export { anomalousClasses } from "./base/anomalous.ts";
export type { DrawingContext, MakeSurface, Surface } from "./base/canvas.ts";
export { drawnInto, sizeCanvas } from "./base/canvas.ts";
export type { Fitted, Scale } from "./base/colours.ts";
export * as colours from "./base/colours.ts";
export { make, makeChoices, replaceKept } from "./base/elements.ts";
export { messageOf } from "./base/errors.ts";
export type { Answer, Matrix, Numbers } from "./base/fetch.ts";
export { DataError, decodeArrays, fetchArrays, fetched, fetchJson } from "./base/fetch.ts";
export { strokeMany } from "./base/hairlines.ts";
export { commonWords, cutNames, differsAt } from "./base/names.ts";
export type { Format, Maybe } from "./base/numbers.ts";
export { numbers } from "./base/numbers.ts";
export type { Spread } from "./base/paths.ts";
export { follow, spread, stretches } from "./base/paths.ts";
export * as predictions from "./base/predictions.ts";
export { powers } from "./base/ranges.ts";
export type { Bins, Extreme, Painted, PaintOptions } from "./base/raster.ts";
export * as raster from "./base/raster.ts";
export { duration, roundTimes } from "./base/times.ts";
export type { TooltipLine } from "./base/tooltip.ts";
export { tooltip } from "./base/tooltip.ts";
export type { Tree } from "./base/tree.ts";
export { grow } from "./base/tree.ts";
export type { Group, Groups, Order } from "./charts/gutter.ts";
export * as gutter from "./charts/gutter.ts";
export { imageDialog } from "./charts/imagedialog.ts";
export { Lane, telling } from "./charts/lane.ts";
export * as mapvalues from "./charts/mapvalues.ts";
export type { Sheet } from "./charts/pictures.ts";
export * as pictures from "./charts/pictures.ts";
export type { MapArrays, MapMeta, MapScale, MapValues, PointedRow } from "./charts/pixelmap.ts";
export { PixelMap } from "./charts/pixelmap.ts";
export type { Hooks, Place } from "./charts/plotarea.ts";
export { PlotArea, zoom } from "./charts/plotarea.ts";
export { Strip } from "./charts/strip.ts";
export type { Counts, LineStyle, Series, ValueScale } from "./charts/stripmarks.ts";
export * as stripmarks from "./charts/stripmarks.ts";
export type { AxisScale, Clocks } from "./core/axisscale.ts";
export { clock as clockWords, scaleOf } from "./core/axisscale.ts";
export { catalogue, isActivation, isRatio, manyOf, noClass, nothing } from "./core/catalogue.ts";
export type { Chart } from "./core/chart.ts";
export {
  addressOf,
  afterDrawing,
  chartRegistry,
  registerKind,
  roomBelow,
  roomOf,
  within,
} from "./core/chart.ts";
export type {
  ChartKinds,
  ChartOptions,
  MapOptions,
  Run,
  StripLine,
  StripOptions,
} from "./core/chartoptions.ts";
export type { Notice } from "./core/connection.ts";
export { connection } from "./core/connection.ts";
export type { CubeCell, Fields, Names, Pair, Pointed, Range, Selection } from "./core/fields.ts";
export { keyTable, writes } from "./core/keys.ts";
export { LastAnswer } from "./core/lastanswer.ts";
export { type Mark, marks, SIGNS, said } from "./core/marks.ts";
export { onPush, visit } from "./core/navigation.ts";
export { newer } from "./core/newer.ts";
export { say } from "./core/notices.ts";
export { offer, setProps } from "./core/page.ts";
export { Pieces } from "./core/pieces.ts";
export type {
  Area,
  Handler,
  MarksPlace,
  PlacedRow,
  RowPlace,
  Rows,
  Thing,
} from "./core/protocol.ts";
export { RestingCursor } from "./core/restingcursor.ts";
export type { Subscriber } from "./core/selection.ts";
export { selectionStore } from "./core/selection.ts";
export { selectionAddress } from "./core/selectionaddress.ts";
export { roundTicks } from "./core/ticks.ts";
export type { Gutter, Iterations } from "./core/timeaxis.ts";
export { forgetAxes, setGutter, TimeAxis, timeaxis } from "./core/timeaxis.ts";
export { live } from "./core/versions.ts";
export type { ValueAxis } from "./histograms/axis.ts";
export { axisOf as valueAxisOf } from "./histograms/axis.ts";
export * as density from "./histograms/density.ts";
export * as histogramLook from "./histograms/look.ts";
export * as ridges from "./histograms/ridges.ts";
export * as spreads from "./histograms/spreads.ts";
export * as histogramTimes from "./histograms/times.ts";
export type { PairArrays, Spread as HistogramSpread } from "./histograms/types.ts";
export type { Look } from "./scalars/card.ts";
export { aheadOfScalars } from "./scalars/first.ts";
export { ScalarList } from "./scalars/list.ts";
export { COLOURS as scalarColours, lookOfRun as runLook } from "./scalars/look.ts";
export type { Plot, Scalar } from "./scalars/names.ts";
export { partOf } from "./scalars/names.ts";
