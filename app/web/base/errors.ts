// What is thrown may be anything; people read its message.

/** Return what an error says. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
