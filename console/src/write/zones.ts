/** The same moment where somebody else lives. */
import type { Format } from "~/i18n";

/** "Sat 28 Nov, 11:00" in that zone. */
export function timeIn(when: string, zone: string, { locale }: Format): string {
  try {
    return new Intl.DateTimeFormat(locale, { timeZone: zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(when));
  } catch {
    return "";
  }
}

/** Whether clocks there show what clocks here show at that moment. */
export function sameClock(when: string, zone: string, fmt: Format): boolean {
  return timeIn(when, zone, fmt) === timeIn(when, Intl.DateTimeFormat().resolvedOptions().timeZone, fmt);
}

/** A moment as a field for day and time takes it. */
export function fieldTime(moment: Date): string {
  const pad = (n: number) => String(n).padStart(2, "0");
  return `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
}
