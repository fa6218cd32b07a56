// The palettes of the colour scales, of light and of dark pages.

const VIRIDIS = [
  "440154",
  "482878",
  "3e4989",
  "31688e",
  "26828e",
  "1f9e89",
  "35b779",
  "6ece58",
  "b5de2b",
  "fde725",
];
const CIVIDIS = [
  "00204d",
  "00336f",
  "39486b",
  "575d6d",
  "707173",
  "8a8779",
  "a69d75",
  "c4b56c",
  "e4cf5b",
  "ffea46",
];
// Low values first. `dark` where light and dark differ.
export const PALETTES = {
  accuracy: {
    light: [
      "a50026",
      "d73027",
      "f46d43",
      "fdae61",
      "fee08b",
      "fbf7b0",
      "d9ef8b",
      "a6d96a",
      "66bd63",
      "1a9850",
      "006837",
    ],
    dark: [
      "8f1832",
      "c0352f",
      "dc6440",
      "e79a52",
      "e3c266",
      "d8d479",
      "b4cd68",
      "83b95c",
      "4fa256",
      "21834a",
      "0c6a41",
    ],
  },
  safe: { light: CIVIDIS, dark: CIVIDIS },
  // Larger is further from the background.
  magnitude: { light: [...VIRIDIS].reverse(), dark: VIRIDIS },
  diverging: {
    light: [
      "1d4f91",
      "4b86c2",
      "94bfe0",
      "d3e4f0",
      "f6f4f1",
      "f5d8c4",
      "e8a17c",
      "cc6142",
      "96261f",
    ],
    dark: [
      "8ec5f5",
      "5497d8",
      "336aa8",
      "26456c",
      "2b2d33",
      "64402f",
      "a35f3d",
      "dd8f5f",
      "fbc69a",
    ],
  },
};

export type Palette = keyof typeof PALETTES;
