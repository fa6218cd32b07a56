// The fields of the selection that the page of probes declares: app/views/probe/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    probeimage: number | null;
    probelayer: number | null;
    probeown: boolean;
    probeclusters: number;
    probemethod: string;
    probetarget: string;
    probeopacity: number;
  }
}

export {};
