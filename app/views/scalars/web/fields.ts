// The fields of the selection that the page of scalars declares: app/views/scalars/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    scalars: string;
    scalarregex: boolean;
    scalarpage: number;
    smoothing: number;
    outliers: boolean;
    scalarx: string;
    scalarjoin: boolean;
    scalarcolumns: string;
    scalartied: boolean;
    scalarpins: string;
    scalarlarge: string;
    scalarhidden: string;
    scalarfolded: string;
    scalarown: string;
  }
}

export {};
