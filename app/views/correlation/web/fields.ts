// The fields of the selection that the correlation view declares: app/views/correlation/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    cell: Pair[];
    significance: string;
    weight: number;
    split: string;
    splitlayers: number[];
    splitclasses: number[];
    roworder: string;
    columnorder: string;
  }
}

export {};
