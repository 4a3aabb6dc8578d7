/** Numbers, money and times in the reader's language and time zone. Hours are always 24. */
import type { Language } from "./core";

const locales: Record<Language, string> = { en: "en-GB", ru: "ru-RU", pl: "pl-PL" };

const symbols: Record<string, string> = {
  PLN: "zł",
  EUR: "€",
  GBP: "£",
  USD: "$",
  RUB: "₽",
  UAH: "₴",
  CZK: "Kč",
};
const NBSP = "\u00a0";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type When = string | number | Date;
export type Format = ReturnType<typeof makeFormat>;

function toDate(when: When): Date {
  return when instanceof Date ? when : new Date(when);
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** How many digits a currency keeps after the point: 2 for most, 0 for yen. */
export function minorDigits(currency: string): number {
  try {
    return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
  } catch {
    return 2;
  }
}

export function makeFormat(language: Language) {
  const locale = locales[language];
  const plain = new Intl.NumberFormat(locale, { useGrouping: true });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const dayYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "short" });
  const longDay = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
  const month = new Intl.DateTimeFormat(locale, { month: "short" });
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const seconds = new Intl.DateTimeFormat(locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  const compare = new Intl.Collator(locale);
  const listed = new Intl.ListFormat(locale, { type: "conjunction" });

  function number(value: number, fraction?: number): string {
    if (fraction === undefined) return plain.format(value);
    // Sums stand in columns, so thousands are always parted, also where the language would leave four digits together.
    return value.toLocaleString(locale, { minimumFractionDigits: fraction, maximumFractionDigits: fraction, useGrouping: "always" });
  }
  function amount(minor: number, currency: string): string {
    const digits = minorDigits(currency);
    return number(minor / 10 ** digits, digits);
  }
  function symbol(currency: string): string {
    return symbols[currency] ?? currency;
  }
  function money(minor: number, currency: string): string {
    const sign = symbol(currency);
    if (language === "en" && /^[€£$]$/.test(sign)) return minor < 0 ? `−${sign}${amount(-minor, currency)}` : `${sign}${amount(minor, currency)}`;
    return `${amount(minor, currency)}${NBSP}${sign}`;
  }
  function shortDay(when: When, now: When = Date.now()): string {
    const date = toDate(when);
    const text = date.getFullYear() === toDate(now).getFullYear() ? day.format(date) : dayYear.format(date);
    // A year in Russian brings "г." along; a dense table reads better without. May, which is never shortened, takes its case in Polish.
    return text.replace(/\s?(г\.|r\.)$/, "").replace(/ maj(?= |$)/, " maja");
  }
  function time(when: When): string {
    return clock.format(toDate(when));
  }
  function timeSeconds(when: When): string {
    return seconds.format(toDate(when));
  }
  /** Time with milliseconds, for two moments that lie within one second. */
  function timeMs(when: When): string {
    const date = toDate(when);
    return `${seconds.format(date)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  }
  /** "now", "12 min ago", "2 h ago", "yesterday", then the date. */
  function ago(when: When, now: When = Date.now()): string {
    const date = toDate(when);
    const today = toDate(now);
    const age = today.getTime() - date.getTime();
    if (age < MINUTE && age > -MINUTE) return relative.format(0, "second");
    const days = Math.round((startOfDay(date) - startOfDay(today)) / DAY);
    if (age > 0 && age < HOUR) return relative.format(-Math.floor(age / MINUTE), "minute").replace("мин.", "мин");
    if (age > 0 && days === 0) return relative.format(-Math.floor(age / HOUR), "hour").replace(" hr ", " h ").replace("ч.", "ч");
    if (days === -1) return relative.format(-1, "day");
    return shortDay(date, today);
  }
  /** The heading of a day in a thread: "Today, Sun 22 Nov". */
  function dayHeading(when: When, now: When = Date.now()): string {
    const date = toDate(when);
    const days = Math.round((startOfDay(date) - startOfDay(toDate(now))) / DAY);
    const plainDay = `${weekday.format(date)} ${shortDay(date, now)}`;
    if (days !== 0 && days !== -1) return plainDay.charAt(0).toLocaleUpperCase(locale) + plainDay.slice(1);
    const name = relative.format(days, "day");
    return `${name.charAt(0).toLocaleUpperCase(locale)}${name.slice(1)}, ${plainDay}`;
  }
  function dateTime(when: When, now: When = Date.now()): string {
    return `${shortDay(when, now)} ${time(when)}`;
  }
  /** How long something took: "3 ms", "4.2 s", and what has waited longer as a length of time. */
  function milliseconds(value: number): string {
    if (value >= MINUTE) return duration(value);
    if (value < 1000) return `${number(Math.round(value))}${NBSP}${language === "ru" ? "мс" : "ms"}`;
    return `${number(value / 1000, value < 10_000 ? 1 : 0)}${NBSP}${language === "ru" ? "с" : "s"}`;
  }
  /** A length of time in its two largest units: "3 min 20 s", "2 h", "5 d". */
  function duration(ms: number): string {
    const units = language === "ru" ? ["с", "мин", "ч", "д"] : language === "pl" ? ["s", "min", "godz.", "d"] : ["s", "min", "h", "d"];
    const total = Math.max(0, Math.round(ms / 1000));
    const sizes = [1, 60, 3600, 86400];
    const top = total >= 86400 ? 3 : total >= 3600 ? 2 : total >= 60 ? 1 : 0;
    const size = sizes[top] ?? 1;
    const whole = Math.floor(total / size);
    const below = sizes[top - 1];
    const rest = below ? Math.floor((total - whole * size) / below) : 0;
    const head = `${number(whole)}${NBSP}${units[top]}`;
    return rest && total < 10 * size ? `${head} ${rest}${NBSP}${units[top - 1]}` : head;
  }
  return {
    language,
    locale,
    number,
    amount,
    symbol,
    money,
    shortDay,
    longDay: (when: When) => longDay.format(toDate(when)),
    month: (when: When) => month.format(toDate(when)),
    time,
    timeSeconds,
    timeMs,
    ago,
    dayHeading,
    dateTime,
    milliseconds,
    duration,
    list: (items: string[]) => listed.format(items),
    compare: (a: string, b: string) => compare.compare(a, b),
  };
}
