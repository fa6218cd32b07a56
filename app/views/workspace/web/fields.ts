// The fields of the selection that the workspace declares: app/views/workspace/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    panes: string;
    arrange: string;
    sizes: number[];
  }
}

export {};
