// Components make style elements at run time: they get the nonce of this page, without which the
// browser refuses them. Those that somebody smuggles in as text get none.
(function () {
  "use strict";
  const { nonce } = document.currentScript;
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (name, options) {
    const made = create.call(this, name, options);
    if (made instanceof HTMLStyleElement) made.nonce = nonce;
    return made;
  };
})();
