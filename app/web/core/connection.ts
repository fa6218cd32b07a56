// What early/connection.js and early/requests.js know of the connection. They run before Dash's
// own scripts, and so before this one: the global handle carries it over.

import { hasPage } from "./page.ts";

/** "database": the server cannot reach it; "session": one must log in again. */
export type ConnectionState = "online" | "offline" | "server" | "database" | "session";
/** Something that was sent, and of which nobody knows what became. */
export interface Question {
  label: string;
  again(): void;
  leave(): void;
}
export interface Notice {
  /** A later notice of the same kind takes the place of an earlier one. */
  kind?: string;
  text: string;
  button?: string;
  act?: () => void;
  tone?: string;
}
export interface Connection {
  state: ConnectionState;
  /** When the next attempt is due, on the clock of performance.now(). */
  next: number;
  /** Whether a script or style of the page could not be loaded. */
  incomplete?: boolean;
  unknown: Set<Question>;
  /** Call `subscriber` whenever something changes; returns the way out. */
  subscribe(subscriber: () => void): () => void;
  tell(): void;
  probe(): Promise<ConnectionState>;
  retry(): void;
  /** Return what waits to be sent, in words. */
  waiting(): string[];
  discard(): void;
  /** Return the page that could not be opened yet, if any. */
  page(): { stuck?: boolean } | null;
  /** Return the address of the page that is shown. */
  shown(): string | null;
  /** Pages that are asked for before their links are pressed (early/pagesahead.js). */
  ahead: {
    /** The text of the page that is being loaded, where it was asked for before Dash asks. */
    first: Promise<string> | null;
    /** Note what the frame is that stands there now, as Dash says it. */
    standing(stands: unknown): void;
    /** Ask for the page that a link leads to; `came` is told its text before Dash gets it. */
    ask(link: { pathname: string; search: string }, came: (text: string) => void): void;
  };
  /** Add a line to the banner; returns what takes it away. */
  say?(notice: Notice): () => void;
}

const handle = hasPage() ? window.deeptracker : undefined;
export const { connection } = (handle ?? {}) as unknown as { connection: Connection };
