// The fields of the selection that the view of the network declares: app/views/network/fields.py.

declare module "#app/web/core/fields.ts" {
  interface Fields {
    networklevel: number;
    networktoggled: number[];
    networkof: string;
    networksearch: string;
  }
}

export {};
