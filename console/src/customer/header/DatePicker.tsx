/** The window behind "As known on": a date, a time, both ways of looking back. */

import { useState } from "react";

import { useI18n } from "~/i18n";
import { Button, Dialog } from "~/ui";

import { DAY_MS } from "../ruler/scale";

interface DatePickerProps {
  at: string | null;
  later: boolean;
  lastJoin: string | null;
  firstSeen: string | null;
  onGo: (at: string | null, later: boolean) => void;
  onClose: () => void;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

function parts(ms: number): { date: string; time: string } {
  const at = new Date(ms);
  return { date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`, time: `${two(at.getHours())}:${two(at.getMinutes())}` };
}

export function DatePicker({ at, later, lastJoin, firstSeen, onGo, onClose }: DatePickerProps) {
  const { t } = useI18n();
  const [opened] = useState(Date.now);
  const [value, setValue] = useState(() => parts(at ? Date.parse(at) : opened));
  const [mode, setMode] = useState(later);
  const chosen = new Date(`${value.date}T${value.time || "00:00"}`).getTime();
  const wrong = Number.isNaN(chosen) || chosen > opened + 60_000;
  const quick = [
    { label: t("customer.picker.yesterday"), ms: opened - DAY_MS },
    { label: t("customer.picker.week"), ms: opened - 7 * DAY_MS },
    { label: t("customer.picker.month"), ms: opened - 30 * DAY_MS },
    ...(lastJoin ? [{ label: t("customer.picker.beforeJoin"), ms: Date.parse(lastJoin) - 1000 }] : []),
  ];
  const go = () => !wrong && onGo(new Date(chosen).toISOString(), mode);
  return (
    <Dialog title={t("customer.picker.title")} onClose={onClose} width={440}>
      <form
        className="cu-picker"
        onSubmit={(event) => {
          event.preventDefault();
          go();
        }}
      >
        <p className="quiet">{t("customer.picker.text")}</p>
        <div className="cu-picker-fields">
          <label>
            <span>{t("customer.picker.date")}</span>
            <input type="date" data-autofocus required value={value.date} max={parts(opened).date} min={firstSeen ? parts(Date.parse(firstSeen)).date : undefined}
              onChange={(event) => setValue({ ...value, date: event.currentTarget.value })}
            />
          </label>
          <label>
            <span>{t("customer.picker.time")}</span>
            <input type="time" required value={value.time} onChange={(event) => setValue({ ...value, time: event.currentTarget.value })} />
          </label>
        </div>
        <div className="cu-picker-quick">
          {quick.map(({ label, ms }) => (
            <Button key={label} dense onClick={() => setValue(parts(ms))}>
              {label}
            </Button>
          ))}
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
        {wrong && <p className="alarm" role="alert">{t("customer.picker.invalid")}</p>}
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
