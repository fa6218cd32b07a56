// The fields of the selection that the page of the data declares: app/views/review/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    datalist: string;
    dataruns: string;
    dataclass: string;
    datadecision: string;
    datapage: number;
  }
}

export {};
