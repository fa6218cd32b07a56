// The fields of the selection that the compare page declares: app/views/compare/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    align: string;
    grouping: string;
    members: number[];
    firstrun: string;
    secondrun: string;
    compareorder: string;
    groupby: string;
    band: string;
    baseline: string;
    hidden: number[];
    picked: number[];
    difference: boolean;
    explore: string;
    result: string;
    across: string;
    coloured: string;
    logaxes: boolean;
  }
}

export {};
