// The fields of the selection that the page of confusion declares: app/views/confusion/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    confusionview: string;
    confusionas: string;
    confusionorder: string;
    diagonal: boolean;
    confusionagainst: number | null;
    confusionrows: Range | null;
    confusioncolumns: Range | null;
    confusioncell: number[];
    classsort: string;
  }
}

export {};
