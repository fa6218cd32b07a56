// What every kind of chart may be told. Written by `python -m app.components.chart_types` of
// app/components/chart_options, where it is declared and checked.

export interface ChartOptions {
  label: string;
  url?: string;
  table?: string;
  group?: string;
  redraw?: readonly string[];
}

export interface DataOptions extends ChartOptions {
  url: string;
}

export interface Say {
  noColumns?: string;
  noRows?: string;
  noValues?: string;
  noFilter?: string;
}

export interface AnomalyTableOptions extends DataOptions {
  names: string;
  say: Say;
}

export interface ChangesOptions extends DataOptions {
  compared?: string;
}

export interface Run {
  id: number;
  of: string;
  name: string;
  state: string;
  error: number | null;
  snapshots: number;
  href: string;
  colour?: number;
}

export interface RunsOptions extends ChartOptions {
  runs: readonly Run[];
}

export interface RunsDataOptions extends RunsOptions {
  url: string;
  legend?: string;
}

export interface CompareImagesOptions extends RunsDataOptions {
  sheets: string;
}

export interface CompareKeyOptions extends RunsDataOptions {
  said: readonly string[];
}

export interface MapOptions extends DataOptions {
  array: string;
  divide?: string;
  complement?: boolean;
  labels: string;
  groups?: string;
  palette?: string;
  signedPalette?: string;
  domain?: readonly [number, number];
  scaling?: string;
  order?: string;
  extreme?: "max" | "min" | "absolute";
  maxHeight?: number;
  rowHeight?: number;
  format?: "number" | "percent" | "integer";
  what?: string;
  value?: string;
  legend?: string;
  say?: Say;
  ends?: readonly [string, string];
}

export interface CompareMapOptions extends MapOptions {
  side: "first" | "second" | "difference";
  title?: string;
  runs: readonly Run[];
}

export interface ScalarListOptions extends DataOptions {
  lines: string;
  matcher: string;
  count: string;
  none: string;
  smoothing: string;
}

export interface CompareScalarsOptions extends ScalarListOptions {
  runs: readonly Run[];
  said: string;
}

export interface CompareCell {
  text: string;
  value: number | string | null;
  change: string;
  kind: "better" | "worse" | "other";
}

export interface CompareRow {
  name: string;
  base: boolean;
  cells: readonly CompareCell[];
}

export interface CompareTableOptions extends ChartOptions {
  heads: readonly string[];
  rows: readonly CompareRow[];
}

export interface ConfusionOptions extends DataOptions {
  base: string;
}

export interface ConfusionMatrixOptions extends ConfusionOptions {
  legend: string;
}

export interface CorrelationNamesOptions extends DataOptions {
  names: string;
}

export interface CorrelationFiltersOptions extends CorrelationNamesOptions {
  filters: string;
  series: string;
}

export interface CorrelationGridOptions extends CorrelationNamesOptions {
  detail: string;
  legend: string;
}

export interface CorrelationSlidersOptions extends ChartOptions {
  most: number;
  filters: number;
}

export interface CubeCard {
  caption: string;
  legend: string;
}

export interface CubeOptions extends DataOptions {
  base: string;
  classes: number;
  cards: Record<string, CubeCard>;
  controls: string;
  readout: string;
  measures: Record<string, string>;
  say: Say;
}

export interface StripLine {
  series: string;
  name?: string;
  colour: string;
  dash?: readonly number[];
  aside?: boolean;
}

export interface CurvesOptions extends DataOptions {
  title: string;
  height: number;
  lines: readonly StripLine[];
  smooth?: string;
  clip?: string;
  log?: boolean;
  low?: number;
  high?: number;
  hidden?: readonly string[];
  signed?: boolean;
  points?: boolean;
  legend?: string;
}

export interface DistributionsOptions extends DataOptions {
  base: string;
  compare: string;
  run: number;
  name: string;
  count: string;
  key: string;
  missed: Record<string, string>;
}

export interface FilterMapOptions extends MapOptions {
  base: string;
  facts: string;
}

export interface StackPart {
  column: number;
  name: string;
  colour: string;
  changing?: boolean;
}

export interface Stack {
  array: string;
  parts: readonly StackPart[];
}

export interface StripPanel {
  title: string;
  heading?: boolean;
  fit?: boolean;
  height?: number;
  format?: "number" | "percent" | "integer";
  step?: boolean;
  log?: boolean | string;
  domain?: readonly [number, number];
  nothing?: string;
  lines?: readonly StripLine[];
  stack?: Stack;
}

export interface FilterSay extends Say {
  noFilter: string;
}

export interface FilterSeriesOptions extends DataOptions {
  base: string;
  panels: readonly StripPanel[];
  facts: string;
  say: FilterSay;
}

