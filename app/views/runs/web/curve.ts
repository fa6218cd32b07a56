// The error of a run over time, drawn small in a cell of the table of runs.

const WIDTH = 96;
const HEIGHT = 22;

/** Return the path of the values of a curve from left to right; a gap where one is missing. */
export function curvePath(values: number[], width: number, height: number): string {
  const there = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...there), Math.max(...there)];
  const span = high - low || 1;
  let path = "";
  let pen = "M";
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) {
      pen = "M";
      return;
    }
    const x = values.length > 1 ? (at / (values.length - 1)) * (width - 2) + 1 : width / 2;
    const y = height - 2 - ((value - low) / span) * (height - 4);
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  });
  return path;
}

/** Draw the curve whose values an element names. */
export function drawCurve(place: HTMLElement): void {
  const given = place.dataset.curve ?? "";
  if (place.dataset.drawn === given) return;
  place.dataset.drawn = given;
  const values = given.split(",").map((text) => (text === "" ? Number.NaN : Number(text)));
  const there = values.filter(Number.isFinite);
  if (!there.length) {
    place.textContent = "–";
    return;
  }
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const first = there[0] ?? 0;
  const last = there.at(-1) ?? 0;
  const name = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(name, "svg");
  const path = document.createElementNS(name, "path");
  const said = `Error from ${percent(first)} to ${percent(last)}, least ${percent(Math.min(...there))}`;
  for (const [key, value] of Object.entries({
    width: WIDTH,
    height: HEIGHT,
    role: "img",
    "aria-label": said,
  }))
    svg.setAttribute(key, String(value));
  path.setAttribute("d", curvePath(values, WIDTH, HEIGHT));
  svg.append(path);
  place.title = said;
  place.replaceChildren(svg);
}
