// What bound controls said and were told: how a choice of somebody is told from an echo.
//
// A control that was told a value says it back, a moment later. That is no news, and maybe outdated:
// the selection may have changed in that moment.

import { same } from "./same.ts";

/** What a control said last, and what it was told since. */
interface State {
  said: unknown;
  told?: unknown;
}

const states = new Map<string, State>(); // by the place of the control

export const controlState = {
  /**
   * Take note of what a control says; returns whether somebody chose it. One that never said
   * anything is as the page came: with the `standard` value.
   */
  hear(at: string, value: unknown, standard: unknown): boolean {
    const { told } = states.get(at) ?? { told: standard };
    states.set(at, { said: value });
    return told === undefined || !same(value, told);
  },

  /**
   * Take note that a control is to show a value; returns whether it must be told. It is not where it
   * shows it already, nor where it shows what we are yet to hear.
   */
  tell(at: string, value: unknown, shows: unknown, standard: unknown): boolean {
    const { said, told = said } = states.get(at) ?? { said: standard };
    const ahead = !same(shows, said) && !same(shows, told);
    if (ahead || same(value, shows)) return false;
    states.set(at, { said, told: value });
    return true;
  },

  /** All controls came anew, with what the page says. */
  forget: (): void => states.clear(),
};
