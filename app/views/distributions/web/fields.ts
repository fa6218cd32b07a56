// The fields of the selection that the page of distributions declares: ../fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    distributionquantity: string;
    distributionlevel: string;
    distributionmode: string;
    distributionscale: string;
    distributionx: string;
    ridges: string;
    distributionsearch: string;
    enlarged: number | null;
  }
}

export {};
