/** The window behind "As known on": a day, a time, both ways of looking back. */

import { useMemo, useState } from "react";

import { useI18n } from "~/i18n";
import { Button, Dialog } from "~/ui";

import type { RulerDay } from "../model/types";
import { DAY_MS } from "../ruler/scale";
import { Calendar } from "./Calendar";
import { dayText, readTime } from "./month";

interface DatePickerProps {
  at: string | null;
  later: boolean;
  lastJoin: string | null;
  firstSeen: string | null;
  days: RulerDay[];
  onGo: (at: string | null, later: boolean) => void;
  onClose: () => void;
}

function parts(ms: number): { day: string; time: string } {
  const at = new Date(ms);
  return { day: dayText(at), time: `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}` };
}

export function DatePicker({ at, later, lastJoin, firstSeen, days, onGo, onClose }: DatePickerProps) {
  const { t } = useI18n();
  const [opened] = useState(Date.now);
  const [value, setValue] = useState(() => parts(at ? Date.parse(at) : opened));
  const [mode, setMode] = useState(later);
  const doors = useMemo(() => new Map(days.map((day) => [day.day, Object.entries(day.channels).sort((a, b) => b[1] - a[1])[0]?.[0] ?? "api"])), [days]);
  const time = readTime(value.time);
  const chosen = time === null ? Number.NaN : new Date(`${value.day}T${time}`).getTime();
  const wrong = Number.isNaN(chosen) || chosen > opened + 60_000;
  const quick = [
    { label: t("customer.picker.yesterday"), ms: opened - DAY_MS },
    { label: t("customer.picker.week"), ms: opened - 7 * DAY_MS },
    { label: t("customer.picker.month"), ms: opened - 30 * DAY_MS },
    ...(lastJoin ? [{ label: t("customer.picker.beforeJoin"), ms: Date.parse(lastJoin) - 60_000 }] : []),
  ];
  return (
    <Dialog title={t("customer.picker.title")} onClose={onClose} width={520}>
      <form
        className="cu-picker"
        onSubmit={(event) => {
          event.preventDefault();
          if (!wrong) onGo(new Date(chosen).toISOString(), mode);
        }}
      >
        <div className="cu-picker-columns">
          <Calendar day={value.day} first={firstSeen ? dayText(new Date(firstSeen)) : null} last={dayText(new Date(opened))} doors={doors} onPick={(day) => setValue({ ...value, day })} />
          <div className="cu-picker-side">
            <label>
              <span>{t("customer.picker.time")}</span>
              <input type="text" inputMode="numeric" data-autofocus maxLength={5} autoComplete="off" aria-invalid={wrong} value={value.time} onFocus={(event) => event.currentTarget.select()}
                onChange={(event) => setValue({ ...value, time: event.currentTarget.value })}
              />
            </label>
            <div className="cu-picker-quick">
              {quick.map(({ label, ms }) => (
                <Button key={label} kind="text" onClick={() => setValue(parts(ms))}>
                  {label}
                </Button>
              ))}
            </div>
          </div>
        </div>
        <fieldset>
          <legend>{t("customer.past.mode")}</legend>
          {[false, true].map((one) => (
            <label key={String(one)} className="cu-radio">
              <input type="radio" name="mode" checked={mode === one} onChange={() => setMode(one)} />
              {t(one ? "customer.past.modeLater" : "customer.past.modeThen")}
            </label>
          ))}
        </fieldset>
        {wrong && (
          <p className="alarm" role="alert">
            {t("customer.picker.invalid")}
          </p>
        )}
        <div className="cu-picker-foot">
          {at !== null && <Button onClick={() => onGo(null, false)}>{t("customer.past.back")}</Button>}
          <Button kind="primary" type="submit" disabled={wrong}>
            {t("customer.picker.go")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
