/** The days of a month as a calendar shows them: whole weeks from Monday. Pure. */

export interface Cell {
  /** "2026-11-05" */
  day: string;
  date: number;
  inMonth: boolean;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

export function dayText(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Weeks of the month that `year` and `month` (0 for January) name. */
export function weeksOf(year: number, month: number): Cell[][] {
  const first = new Date(year, month, 1);
  const back = (first.getDay() + 6) % 7;
  const days = new Date(year, month + 1, 0).getDate();
  const weeks = Math.ceil((back + days) / 7);
  return Array.from({ length: weeks }, (_, week) =>
    Array.from({ length: 7 }, (__, weekday) => {
      const date = new Date(year, month, 1 - back + week * 7 + weekday);
      return { day: dayText(date), date: date.getDate(), inMonth: date.getMonth() === month };
    }),
  );
}

/** The day `by` days from `day`. */
export function moveDay(day: string, by: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return dayText(new Date(year, month - 1, date + by));
}

/** "9:5", "0905", "09.05" → "09:05"; null when it is no time of day. */
export function readTime(text: string): string | null {
  const match = /^\s*(\d{1,2})\s*[:.,\s]?\s*(\d{2})?\s*$/.exec(text);
  if (!match) return null;
  const hour = Number(match[1]);
  const minute = Number(match[2] ?? 0);
  return hour < 24 && minute < 60 ? `${two(hour)}:${two(minute)}` : null;
}
