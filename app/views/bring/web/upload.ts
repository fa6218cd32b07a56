// Files that somebody chooses or drops, sent piece by piece: app/uploads/routes.py receives them.

import { make, setProps } from "#app/web/index.ts";

/** A file, and its path within what was chosen. */
interface Chosen {
  path: string;
  file: File;
}
/** What the routes answer. */
interface Said {
  upload: number;
  piece: number;
  here?: number;
  look?: number;
  title?: string;
  error?: string;
}

// Of a request that fails in the server.
const TRIES = 5;
const PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
// A server or a database that is restarted comes back; an upload of gigabytes should outlast it.
const GIVE_UP_MS = 600_000;
const AWAY = new Set([502, 503, 504]);
// What desktops leave everywhere is no part of a run.
const USELESS = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);
// A second upload would take the place of the first one.
let running: AbortController | null = null;

const dropOf = (target: EventTarget | null): HTMLElement | null =>
  target instanceof Element ? target.closest<HTMLElement>("[data-bring-drop]") : null;
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Say something in the drop zone; with `share` (0..1) how far it is, and a button to cancel. */
function say(drop: HTMLElement, words: string, share: number | null = null): void {
  const place = drop.querySelector<HTMLElement>("[data-bring-upload]");
  if (!place) return;
  if (share === null) {
    const line = make("p", words ? "dt-problem" : "", words);
    line.setAttribute("role", "alert");
    place.replaceChildren(...(words ? [line] : []));
    return;
  }
  let bar = place.querySelector("progress");
  if (!bar) {
    bar = make("progress");
    bar.max = 1;
    bar.setAttribute("aria-label", "Progress of the upload");
    const cancel = make("button", "dt-button", "Cancel");
    cancel.addEventListener("click", () => running?.abort());
    const line = make("span");
    line.setAttribute("role", "status");
    place.replaceChildren(line, bar, cancel);
  }
  bar.value = share;
  const line = place.querySelector("span");
  if (line && line.textContent !== words) line.textContent = words;
}

/** Return the bytes of a part of a file, which somebody may have written to since it was chosen. */
async function read(part: Blob, name: string): Promise<ArrayBuffer> {
  try {
    return await part.arrayBuffer();
  } catch {
    throw new Error(
      `${name} was changed, moved or deleted while it was sent; nothing was kept. Send it again ` +
        "when nobody writes to it, or put it where workers read it, and follow it from there.",
    );
  }
}

