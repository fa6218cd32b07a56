// The fields of the selection that the layer view declares: app/views/layers/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    search: string;
    encoding: string;
    same: boolean;
    height: string;
    level: number;
    toggled: number[];
    nodes: number[];
    normalised: boolean;
    magnitude: string;
    layerlarge: number | null;
    sort: string;
    limit: number;
    limitof: string;
    filterquantity: string;
    filterscaling: string;
    filterorder: string;
    topsort: string;
  }
}

export {};
