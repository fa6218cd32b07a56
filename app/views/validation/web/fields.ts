// The fields of the selection that the validation view declares: app/views/validation/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    clusters: number;
    open: number[];
    group: string;
    openclasses: number[];
    rowheight: string;
    imagelist: string;
    find: string;
  }
}

export {};
