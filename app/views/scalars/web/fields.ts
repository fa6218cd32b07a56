// The fields of the selection that the page of scalars declares: app/views/scalars/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    scalars: string;
    scalarpage: number;
  }
}

export {};