/** Send one request; where nobody answers it is repeated, and `waiting` is called each time. */
async function post(
  url: string,
  body: BodyInit,
  signal: AbortSignal,
  waiting: () => void,
): Promise<Said> {
  const json = typeof body === "string";
  const begun = performance.now();
  for (let tried = 1; ; tried++) {
    try {
      const answer = await fetch(url, {
        method: "POST",
        credentials: "same-origin",
        signal,
        headers: { "Content-Type": json ? "application/json" : "application/octet-stream" },
        body,
      });
      const said: Said = await answer.json().catch(() => ({}));
      // A piece that came, though its answer did not: the server says where to go on.
      if (answer.ok || said.here !== undefined) return said;
      const known = answer.status === 401 ? "You are no longer logged in; reload the page." : "";
      const refused = answer.status < 500 || answer.status === 507;
      if (refused || (!AWAY.has(answer.status) && tried >= TRIES))
        throw new Error(known || said.error || `The server answered ${answer.status}.`);
    } catch (error) {
      if (signal.aborted || !(error instanceof TypeError)) throw error;
    }
    if (performance.now() - begun > GIVE_UP_MS)
      throw new Error("The server did not answer for ten minutes; try again.");
    waiting();
    const pause = Math.min(tried * PAUSE_MS, LONGEST_PAUSE_MS);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Send the files, and let the page ask what they are. */
async function send(drop: HTMLElement, chosen: Chosen[], title: string): Promise<void> {
  const base = drop.dataset.bringDrop!;
  const total = chosen.reduce((sum, { file }) => sum + file.size, 0);
  running = new AbortController();
  const { signal } = running;
  let upload = 0;
  let share = 0;
  const ask = (url: string, body: BodyInit) =>
    post(url, body, signal, () =>
      say(drop, "The server does not answer; the upload goes on when it does.", share),
    );
  try {
    say(drop, "Beginning …", share);
    const files = chosen.map(({ path, file }) => [path, file.size]);
    const begun = await ask(base, JSON.stringify({ title, files }));
    upload = begun.upload;
    let sent = 0;
    for (const [number, { path, file }] of chosen.entries()) {
      let here = 0;
      while (here < file.size) {
        const piece = await read(file.slice(here, here + begun.piece), nameOf(path));
        const said = await ask(`${base}/${upload}/${number}?at=${here}`, piece);
        const now = said.here ?? here + piece.byteLength;
        sent += now - here;
        here = now;
        const parts = `${number + 1} of ${chosen.length} files`;
        share = total ? sent / total : 1;
        say(drop, `${nameOf(path)}: ${parts}`, share);
      }
    }
    say(drop, "Putting them together …", 1);
    const done = await ask(`${base}/${upload}/complete`, "{}");
    say(drop, "");
    setProps("bring-uploaded", { data: { look: done.look, title } });
  } catch (error) {
    if (upload)
      fetch(`${base}/${upload}/delete`, { method: "POST", credentials: "same-origin" }).catch(
        () => {},
      );
    const failed = error instanceof Error ? error.message : String(error);
    say(drop, signal.aborted ? "Cancelled; nothing was kept." : failed);
  } finally {
    running = null;
  }
}

function take(drop: HTMLElement, all: Chosen[], title: string): void {
  const chosen = all.filter(({ path }) => !USELESS.has(nameOf(path)));
  if (running || !chosen.length) return;
  const only = chosen.length === 1 ? nameOf(chosen[0].path).replace(/\.[^.]+$/, "") : "";
  const size = chosen.reduce((sum, { file }) => sum + file.size, 0);
  const most = Number(drop.dataset.most);
  if (size > most) {
    const mb = (bytes: number) => Math.ceil(bytes / 2 ** 20).toLocaleString("en");
    say(drop, `These files have ${mb(size)} MB; an upload has at most ${mb(most)} MB.`);
    return;
  }
  send(drop, chosen, title || only || "upload");
}

/** Let somebody choose: the browser asks for the files, or for a folder with all in it. */
function choose(drop: HTMLElement, kind: string): void {
  const input = make("input");
  input.type = "file";
  input.multiple = true;
  input.webkitdirectory = kind === "folder";
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    const chosen = files.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    const top = kind === "folder" && files.length ? chosen[0].path.split("/")[0] : "";
    take(drop, chosen, top);
  });
  input.click();
}

/** Return the files of a dropped entry; of a folder all that are in it. */
async function filesOf(entry: FileSystemEntry): Promise<Chosen[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Chosen[] = [];
  // A reader gives a hundred entries at a time, and none at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!entries.length) return found;
    for (const one of entries) found.push(...(await filesOf(one)));
  }
}

async function dropped(drop: HTMLElement, items: DataTransferItemList): Promise<void> {
  // The list is empty as soon as this function waits.
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((one) => one !== null);
  try {
    const chosen = (await Promise.all(entries.map(filesOf))).flat();
    take(drop, chosen, entries.length === 1 && entries[0].isDirectory ? entries[0].name : "");
  } catch {
    say(drop, "The browser cannot read what was dropped; choose it instead.");
  }
}

if (typeof document !== "undefined") {
  document.addEventListener("click", (event) => {
    const drop = dropOf(event.target);
    const button = (event.target as Element).closest?.<HTMLElement>("[data-bring-choose]");
    if (drop && button) choose(drop, button.dataset.bringChoose!);
  });
  for (const kind of ["dragover", "dragleave", "drop"] as const)
    document.addEventListener(kind, (event) => {
      const drop = dropOf(event.target);
      if (!drop) return;
      event.preventDefault();
      drop.classList.toggle("bring-over", kind === "dragover");
      if (kind === "drop" && event.dataTransfer) dropped(drop, event.dataTransfer.items);
    });
  window.addEventListener("beforeunload", (event) => running && event.preventDefault());
}
