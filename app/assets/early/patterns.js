// Tries a pattern on names, in a thread of its own: whoever asked can end it where it takes too long.
self.onmessage = ({ data: { pattern, names } }) => {
  const expression = new RegExp(pattern, "i");
  self.postMessage(names.map((name) => expression.test(name)));
};
// What it takes until this script is here is no fault of a pattern.
self.postMessage("ready");
