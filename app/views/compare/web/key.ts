// Which colour, pattern and letter stand for which run, and which runs make a group.
//
// Options: runs [{id, name, state, error, snapshots, href}], said [runs] (what is thought of each),
// url (of the series: it knows groups).

import {
  type Answer,
  type Chart,
  type ChartKinds,
  colours,
  type Handler,
  make,
  numbers,
  registerKind,
  type Selection,
  selectionStore,
} from "#app/web/index.ts";
import { type Aligned, compare, type Members, type Run } from "./compare.ts";

const MOST_GROUPS = 5;

interface Meta extends Aligned {
  groups: Members;
}

class Key implements Handler {
  declare readonly chart: Chart<ChartKinds["comparekey"]>;
  declare private readonly list: HTMLElement;
  declare private readonly note: HTMLElement;
  /** What the list was made of. */
  declare private key?: string;

  constructor(chart: Chart<ChartKinds["comparekey"]>) {
    this.chart = chart;
    this.list = make("ul", "compare-key");
    this.note = make("div", "compare-note");
    this.note.setAttribute("role", "status");
    chart.element.append(this.list, this.note);
  }

  draw(): string {
    const { runs } = this.chart.options;
    const selection = selectionStore.get();
    const { groups, unaligned } = (this.chart.data as Answer<Meta>).meta;
    const key = JSON.stringify([
      runs,
      selection.grouping,
      selection.members,
      groups,
      colours.isDark(),
    ]);
    if (this.key !== key) {
      this.key = key;
      this.list.replaceChildren(...runs.map((run, at) => this.item(run, at, selection, groups)));
    }
    this.note.textContent = this.said(unaligned, groups, selection);
    return "";
  }

  said(unaligned: readonly number[], groups: Members, { align, grouping }: Selection): string {
    const { runs } = this.chart.options;
    const { meta } = this.chart.data as Answer<Meta>;
    const said: string[] = [];
    if (unaligned.length) {
      const names = unaligned.map((at) => `${compare.letter(at)} ${runs[at].name}`).join(", ");
      const what = align === "clock" ? "the time of every snapshot" : "the epoch of every snapshot";
      said.push(
        `Not shown: ${names}, whose log does not say ${what}. Align by iteration to see all.`,
      );
    }
    if (grouping === "seeds" && groups && groups.every((one) => one.length === 1)) {
      said.push("No two of these runs differ only in the seed, so each is shown by itself.");
    } else if (groups?.some((one) => one.length > 1)) {
      said.push(
        "A line is the mean of its runs, the band one standard deviation to both sides; where only one of them goes on, there is no band.",
      );
    } else if (grouping === "chosen") {
      said.push("Give runs the same group number to see their mean and spread.");
    }
    if (meta.all_ticks > meta.ticks) {
      said.push(
        "The runs' snapshots lie at different places: a chart shows of each the last one at or before the cursor.",
      );
    }
    return said.join(" ");
  }

  item(run: Run, at: number, selection: Selection, groups: Members): HTMLElement {
    const item = make("li");
    const first = groups ? groups.find((one) => one.includes(at))![0] : at;
    const link = make("a", "", run.name);
    link.href = run.href;
    link.title = `Open ${run.name}`;
    const facts = [numbers.plural(run.snapshots, "snapshot", "snapshots")];
    if (run.error !== null) facts.unshift(`last error ${numbers.percent(run.error)}`);
    if (run.state === "recording") facts.push("recording");
    if (this.chart.options.said[at]) facts.push(this.chart.options.said[at]);
    item.append(
      compare.swatch(first),
      make("b", "", compare.letter(at)),
      link,
      make("span", "dt-soft", facts.join(" · ")),
    );
    if (selection.grouping === "chosen") item.append(this.choice(run, at, selection.members));
    else if (groups && groups.find((one) => one.includes(at))!.length > 1) {
      const number = groups.findIndex((one) => one.includes(at)) + 1;
      item.append(make("span", "compare-group", `group ${number}`));
    }
    return item;
  }

  choice(run: Run, at: number, members: readonly number[]): HTMLElement {
    const select = make("select", "compare-group");
    select.setAttribute("aria-label", `Group of ${run.name}`);
    for (let group = 0; group <= MOST_GROUPS; group++) {
      const option = make("option", "", group ? `group ${group}` : "no group");
      option.value = String(group);
      select.append(option);
    }
    select.value = String(members[at] || 0);
    select.addEventListener("change", () => {
      const { runs } = this.chart.options;
      const next = runs.map((_, place) => selectionStore.get().members[place] || 0);
      next[at] = Number(select.value);
      selectionStore.set({ members: next });
    });
    return select;
  }
}

registerKind("comparekey", (chart) => new Key(chart));
