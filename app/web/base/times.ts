// Times on the common axis of runs: how long it is since the start, and where the scale is marked.

// Round steps, in seconds.
const STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  86400,
];
const DAY = 86400;

/** Write a time in seconds as 1:02:03, or with a decimal below a minute. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${+seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours
    ? `${hours}:${two(minutes)}:${two(whole % 60)} h`
    : `${minutes}:${two(whole % 60)} min`;
}

/** Return the round times (seconds) within [first, last], about `count` of them. */
export function roundTimes(first: number, last: number, count: number): number[] {
  const span = last - first;
  const step = STEPS.find((one) => span / one <= count) || DAY * Math.ceil(span / count / DAY);
  const found: number[] = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) found.push(at);
  return found;
}
