/** A length of time in one unit and in words: "2 days", "5 h". */

import type { Language } from "~/i18n";

const UNITS: [Intl.NumberFormatOptions["unit"], number][] = [
  ["year", 365 * 86_400_000],
  ["month", 61 * 86_400_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];
const MONTH_MS = 30.44 * 86_400_000;

/**
 * Whole units only: what is not full yet is not counted. Months from two on, days before. Units whose nominative would be wrong after "through" or "later"
 * (a minute in Russian, an hour and a minute in Polish) stay abbreviated.
 */
export function spanText(ms: number, locale: string, language: Language): string {
  const [unit = "minute", size = 60_000] = UNITS.find(([, length]) => ms >= length) ?? [];
  const n = Math.max(1, Math.floor(ms / (unit === "month" ? MONTH_MS : size)));
  const short = unit === "minute" || (unit === "hour" && language === "pl");
  return n.toLocaleString(locale, { style: "unit", unit, unitDisplay: short ? "short" : "long" });
}
