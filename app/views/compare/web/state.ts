// What keeps the choice of the compare page in its address, and its controls in step with it.

import {
  type Chart,
  type Handler,
  type Names,
  registerKind,
  type Selection,
  selectionAddress,
  selectionStore,
} from "#app/web/index.ts";
import { compare, type RunsOptions } from "./compare.ts";
import { explore } from "./explore.ts";

const REST_MS = 250;

/** Keep the page's choice in its address, and take it over from there. Options: runs. */
class State implements Handler {
  declare readonly chart: Chart<RunsOptions>;
  declare private rest: ReturnType<typeof setTimeout> | 0;
  declare private align: string;
  /** The runs on the page. */
  declare private ids: number[];
  /** The places of the two in detail, as the selection says them. */
  declare private pair: string[];
  /** The options of the last drawing. */
  declare private key?: string;

  constructor(chart: Chart<RunsOptions>) {
    this.chart = chart;
    compare.count(chart.options.runs);
    this.rest = 0;
    chart.element.hidden = true;
    selectionStore.adopt(selectionAddress.read(selectionStore.fields(), location.search));
    this.align = selectionStore.get().align;
    // What the address says of runs by their place, it says of the runs that it names.
    const named = new URLSearchParams(location.search).get("runs") || "";
    this.ids = named.split(",").map(Number).filter(Boolean);
    this.pair = ["0", "1"];
    if (!this.ids.length) this.ids = this.idsNow();
    else if (String(this.ids) !== String(this.idsNow())) this.move(this.idsNow());
    this.settle();
    this.write();
  }

  idsNow(): number[] {
    return this.chart.options.runs.map(({ id }) => id);
  }

  draw(): string {
    const ids = this.idsNow();
    compare.count(this.chart.options.runs);
    if (String(ids) !== String(this.ids)) this.move(ids);
    this.write();
    this.ask();
    explore.draw(this.chart.options.runs);
    // With other runs, or other versions of them, the controls come anew, as the server sends them.
    const key = JSON.stringify(this.chart.options);
    if (this.key !== key) selectionStore.show();
    this.key = key;
    return "";
  }

  /** Keep what is said of runs by their place with the same runs, where they have moved. */
  move(ids: number[]): void {
    const now = selectionStore.get();
    const members = ids.map((id) => now.members[this.ids.indexOf(id)] || 0);
    const place = (before: string) => {
      const at = ids.indexOf(this.ids[Number(before)]);
      return at < 0 ? null : String(at);
    };
    const pair = [place(now.firstrun), place(now.secondrun)];
    this.ids = ids;
    this.pair = ["0", "1"];
    const whole = !pair.includes(null);
    selectionStore.set({
      members: members.some(Boolean) ? members : null,
      firstrun: whole ? pair[0] : null,
      secondrun: whole ? pair[1] : null,
    });
  }

  /** See to it that the two runs in detail are two of those there: who takes one, gives his. */
  settle(): void {
    const { firstrun, secondrun } = selectionStore.get();
    const [before, after] = [this.pair, [firstrun, secondrun]];
    const good = after.every((at) => /^\d{1,2}$/.test(at) && Number(at) < this.ids.length);
    if (good && firstrun !== secondrun) this.pair = after;
    else if (!good) this.pair = ["0", "1"];
    else this.pair = firstrun !== before[0] ? [firstrun, before[0]] : [before[1], secondrun];
    if (String(this.pair) === String(after)) return;
    selectionStore.set({ firstrun: this.pair[0], secondrun: this.pair[1] });
    selectionStore.show();
  }

  selected(selection: Selection, names: Names): void {
    if (names.has("align") && selection.align !== this.align) {
      this.align = selection.align;
      // These are places of the other axis.
      selectionStore.set({ cursor: null, pins: null, range: null, zoom: null });
    }
    if (names.has("firstrun") || names.has("secondrun")) this.settle();
    if (names.has("grouping") || names.has("explore")) this.ask();
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this.write(), REST_MS);
  }

  /** Show what is asked of groups only where there are some. */
  ask(): void {
    const { grouping } = selectionStore.get();
    const hide = (of: string, hidden: boolean) => {
      const found = document.querySelector<HTMLElement>(of);
      if (found) found.hidden = hidden;
    };
    hide(".compare-group-by", grouping !== "setting");
    hide(".compare-band", grouping === "runs");
    hide(".compare-grouping", grouping === "runs");
    explore.ask(selectionStore.get());
  }

  write(): void {
    clearTimeout(this.rest);
    if (!/\/compare\/?$/.test(location.pathname)) return;
    const fields = selectionStore.fields();
    const now: Record<string, unknown> = { ...selectionStore.get() };
    const chosen: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      if (JSON.stringify(now[name]) !== JSON.stringify(field.default)) chosen[name] = now[name];
    }
    const { runs } = this.chart.options;
    const named = runs.length
      ? [`runs=${runs.map(({ id }) => id)}`, `of=${runs.map(({ of }) => of)}`]
      : ["", ""];
    const parts = [named[0], selectionAddress.write(fields, chosen), named[1]].filter(Boolean);
    const search = parts.length ? `?${parts.join("&")}` : "";
    if (search !== location.search)
      history.replaceState(history.state, "", location.pathname + search);
  }

  destroy(): void {
    clearTimeout(this.rest);
  }
}

registerKind("comparestate", (chart) => new State(chart));
