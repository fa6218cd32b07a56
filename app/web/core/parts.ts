// Controls that stand on every page, drawn as Mantine draws them but without what it takes 4 to 5 ms
// of a page's opening for, each: a row of buttons, and a list that is Mantine's once one comes near.

import { libraries, type Node, offerComponents } from "./react.ts";

interface Choice {
  value: string;
  label: string;
}
/** What Dash hands to a control; more of Mantine's properties come along and go to its own. */
interface Props {
  id?: string;
  data?: readonly Choice[];
  value?: string | null;
  className?: string;
  disabled?: boolean;
  placeholder?: string;
  w?: number | string;
  setProps: (props: { value: string }) => void;
  [attribute: string]: unknown;
}

const isAttribute = (name: string): boolean => /^(aria|data)-/.test(name);

/** Return the aria-* and data-* attributes among properties. */
const attributesOf = (props: Props): Record<string, unknown> =>
  Object.fromEntries(Object.entries(props).filter(([name]) => isAttribute(name)));

const classesOf = (own: string, { className }: Props): string =>
  className ? `${own} ${className}` : own;

/** A row of buttons, one of them chosen: radio buttons, which browsers move between by arrow keys. */
function Segments(props: Props): Node {
  const { createElement, useId } = libraries().React;
  const name = useId();
  const { data = [], id, setProps, value: chosen } = props;
  const segment = ({ value, label }: Choice): Node => {
    const radio = {
      type: "radio",
      name,
      value,
      checked: value === chosen,
      onChange: () => setProps({ value }),
    };
    return createElement(
      "label",
      { key: value, className: "dt-segment", "data-active": value === chosen || undefined },
      createElement("input", radio),
      createElement("span", null, label),
    );
  };
  const holder = {
    ...attributesOf(props),
    id,
    role: "radiogroup",
    className: classesOf("dt-segments", props),
  };
  return createElement("div", holder, data.map(segment));
}

/** A list to choose from: a field that looks like Mantine's until it is pointed at or focused. */
function Choices(props: Props): Node {
  const { React, ReactDOM, dash_mantine_components: mantine } = libraries();
  const [awake, setAwake] = React.useState<"" | "pointed" | "focused">("");
  React.useEffect(() => {
    if (awake === "focused" && props.id) document.getElementById(props.id)?.focus();
  }, [awake]);
  if (awake) return React.createElement(mantine.Select, props);
  const { data = [], disabled, id, placeholder, value, w } = props;
  const field = {
    ...attributesOf(props),
    disabled,
    id,
    placeholder,
    type: "text",
    readOnly: true,
    "aria-haspopup": "listbox",
    className: "dt-choice-field",
    value: data.find((one) => one.value === value)?.label ?? "",
    onFocus: () => setAwake("focused"),
  };
  const holder = {
    className: classesOf("dt-choice", props),
    style: { width: w },
    // At once: what is pressed next is already Mantine's.
    onPointerEnter: () => ReactDOM.flushSync(() => setAwake("pointed")),
  };
  return React.createElement("div", holder, React.createElement("input", field));
}

offerComponents({ Segments, Choices });
