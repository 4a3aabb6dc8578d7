/** What the plan's things are called. */
import { useI18n } from "~/i18n";

import type { Alarm, PlanEvent } from "./types";

/** The name of a track event stands as it is sent; the other types have only their type. */
export function useEventName(): (event: Pick<PlanEvent, "type" | "name">) => string {
  const { t } = useI18n();
  return ({ type, name }) => name || t(`plan.types.${type}`);
}

export function useAlarmWords(): (alarm: Alarm, now: number) => string {
  const { t, fmt } = useI18n();
  return (alarm, now) => {
    const path = shortPath(alarm.path ?? "");
    switch (alarm.kind) {
      case "type_conflict":
        return t("plan.alarms.type_conflict", {
          n: alarm.events,
          path,
          expected: alarm.expected ? t(`plan.kinds.${alarm.expected}`) : "",
          came: fmt.list(alarm.came.map((kind) => t(`plan.kinds.${kind}`))),
        });
      case "silence": {
        const end = alarm.closed_at ? Date.parse(alarm.closed_at) : now;
        const long = fmt.duration(end - Date.parse(alarm.since ?? alarm.opened_at));
        return t("plan.alarms.silence", { n: Math.round(alarm.missed ?? 0), long });
      }
      case "too_many_names":
        return t("plan.alarms.too_many_names", { n: alarm.events, most: alarm.most ?? 0 });
      case "too_many_properties":
        return t("plan.alarms.too_many_properties", { most: alarm.most ?? 0 });
      default:
        return t(`plan.alarms.${alarm.kind}`, { n: alarm.events, path });
    }
  };
}

/** Most paths begin with properties: said once, in the head of the column, it need not be said in every row. */
export function shortPath(path: string): string {
  return path.replace(/^properties\./, "");
}
