// The script and stylesheet of every page: what listens or answers Dash, and what the first pages draw.
// What only some views draw is in late.ts.

import "./help/help.ts"; // first: its key is the first that it tells
import { annotationStore } from "#app/annotations/web/store.ts";
import { panelPicture } from "#app/export/web/picture.ts";
import * as door from "./index.ts";
import { shared } from "./shared.ts";
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
import "./core/connectionbanner.ts";
import "./core/connectionpage.ts";
import "./core/controls.ts";
import "./core/datatable.ts";
import "./core/parts.ts";
import "#app/export/web/menu.ts";
import "#app/views/review/web/picture.ts";
import "#app/views/findings/web/finding.ts";
import "#app/views/findings/web/findingband.ts";
import "#app/findings/web/lane.ts";
import "#app/views/findings/web/notes.ts";
import "#app/views/validation/web/gallery.ts";
import "#app/views/validation/web/imagelist.ts";
import "#app/views/validation/web/iterationclasses.ts";
import "#app/views/bring/web/upload.ts";
import "#app/views/jobs/web/timezone.ts";
import "#app/views/overview/web/fork.ts";
import "./charts/live.ts";
import "./charts/marklane.ts";
import "./charts/pixelmap.ts";
import "./charts/readout.ts";
import "./help/sentences.ts";
import "./core/inspector.ts";
import "./core/paging.ts";
import "./core/savedviews.ts";
import "./scalars/list.ts";
import "./core/shell.ts";
import "./core/still.ts";
import "./charts/strip.ts";
import "./charts/rehearsal.ts";
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
  picture: panelPicture.of,
  shared,
};

declare global {
  interface Window {
    deeptracker: typeof handle;
  }
}

window.deeptracker = Object.assign(window.deeptracker ?? {}, handle);