export interface FindingOptions extends ChartOptions {
  title: string;
  iterations: readonly number[];
  values: readonly (number | null)[];
  limit?: number;
  log?: boolean;
  start: number;
  end?: number;
}

export interface FindingBandOptions extends FindingOptions {
  lower: readonly (number | null)[];
  upper: readonly (number | null)[];
}

export interface GalleryOptions extends DataOptions {
  base: string;
}

export interface HistogramPairOptions extends DataOptions {
  names: readonly string[];
}

export interface ImageListOptions extends GalleryOptions {
  names: string;
}

export interface IterationClassesOptions extends DataOptions {
  names: string;
}

export interface LayerCompareOptions extends DataOptions {
  base: string;
  piece: number;
}

export interface LiveOptions extends ChartOptions {
  state: string;
  version: string;
  live?: boolean;
  every?: number;
}

export interface MagnitudesOptions extends DataOptions {
  tree: string;
  what: Record<string, string>;
}

export interface MultiplesOptions extends LayerCompareOptions {
  key: string;
  count: string;
}

export interface NetworkGraphOptions extends DataOptions {
  base: string;
  page: string;
  facts: string;
  legend: string;
  list: string;
}

export interface PictureOptions extends ChartOptions {
  base: string;
  image: number;
  classId: number;
  count: number;
  position: number;
}

export interface ProbeOptions extends DataOptions {
  base: string;
}

export interface ProbeMapsOptions extends ProbeOptions {
  legend: string;
}

export interface Fact {
  title: string;
  series: string;
  format?: "number" | "percent" | "integer";
}

export interface MapSpec {
  id: string;
  title: string;
  lowest?: number;
  lowestTitle?: string;
}

export interface ReadoutOptions extends DataOptions {
  facts?: readonly Fact[];
  transitions?: readonly string[];
  maps?: readonly MapSpec[];
}

export interface StripOptions extends DataOptions {
  panels: readonly StripPanel[];
  legend?: string;
  say?: Say;
}

export interface TopFiltersOptions extends ChartOptions {
  base: string;
}

export interface ValidationRowsOptions extends DataOptions {
  base: string;
  anomalies: string;
  groups: string;
  classes: number;
  legend: string;
  say: Say;
}

export interface WindowOptions extends ChartOptions {
  snapshots: number;
  largest: number;
  k: number;
  m: number;
  prefix: string;
}

export interface WorkspaceOptions extends ChartOptions {
  run: number;
  views: readonly string[];
  wanted: string;
}

export interface ChartKinds {
  anomalytable: AnomalyTableOptions;
  axis: DataOptions;
  changes: ChangesOptions;
  compareaxis: RunsDataOptions;
  compareevents: RunsDataOptions;
  compareimages: CompareImagesOptions;
  comparekey: CompareKeyOptions;
  comparelayers: RunsDataOptions;
  comparemap: CompareMapOptions;
  comparescalars: CompareScalarsOptions;
  comparestate: RunsOptions;
  comparetable: CompareTableOptions;
  confusionclasses: ConfusionOptions;
  confusionflows: ConfusionOptions;
  confusionimages: ConfusionOptions;
  confusionmatrix: ConfusionMatrixOptions;
  correlationcells: CorrelationNamesOptions;
  correlationfilters: CorrelationFiltersOptions;
  correlationgrid: CorrelationGridOptions;
  correlationsliders: CorrelationSlidersOptions;
  cube: CubeOptions;
  curves: CurvesOptions;
  distributions: DistributionsOptions;
  filtermap: FilterMapOptions;
  filterseries: FilterSeriesOptions;
  finding: FindingOptions;
  findingband: FindingBandOptions;
  gallery: GalleryOptions;
  histogrampair: HistogramPairOptions;
  imagelist: ImageListOptions;
  iterationclasses: IterationClassesOptions;
  layercompare: LayerCompareOptions;
  live: LiveOptions;
  machinelist: ScalarListOptions;
  magnitudes: MagnitudesOptions;
  multiples: MultiplesOptions;
  networkgraph: NetworkGraphOptions;
  picture: PictureOptions;
  pixelmap: MapOptions;
  probeclusters: ProbeMapsOptions;
  probecourse: ProbeOptions;
  probekernels: ProbeOptions;
  probemaps: ProbeMapsOptions;
  probesaliency: ProbeMapsOptions;
  probetop: ProbeOptions;
  readout: ReadoutOptions;
  scalarlist: ScalarListOptions;
  strip: StripOptions;
  topfilters: TopFiltersOptions;
  validationrows: ValidationRowsOptions;
  validationwindow: WindowOptions;
  workspace: WorkspaceOptions;
}
