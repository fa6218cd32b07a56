// The fields of the selection that the page of what changed declares: ../fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    otherat: string;
    changelayer: string;
  }
}

export {};
