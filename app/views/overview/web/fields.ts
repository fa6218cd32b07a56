// The fields of the selection that the overview declares: app/views/overview/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    order: string;
    quantity: string;
    scaling: string;
  }
}

export {};
