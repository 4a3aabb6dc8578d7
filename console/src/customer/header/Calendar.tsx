/** A month to choose a day from. Days on which something happened carry a knot in the colour of their door. */

import { useEffect, useRef, type KeyboardEvent } from "react";

import { asChannel, channelColour } from "~/channels";
import { useI18n } from "~/i18n";
import { Icon, IconButton } from "~/ui";

import { moveDay, weeksOf } from "./month";

interface CalendarProps {
  day: string;
  first: string | null;
  last: string;
  /** Day to the door used most on it. */
  doors: Map<string, string>;
  onPick: (day: string) => void;
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function Calendar({ day, first, last, doors, onPick }: CalendarProps) {
  const { t, fmt } = useI18n();
  const grid = useRef<HTMLTableElement>(null);
  const walked = useRef(false);
  const [year = 2026, month = 1] = day.split("-").map(Number);
  const weeks = weeksOf(year, month - 1);
  const heading = new Intl.DateTimeFormat(fmt.locale, { month: "long", year: "numeric" }).format(new Date(year, month - 1, 1));
  const weekday = new Intl.DateTimeFormat(fmt.locale, { weekday: "short" });
  const full = new Intl.DateTimeFormat(fmt.locale, { day: "numeric", month: "long", year: "numeric", weekday: "long" });
  const bounded = (wanted: string) => (wanted > last ? last : wanted);
  const turn = (by: number) => {
    const target = new Date(year, month - 1 + by, 1);
    const lastDay = new Date(target.getFullYear(), target.getMonth() + 1, 0).getDate();
    const date = Math.min(Number(day.slice(8)), lastDay);
    onPick(bounded(moveDay(`${target.getFullYear()}-${target.getMonth() + 1}-1`, date - 1)));
  };
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step !== undefined) onPick(bounded(moveDay(day, step)));
    else if (event.key === "PageUp") turn(-1);
    else if (event.key === "PageDown") turn(1);
    else return;
    walked.current = true;
    event.preventDefault();
  };
  useEffect(() => {
    if (!walked.current) return;
    walked.current = false;
    grid.current?.querySelector<HTMLElement>(`[data-day="${day}"]`)?.focus();
  }, [day]);
  return (
    <div className="cu-calendar">
      <div className="cu-calendar-head">
        <IconButton label={t("customer.picker.previousMonth")} disabled={first !== null && `${first.slice(0, 7)}` >= day.slice(0, 7)} onClick={() => turn(-1)}>
          <Icon name="back" size={14} />
        </IconButton>
        <span aria-live="polite">{heading.replace(/\s?г\.$/, "")}</span>
        <IconButton label={t("customer.picker.nextMonth")} disabled={last.slice(0, 7) <= day.slice(0, 7)} onClick={() => turn(1)}>
          <span className="cu-mirrored">
            <Icon name="back" size={14} />
          </span>
        </IconButton>
      </div>
      <table ref={grid} onKeyDown={onKey}>
        <thead>
          <tr>
            {weeks[0]?.map((cell) => (
              <th key={cell.day} scope="col">
                {weekday.format(new Date(`${cell.day}T12:00`))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week) => (
            <tr key={week[0]?.day}>
              {week.map((cell) => {
                const door = doors.get(cell.day);
                return (
                  <td key={cell.day}>
                    {cell.inMonth && (
                      <button type="button" data-day={cell.day} tabIndex={cell.day === day ? 0 : -1} aria-pressed={cell.day === day} disabled={cell.day > last}
                        aria-label={`${full.format(new Date(`${cell.day}T12:00`))}${door ? `, ${t("customer.picker.happened")}` : ""}`} onClick={() => onPick(cell.day)}
                      >
                        {cell.date}
                        {door && <span className="cu-calendar-knot" style={{ background: channelColour(asChannel(door)) }} />}
                      </button>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
