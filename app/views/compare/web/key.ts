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
  makeChoices,
  type Names,
  numbers,
  registerKind,
  replaceKept,
  type Selection,
  say,
  selectionStore,
} from "#app/web/index.ts";
import { type Aligned, compare, type Members, type Run } from "./compare.ts";
import { common, differing } from "./names.ts";

const MOST_GROUPS = 5;
const MOST_NAMES = 6;
const MOST_PICKED = 10; // app/data/aligned.py MOST_IN_DETAIL

interface Meta extends Aligned {
  groups: Members;
  labels?: readonly string[];
}

class Key implements Handler {
  declare readonly chart: Chart<ChartKinds["comparekey"]>;
  declare private readonly tools: HTMLElement;
  declare private readonly list: HTMLElement;
  declare private readonly note: HTMLElement;
  /** What the list was made of. */
  declare private key?: string;
  declare private readonly unlift: () => void;

  constructor(chart: Chart<ChartKinds["comparekey"]>) {
    this.chart = chart;
    this.tools = make("div", "compare-key-tools");
    this.list = make("ul", "compare-key");
    this.note = make("div", "compare-note");
    this.note.setAttribute("role", "status");
    chart.element.append(this.tools, this.list, this.note);
    this.unlift = compare.onLift((at) => this.lift(at));
    this.list.addEventListener("pointerleave", () => compare.lift(null));
  }

  destroy(): void {
    this.unlift();
  }

  selected(_selection: Selection, names: Names): void {
    if (["hidden", "picked", "baseline"].some((name) => names.has(name))) this.chart.invalidate();
  }

  draw(): string {
    const { runs } = this.chart.options;
    const selection = selectionStore.get();
    const { groups, labels, unaligned } = (this.chart.data as Answer<Meta>).meta;
    const { grouping, members, hidden, picked, baseline } = selection;
    const key = JSON.stringify([
      [runs, grouping, members, groups],
      [hidden, picked, baseline, colours.isDark()],
    ]);
    if (this.key !== key) {
      this.key = key;
      this.list.classList.toggle("compare-key-many", compare.isMany());
      const grouped = compare.isMany() && grouping === "setting" && groups;
      replaceKept(
        this.list,
        "key",
        ...(grouped
          ? grouped.map((own, group) => this.group(own, labels?.[group] ?? ""))
          : runs.map((run, at) => this.item(run, at, selection, groups, labels ?? []))),
      );
      this.tell(hidden);
    }
    this.note.textContent = this.said(unaligned, groups, selection);
    return "";
  }

  /** Mark the run whose line is lifted. */
  lift(at: number | null): void {
    [...this.list.children].forEach((item, own) => {
      item.classList.toggle("compare-lifted", own === at);
    });
  }

  /** Say how many lines are drawn, with the way back to all of them. */
  tell(hidden: readonly number[]): void {
    const { runs } = this.chart.options;
    const shown = runs.filter((run) => !hidden.includes(run.id)).length;
    this.tools.hidden = !compare.isMany() && shown === runs.length;
    const all = make("button", "compare-tool", "Show all");
    all.type = "button";
    all.hidden = shown === runs.length;
    all.addEventListener("click", () => selectionStore.set({ hidden: null }));
    const how = "Click a line to hide it, double-click or Shift-click to see it alone.";
    this.tools.replaceChildren(
      make("span", "", `${shown} of ${runs.length} runs drawn`),
      all,
      make("span", "dt-soft", how),
    );
  }

