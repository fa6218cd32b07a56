// What changed between two snapshots, in words and tables: asked for where the cursor comes to rest.
//
// The answer is that of app/views/change/answers.py, a page as a tree of elements. A chart in it
// (of histograms) appears as any other.

import {
  type Answer,
  type Chart,
  type ChartKinds,
  grow,
  type Handler,
  live,
  type Names,
  RestingCursor,
  registerKind,
  type Selection,
  selectionStore,
  type Tree,
  visit,
} from "#app/web/index.ts";
import "./fields.ts";

const ASKED = ["pins", "otherrun", "otherat", "changelayer"];

class Changes implements Handler {
  private readonly chart: Chart<ChartKinds["changes"]>;
  private readonly resting: RestingCursor;
  private readonly body = document.createElement("div");

  constructor(chart: Chart<ChartKinds["changes"]>) {
    this.chart = chart;
    this.resting = new RestingCursor(() => chart.refresh());
    this.body.className = "change-body";
    chart.element.append(this.body);
    this.body.addEventListener("click", follow);
  }

  url(): string {
    const { url, compared } = this.chart.options;
    const { otherrun } = selectionStore.get();
    const base = live.baseOf(url) ?? "";
    // Another run is another number, and nothing else.
    const pair = compared && /^\d+$/.test(otherrun) && !base.endsWith(`/${otherrun}/`);
    const template = pair ? `${compared}&v=${live.versionOf(url) ?? ""}` : url;
    return template.replace("{cursor}", String(this.resting.at ?? ""));
  }

  selected(selection: Selection, names: Names): void {
    this.resting.selected(selection, names);
    if (ASKED.some((name) => names.has(name))) this.chart.refresh();
  }

  receive({ meta }: Answer<{ page: Tree[] }>): void {
    grow(this.body, meta.page);
  }

  draw(): void {}

  destroy(): void {
    this.resting.destroy();
  }
}

/** Go where a link leads without loading everything anew. */
function follow(event: MouseEvent): void {
  const link = event.target instanceof Element && event.target.closest("a");
  if (!link || link.hasAttribute("download")) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  visit(link.href);
}

registerKind("changes", (chart) => new Changes(chart));
