/** Now, or later: the writer's time and the person's side by side. */
import { useI18n } from "~/i18n";
import { TextField } from "~/ui";

import { dueAt, type Draft } from "./model";
import { fieldTime, sameClock, timeIn } from "./zones";

const MORNING = 10;

export function When({ draft, zone, now, change }: { draft: Draft; zone: string | undefined; now: number; change: (by: Partial<Draft>) => void }) {
  const { t, fmt } = useI18n();
  const due = dueAt(draft);
  const there = due && zone ? (sameClock(due, zone, fmt) ? t("write.sameThere") : t("write.there", { when: timeIn(due, zone, fmt), zone: zone.replaceAll("_", " ") })) : undefined;
  const later = () => {
    const at = new Date(now);
    at.setDate(at.getDate() + 1);
    at.setHours(MORNING, 0, 0, 0);
    change({ later: true, at: draft.at || fieldTime(at) });
  };
  return (
    <fieldset className="wr-row">
      <legend>{t("write.when")}</legend>
      <div className="wr-choices">
        <label className="wr-choice">
          <input type="radio" name="when" checked={!draft.later} onChange={() => change({ later: false })} /> {t("write.now")}
        </label>
        <label className="wr-choice">
          <input type="radio" name="when" checked={draft.later} onChange={later} /> {t("write.later")}
        </label>
      </div>
      {draft.later && <TextField type="datetime-local" label={t("write.at")} value={draft.at} min={fieldTime(new Date(now))} onChange={(at) => change({ at })} hint={due && Date.parse(due) <= now ? t("write.past") : there} />}
    </fieldset>
  );
}
