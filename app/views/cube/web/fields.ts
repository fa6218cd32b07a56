// The fields of the selection that the cube declares: app/views/cube/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    cubeface: string;
    cubeturn: number[];
    cubefront: string;
    cubetop: string;
    cubetied: boolean;
    slicelayer: number | null;
    sliceclass: number | null;
    sliceiteration: number | null;
    layerrange: Range | null;
    classrange: Range | null;
  }
}

export {};
