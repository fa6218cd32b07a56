// The picture of one validation image, which opens it large. Options: base, classId, count, position,
// image (its id), label (aria).

import {
  type Chart,
  type ChartKinds,
  chartRegistry,
  type Handler,
  imageDialog,
  make,
  pictures,
  registerKind,
} from "#app/web/index.ts";

const SIZE = 72;
type Options = ChartKinds["picture"];

/** Return the images whose pictures stand on the page, in their order. */
const listed = (): number[] =>
  [...document.querySelectorAll("[data-chart=picture]")].flatMap((element) => {
    const chart = chartRegistry.of(element);
    return chart ? (chart.options as Options).image : [];
  });

function picture(chart: Chart<Options>): Handler {
  const { element, options } = chart;
  const { base, classId, count, position, image, label } = options;
  const button = make("button", "review-large");
  button.type = "button";
  button.title = "Show it large";
  button.setAttribute("aria-label", label);
  button.append(pictures.picture(base, classId, count, position, SIZE));
  button.addEventListener("click", () => imageDialog.open(image, listed()));
  element.append(button);
  return { draw() {} };
}
registerKind("picture", picture);
