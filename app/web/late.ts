// The script that a page loads when one of its charts is needed, or else when it has nothing to do:
// what only these views draw is more than half of all, and the first page shows none of it.
//
// It is a file of its own (build.mjs) and shares the modules of main.ts (shared.ts). Nothing in it
// may answer Dash, which asks as soon as it has a page.

import * as geometry from "#app/views/cube/web/geometry.ts";
import { layers } from "#app/views/layers/web/network.ts";

import "#app/views/confusion/web/classes.ts";
import "#app/views/confusion/web/flows.ts";
import "#app/views/confusion/web/images.ts";
import "#app/views/confusion/web/matrix.ts";
import "#app/views/correlation/web/cells.ts";
import "#app/views/correlation/web/filters.ts";
import "#app/views/correlation/web/grid.ts";
import "#app/views/correlation/web/sliders.ts";
import "#app/views/cube/web/cube.ts";
import "#app/views/distributions/web/distributions.ts";
import "#app/views/layers/web/compare.ts";
import "#app/views/layers/web/controls.ts";
import "#app/views/layers/web/filterseries.ts";
import "#app/views/layers/web/magnitudes.ts";
import "#app/views/layers/web/filtermap.ts";
import "#app/views/layers/web/topfilters.ts";
import "#app/views/layers/web/multiples.ts";
import "#app/views/machine/web/machine.ts";
import "#app/views/network/web/chart.ts";
import "#app/views/probe/web/clusters.ts";
import "#app/views/probe/web/course.ts";
import "#app/views/probe/web/kernels.ts";
import "#app/views/probe/web/maps.ts";
import "#app/views/probe/web/saliency.ts";
import "#app/views/probe/web/top.ts";

Object.assign(window.deeptracker, { cube: geometry, layers });
