// The one selection that drives every view: cursor, pins, range, classes, layers, options.
//
// `set` tells its subscribers once in the next frame, with no request; after 250 ms of rest the
// selection goes to the address and to the dcc.Store "selection". Which fields there are, of which
// kind and with which default, app/selection.py says; the page carries it in #selection-fields.
(function () {
  "use strict";
  const deeptracker = (window.deeptracker = window.deeptracker || {});

  const REST_MS = 250;
  const STORE = "selection";
  const subscribers = new Set();
  let chosen = {}; // only what differs from the default
  let passing = {}; // what is under the pointer; in no address
  let changed = new Set();
  let frame = 0;
  let rest = 0;
  let place = null; // the run that the selection belongs to
  const shown = new Map(); // field -> what its control shows, as far as we know
  let page = null; // the element of the page that says which fields there are
  let known = { text: "", fields: {} };

  const number = (text) => (text !== "" && Number.isFinite(Number(text)) ? Number(text) : null);
  const whole = (text) => (/^\d{1,10}$/.test(text) ? Number(text) : null);
  const listOf = (read) => (text) => {
    const values = text.split(",").map(read).filter((value) => value !== null);
    return values.length ? values : null;
  };
  const group = (separator) => (text) => {
    const values = text.split(separator).map(whole);
    return values.length === 2 && !values.includes(null) ? values : null;
  };

  // How each kind of field is read from and written to the address; null: not to be read.
  const KINDS = {
    integer: { read: whole, write: String },
    number: { read: number, write: String },
    flag: { read: (text) => text === "1", write: (value) => (value ? "1" : "0") },
    text: { read: (text) => text.slice(0, 200) || null, write: String },
    integers: { read: listOf(whole), write: (value) => value.join(",") },
    range: {
      read: (text) => {
        const ends = group("-")(text);
        return ends && ends[0] <= ends[1] ? ends : null;
      },
      write: (value) => value.join("-"),
    },
    pairs: {
      read: listOf(group(".")),
      write: (value) => value.map((pair) => pair.join(".")).join(","),
    },
  };

  const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

  function runOfPage() {
    const match = /\/run\/(\d+)/.exec(location.pathname);
    return match ? match[1] : null;
  }

  /** Return {name: {kind, default}} of this page; empty where the page has no selection. */
  function fields() {
    const text = document.getElementById("selection-fields")?.dataset.fields || "";
    if (text && text !== known.text) known = { text, fields: JSON.parse(text) };
    return text ? known.fields : {};
  }

  function fromAddress() {
    const parameters = new URLSearchParams(location.search);
    const read = {};
    for (const [name, field] of Object.entries(fields())) {
      const text = parameters.get(name);
      const value = text === null ? null : KINDS[field.kind].read(text);
      if (value !== null && !same(value, field.default)) read[name] = value;
    }
    return read;
  }

  /** Write the selection into the address, leaving parameters that are not ours. */
  function toAddress() {
    const parameters = new URLSearchParams(location.search);
    for (const [name, field] of Object.entries(fields())) {
      if (name in chosen) parameters.set(name, KINDS[field.kind].write(chosen[name]));
      else parameters.delete(name);
    }
    const text = parameters.toString().replaceAll("%2C", ",");
    const address = location.pathname + (text ? `?${text}` : "") + location.hash;
    if (address !== location.pathname + location.search + location.hash) {
      history.replaceState(history.state, "", address);
    }
  }

  function everything() {
    const view = {};
    for (const [name, field] of Object.entries(fields())) {
      view[name] = name in chosen ? chosen[name] : field.default;
    }
    return view;
  }

  function toStore() {
    if (document.getElementById("selection-fields") && window.dash_clientside?.set_props) {
      window.dash_clientside.set_props(STORE, { data: everything() });
    }
  }

  function commit() {
    rest = 0;
    if (place === null || place !== runOfPage()) return; // the page was left in the meantime
    toAddress();
    toStore();
  }

  function tell() {
    frame = 0;
    const names = changed;
    changed = new Set();
    const view = { ...everything(), ...passing };
    for (const subscriber of [...subscribers]) subscriber(view, names);
  }

  function announce(names) {
    names.forEach((name) => changed.add(name));
    if (!frame && changed.size) frame = requestAnimationFrame(tell);
  }

  /** Take over the address where the page shows another run, or came by back and forward. */
  function sync({ force = false } = {}) {
    const run = runOfPage();
    const holder = document.getElementById("selection-fields");
    if (run === null || !holder) return;
    const anew = holder !== page; // the page's store holds the defaults, as the server sent it
    if (anew) shown.clear(); // its controls show the defaults
    page = holder;
    if (run === place && !force) {
      // Another view of the same run: the selection goes with it.
      toAddress();
      if (anew && Object.keys(chosen).length) toStore();
      return;
    }
    place = run;
    passing = {};
    const before = chosen;
    chosen = fromAddress();
    const names = Object.keys(fields()).filter((name) => !same(chosen[name], before[name]));
    announce(names);
    if (names.length || Object.keys(chosen).length) toStore();
  }

  function ready() {
    if (place === null || place !== runOfPage()) sync();
  }

  deeptracker.selection = {
    /** Return every field, with its default where nothing is chosen, and what is pointed at. */
    get() {
      ready();
      return { ...everything(), ...passing };
    },

    /** Change some fields, for instance {cursor: 1600}; null takes the default. */
    set(patch) {
      ready();
      const names = [];
      for (const [name, value] of Object.entries(patch)) {
        const field = fields()[name];
        if (!field) throw new Error(`The selection of this page has no field ${name}.`);
        const now = name in chosen ? chosen[name] : field.default;
        const next = value ?? field.default;
        if (same(next, now)) continue;
        if (same(next, field.default)) delete chosen[name];
        else chosen[name] = next;
        names.push(name);
      }
      if (!names.length) return;
      announce(names);
      clearTimeout(rest);
      rest = setTimeout(commit, REST_MS);
    },

    /** Change what is under the pointer, for instance {row: {...}}; told, but never kept. */
    point(patch) {
      passing = { ...passing, ...patch };
      announce(Object.keys(patch));
    },

    /** Call `subscriber(selection, Set of changed fields)` once a frame; returns the way out. */
    subscribe(subscriber) {
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },

    /** Add a value to a list field, or take it away. */
    toggle(name, value) {
      const values = this.get()[name];
      const others = values.filter((other) => !same(other, value));
      const next = others.length === values.length ? [...values, value] : others;
      this.set({ [name]: next.sort((a, b) => a - b) });
    },

    sync,
    fields: () => fields(),
  };

  window.addEventListener("popstate", () => sync({ force: true }));
  // dcc.Link changes the address with pushState and says so with an event of its own.
  window.addEventListener("_dashprivate_pushstate", () => setTimeout(sync));

  function writeField(field, value) {
    shown.set(field, value);
    deeptracker.selection.set({ [field]: value });
  }

  /** Return what a control is to show, where that is not what it shows: it may be ahead of us. */
  function readField(field) {
    const value = deeptracker.selection.get()[field];
    const before = shown.has(field) ? shown.get(field) : fields()[field]?.default;
    if (same(value, before)) return window.dash_clientside.no_update;
    shown.set(field, value);
    return value;
  }

  // The callbacks of app/selection.py bind_control: "write_<field>" and "read_<field>".
  const control = (name) => {
    const [, way, field] = /^(write|read)_(\w+)$/.exec(name) || [];
    if (way === "write") return (value) => writeField(field, value);
    if (way === "read") return () => readField(field);
    return undefined;
  };
  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.selection = new Proxy({}, { get: (_, name) => control(String(name)) });
})();
