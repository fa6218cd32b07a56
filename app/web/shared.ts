// What the late script (late.ts) uses of this one: the very modules, by the names they are imported
// by. The build (build.mjs) refuses an import of the late script that does not stand here.

import * as mark from "#app/annotations/web/mark.ts";
import * as store from "#app/annotations/web/store.ts";
import * as text from "#app/annotations/web/text.ts";
import * as door from "./index.ts";

export const shared = {
  "#app/annotations/web/mark.ts": mark,
  "#app/annotations/web/store.ts": store,
  "#app/annotations/web/text.ts": text,
  "#app/web/index.ts": door,
};
