// The picture of one validation image. Options: base, classId, count, position, label (aria).

import {
  type Chart,
  type ChartKinds,
  type Handler,
  pictures,
  registerKind,
} from "#app/web/index.ts";

const SIZE = 72;

function picture(chart: Chart<ChartKinds["picture"]>): Handler {
  const { element, options } = chart;
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", options.label);
  const { base, classId, count, position } = options;
  element.append(pictures.picture(base, classId, count, position, SIZE));
  return { draw() {} };
}
registerKind("picture", picture);