  said(
    unaligned: readonly number[],
    groups: Members,
    { align, grouping, band }: Selection,
  ): string {
    const { runs } = this.chart.options;
    const { meta } = this.chart.data as Answer<Meta>;
    const said: string[] = [];
    if (unaligned.length) {
      const first = unaligned.slice(0, MOST_NAMES);
      const more = unaligned.length - first.length;
      const names =
        first.map((at) => `${compare.letter(at)} ${runs[at].name}`).join(", ") +
        (more ? ` and ${more} more` : "");
      const what = align === "clock" ? "the time of every snapshot" : "the epoch of every snapshot";
      said.push(
        `Not shown: ${names}, whose log does not say ${what}. Align by iteration to see all.`,
      );
    }
    if (grouping === "seeds" && groups && groups.every((one) => one.length === 1)) {
      said.push("No two of these runs differ only in the seed, so each is shown by itself.");
    } else if (groups?.some((one) => one.length > 1)) {
      said.push(
        `A line is the mean of its runs, the band ${
          band === "range"
            ? "reaches from the least to the greatest of them"
            : "one standard deviation to both sides"
        }; where only one of them goes on, there is no band.`,
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

  item(
    run: Run,
    at: number,
    selection: Selection,
    groups: Members,
    labels: readonly string[],
  ): HTMLElement {
    const item = make("li");
    const group = groups ? groups.findIndex((one) => one.includes(at)) : -1;
    const first = groups ? groups[group][0] : at;
    const link = make("a", "");
    link.append(...differing(run.name, this.start));
    link.href = run.href;
    link.title = `Open ${run.name}`;
    const facts = [numbers.plural(run.snapshots, "snapshot", "snapshots")];
    if (run.error !== null) facts.unshift(`last error ${numbers.percent(run.error)}`);
    if (run.state === "recording") facts.push("recording");
    if (this.chart.options.said[at]) facts.push(this.chart.options.said[at]);
    if (selection.baseline === String(run.id)) facts.unshift("baseline");
    const said = make("span", "dt-soft", facts.join(" · "));
    said.title = said.textContent;
    item.append(this.shower(run, at, first), make("b", "", compare.letter(at)), link, said);
    if (compare.isMany()) item.append(this.picker(run, at));
    if (selection.grouping === "chosen") item.append(this.choice(run, at, selection.members));
    else if (groups && groups[group].length > 1) {
      const label = labels[group] ? compare.groupName(groups[group], [], labels[group]) : "";
      item.append(make("span", "compare-group", label || `group ${group + 1}`));
    }
    item.classList.toggle("compare-hidden", compare.isHidden(run));
    item.addEventListener("pointerenter", () => compare.isHidden(run) || compare.lift(at));
    return item;
  }

  /** Return a group of many runs: its line, what makes it, how many runs it has. */
  group(members: readonly number[], label: string): HTMLElement {
    const { runs } = this.chart.options;
    const own = members.map((at) => runs[at]);
    const item = make("li");
    const hidden = own.every(compare.isHidden);
    const button = this.button(members[0], hidden, label, () => {
      const others = selectionStore.get().hidden.filter((id) => !own.some((run) => run.id === id));
      selectionStore.set({ hidden: hidden ? others : [...others, ...own.map(({ id }) => id)] });
    });
    const name = make("b", "", compare.groupName(members, runs, label));
    name.title = own.map((run) => run.name).join("\n");
    item.append(button, name);
    item.classList.toggle("compare-hidden", hidden);
    return item;
  }

  /** Return the line of a run as the button that hides and shows it, or shows it alone. */
  shower(run: Run, at: number, first: number): HTMLElement {
    const button = this.button(first, compare.isHidden(run), run.name, (event) => {
      if (event.shiftKey || event.detail === 2) this.isolate(run);
      else selectionStore.toggle("hidden", run.id);
    });
    button.title += "; with Shift: this one alone";
    button.dataset.key = `line-${at}`;
    return button;
  }

  button(
    first: number,
    hidden: boolean,
    name: string,
    act: (event: MouseEvent) => void,
  ): HTMLElement {
    const button = make("button", "compare-shower");
    button.type = "button";
    button.append(compare.swatch(first));
    button.setAttribute("aria-pressed", String(!hidden));
    button.setAttribute("aria-label", `Line of ${name}`);
    button.title = `${hidden ? "Show" : "Hide"} ${name}`;
    button.addEventListener("click", act);
    return button;
  }

  /** Hide all other runs; where they are, show all. */
  isolate(run: Run): void {
    const others = this.chart.options.runs.filter(({ id }) => id !== run.id).map(({ id }) => id);
    const { hidden } = selectionStore.get();
    const alone = others.every((id) => hidden.includes(id)) && !hidden.includes(run.id);
    selectionStore.set({ hidden: alone ? null : others });
  }

  /** Return the button that puts a run among those that stand where not all can. */
  picker(run: Run, at: number): HTMLElement {
    const { picked } = selectionStore.get();
    const { runs } = this.chart.options;
    const first = runs.slice(0, MOST_PICKED).map(({ id }) => id);
    const now = picked.length ? picked : first;
    const button = make("button", "compare-picker", "▤");
    button.type = "button";
    button.setAttribute("aria-pressed", String(now.includes(run.id)));
    button.setAttribute("aria-label", `${run.name} among the layers and anomalies`);
    button.title = `Show ${run.name} among the layers and anomalies (at most ${MOST_PICKED})`;
    button.dataset.key = `rows-${at}`;
    button.addEventListener("click", () => {
      const kept = now.filter((id) => id !== run.id);
      if (kept.length < now.length) selectionStore.set({ picked: kept });
      else if (now.length < MOST_PICKED) selectionStore.set({ picked: [...now, run.id] });
      else {
        const text = `At most ${MOST_PICKED} runs stand there; take one of them away first.`;
        say(text, { failed: true });
      }
    });
    return button;
  }

  /** Where the runs' names begin to differ. */
  get start(): number {
    return common(this.chart.options.runs.map(({ name }) => name));
  }

  choice(run: Run, at: number, members: readonly number[]): HTMLElement {
    const { holder, list: select } = makeChoices("compare-member");
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
    return holder;
  }
}

registerKind("comparekey", (chart) => new Key(chart));
