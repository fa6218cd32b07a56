// The one script and stylesheet of every page: everything that draws, listens or answers Dash.

import "./help/help.ts"; // first: its key is the first that it tells
import { annotationStore } from "#app/annotations/web/store.ts";
import { panelPicture } from "#app/export/web/picture.ts";
import * as geometry from "#app/views/cube/web/geometry.ts";
import { layers } from "#app/views/layers/web/network.ts";
import * as door from "./index.ts";
import "./main.css";

import "#app/annotations/web/menu.ts";
import "#app/annotations/web/panel.ts";
import "#app/annotations/web/rows.ts";
import "#app/annotations/web/store.ts";
import "#app/annotations/web/targets.ts";
import "#app/views/validation/web/anomalytable.ts";
import "./core/askahead.ts";
import "./charts/axisbar.ts";
import "./charts/curves.ts";
import "#app/views/change/web/changes.ts";
import "#app/views/change/web/histogrampair.ts";
import "#app/views/compare/web/state.ts";
import "#app/views/compare/web/axis.ts";
import "#app/views/runs/web/columns.ts";
import "#app/views/runs/web/ticks.ts";
import "#app/views/compare/web/events.ts";
import "#app/views/compare/web/images.ts";
import "#app/views/compare/web/key.ts";
import "#app/views/compare/web/layers.ts";
import "#app/views/compare/web/scalars.ts";
import "#app/views/compare/web/map.ts";
import "#app/views/compare/web/table.ts";
import "./core/clicks.ts";
import "#app/views/confusion/web/classes.ts";
import "#app/views/confusion/web/flows.ts";
import "#app/views/confusion/web/images.ts";
import "#app/views/confusion/web/matrix.ts";
import "./core/connectionbanner.ts";
import "./core/connectionpage.ts";
import "./core/controls.ts";
import "./core/datatable.ts";
import "#app/views/correlation/web/cells.ts";
import "#app/views/correlation/web/filters.ts";
import "#app/views/correlation/web/grid.ts";
import "#app/views/correlation/web/sliders.ts";
import "#app/views/cube/web/cube.ts";
import "#app/views/distributions/web/distributions.ts";
import "#app/export/web/menu.ts";
import "#app/views/probe/web/course.ts";
import "#app/views/probe/web/kernels.ts";
import "#app/views/probe/web/maps.ts";
import "#app/views/review/web/picture.ts";
import "#app/views/findings/web/finding.ts";
import "#app/views/findings/web/findingband.ts";
import "#app/findings/web/lane.ts";
import "#app/views/findings/web/notes.ts";
import "#app/views/validation/web/gallery.ts";
import "#app/views/validation/web/iterationclasses.ts";
import "#app/views/bring/web/upload.ts";
import "#app/views/jobs/web/timezone.ts";
import "#app/views/overview/web/fork.ts";
import "#app/views/layers/web/compare.ts";
import "#app/views/layers/web/controls.ts";
import "#app/views/layers/web/filterseries.ts";
import "#app/views/layers/web/magnitudes.ts";
import "#app/views/layers/web/filtermap.ts";
import "#app/views/layers/web/topfilters.ts";
import "#app/views/network/web/chart.ts";
import "./charts/live.ts";
import "./charts/marklane.ts";
import "#app/views/layers/web/multiples.ts";
import "./charts/pixelmap.ts";
import "./charts/readout.ts";
import "./help/sentences.ts";
import "./core/inspector.ts";
import "./core/paging.ts";
import "./core/savedviews.ts";
import "./scalars/list.ts";
import "./core/shell.ts";
import "./charts/strip.ts";
import "#app/views/validation/web/rows.ts";
import "#app/views/validation/web/window.ts";
import "#app/views/workspace/web/workspace.ts";

/**
 * The one global: what tests, benchmarks and the console of a browser may use. The scripts in
 * app/assets/early, which run before this one, begin it; nothing else of ours reads it.
 */
const handle = {
  ...door,
  selection: door.selectionStore,
  charts: door.chartRegistry,
  annotations: annotationStore,
  cube: geometry,
  layers,
  picture: panelPicture.of,
};

declare global {
  interface Window {
    deeptracker: typeof handle;
  }
}

window.deeptracker = Object.assign(window.deeptracker ?? {}, handle);
