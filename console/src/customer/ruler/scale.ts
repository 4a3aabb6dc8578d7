/** The time axis of the ruler: straight for a short history; for a long one the old part is squeezed behind a marked break. */

export const DAY_MS = 86_400_000;

export interface Tick {
  ms: number;
  x: number;
  unit: "year" | "month" | "day" | "hour";
  label: boolean;
}

export interface Scale {
  width: number;
  from: number;
  to: number;
  /** Where the axis breaks, px and ms; null when it is straight. */
  breakX: number | null;
  breakMs: number | null;
  x(ms: number): number;
  ms(x: number): number;
  ticks: Tick[];
}

const RECENT_DAYS = [14, 21, 30, 60, 120, 365];
/** Share of the width that the squeezed part takes. */
const OLD_SHARE = 0.2;
const GAP_PX = 10;
const LABEL_PX = 52;

/** Share of the days with events that the recent part must hold. */
const MOST = 0.55;

/** `moments` are the days with events, ms. */
export function makeScale(from: number, to: number, moments: number[], width: number): Scale {
  const span = Math.max(to - from, 3_600_000);
  const start = to - span;
  const recent = pickRecent(start, to, moments);
  if (recent === null) {
    const x = (ms: number) => ((clamp(ms, start, to) - start) / span) * width;
    const ms = (at: number) => start + (clamp(at, 0, width) / width) * span;
    return { width, from: start, to, breakX: null, breakMs: null, x, ms, ticks: makeTicks(start, to, 0, width, x) };
  }
  const breakX = Math.round(width * OLD_SHARE);
  const right = breakX + GAP_PX;
  const left = breakX - GAP_PX;
  const x = (ms: number) =>
    ms < recent
      ? ((clamp(ms, start, recent) - start) / (recent - start)) * left
      : right + ((clamp(ms, recent, to) - recent) / (to - recent)) * (width - right);
  const ms = (at: number) =>
    at < breakX
      ? start + (clamp(at, 0, left) / left) * (recent - start)
      : recent + ((clamp(at, right, width) - right) / (width - right)) * (to - recent);
  const ticks = [...makeTicks(start, recent, 0, left, x), ...makeTicks(recent, to, right, width, x)];
  return { width, from: start, to, breakX, breakMs: recent, x, ms, ticks };
}

function pickRecent(start: number, to: number, moments: number[]): number | null {
  if (to - start < 60 * DAY_MS || moments.length === 0) return null;
  for (const days of RECENT_DAYS) {
    const edge = to - days * DAY_MS;
    if ((edge - start) / (to - edge) < 2) return null;
    const inside = moments.reduce((sum, ms) => sum + Number(ms >= edge), 0);
    if (inside >= moments.length * MOST) return edge;
  }
  return null;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

interface Step {
  unit: Tick["unit"];
  every: number;
}

const STEPS: Step[] = [
  { unit: "hour", every: 1 },
  { unit: "hour", every: 6 },
  { unit: "day", every: 1 },
  { unit: "day", every: 2 },
  { unit: "day", every: 7 },
  { unit: "month", every: 1 },
  { unit: "month", every: 3 },
  { unit: "year", every: 1 },
  { unit: "year", every: 2 },
  { unit: "year", every: 5 },
];

function makeTicks(from: number, to: number, left: number, right: number, x: (ms: number) => number): Tick[] {
  const room = Math.max(1, Math.floor((right - left) / LABEL_PX));
  const step = STEPS.find((one) => count(from, to, one) <= room) ?? (STEPS[STEPS.length - 1] as Step);
  const labels = boundaries(from, to, step);
  const fine = finer(step);
  const small = fine && count(from, to, fine) <= (right - left) / 8 ? boundaries(from, to, fine) : [];
  const named = new Set(labels);
  const unlabelled = small.filter((ms) => !named.has(ms)).map((ms) => ({ ms, x: x(ms), unit: step.unit, label: false }));
  return [...labels.map((ms) => ({ ms, x: x(ms), unit: step.unit, label: true })), ...unlabelled];
}

function finer(step: Step): Step | undefined {
  if (step.unit === "day" && step.every > 1) return { unit: "day", every: 1 };
  return STEPS[STEPS.indexOf(step) - 1];
}

const LENGTH_DAYS = { hour: 1 / 24, day: 1, month: 30.4, year: 365.25 };

function count(from: number, to: number, step: Step): number {
  return (to - from) / (LENGTH_DAYS[step.unit] * step.every * DAY_MS) + 1;
}

/** Calendar boundaries in the reader's zone, so that summer time does not shift them. */
function boundaries(from: number, to: number, { unit, every }: Step): number[] {
  const date = new Date(from);
  const result: number[] = [];
  if (unit === "hour") date.setMinutes(0, 0, 0);
  else date.setHours(0, 0, 0, 0);
  if (unit === "month") date.setMonth(Math.floor(date.getMonth() / every) * every, 1);
  if (unit === "year") date.setFullYear(Math.floor(date.getFullYear() / every) * every, 0, 1);
  if (unit === "hour") date.setHours(Math.floor(date.getHours() / every) * every);
  for (let guard = 0; date.getTime() <= to && guard < 500; guard += 1) {
    if (date.getTime() >= from) result.push(date.getTime());
    if (unit === "hour") date.setHours(date.getHours() + every);
    if (unit === "day") date.setDate(date.getDate() + every);
    if (unit === "month") date.setMonth(date.getMonth() + every);
    if (unit === "year") date.setFullYear(date.getFullYear() + every);
  }
  return result;
}
