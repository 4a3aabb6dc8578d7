/** Filters of the thread: one chip per door with the count of its events, the joins, and the field to find words. */

import { asChannel, Glyph, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { Chip, Icon, IconButton, SearchField } from "~/ui";

import type { ChangeSearch, CustomerSearch } from "../model/url";

export interface DoorCount {
  door: string;
  count: number;
}

interface ChipsProps {
  doors: DoorCount[];
  total: number;
  joins: number;
  search: CustomerSearch;
  change: ChangeSearch;
  phone: boolean;
  finding: boolean;
  setFinding: (on: boolean) => void;
  text: string;
  setText: (text: string) => void;
}

/** A plain press shows one door, a press with Shift or Ctrl adds it to those shown. */
export function toggleDoor(now: string | undefined, door: string, add: boolean): string | undefined {
  const shown = now ? now.split(",") : [];
  if (!add) return shown.length === 1 && shown[0] === door ? undefined : door;
  const next = shown.includes(door) ? shown.filter((one) => one !== door) : [...shown, door];
  return next.length > 0 ? next.join(",") : undefined;
}

export function Chips({ doors, total, joins, search, change, phone, finding, setFinding, text, setText }: ChipsProps) {
  const { t, fmt } = useI18n();
  const names = useChannelNames();
  const shown = search.door?.split(",") ?? [];
  const close = () => {
    setText("");
    setFinding(false);
  };
  return (
    <div className="cu-bar">
      <h2 className={phone ? "seen-by-readers" : ""}>{t("customer.thread.title")}</h2>
      <div className="cu-chips" role="group" aria-label={t("customer.thread.filter")}>
        <Chip on={shown.length === 0 && !search.only} count={fmt.number(total)} onClick={() => change({ door: undefined, only: undefined })}>
          {t("customer.thread.all")}
        </Chip>
        {doors.map(({ door, count }) => (
          <Chip
            key={door}
            on={shown.includes(door)}
            count={fmt.number(count)}
            onClick={(event) => change({ door: toggleDoor(search.door, door, event.shiftKey || event.ctrlKey || event.metaKey), only: undefined })}
          >
            <Glyph channel={asChannel(door)} size={14} />
            <span className={phone ? "seen-by-readers" : ""}>{names.title(asChannel(door))}</span>
          </Chip>
        ))}
        {joins > 0 && (
          <Chip on={search.only === "joins"} count={fmt.number(joins)} onClick={() => change({ only: search.only ? undefined : "joins", door: undefined, q: undefined })}>
            {t("customer.thread.joins")}
          </Chip>
        )}
      </div>
      {finding ? (
        <span className="cu-find">
          <SearchField label={t("customer.thread.find")} placeholder={t("customer.thread.findHint")} value={text} onChange={setText} autoFocus clearable={false} k="Escape"
            onKeyDown={(event) => {
              if (event.key === "Escape") {
                event.stopPropagation();
                close();
              }
            }}
          />
          <IconButton label={t("customer.thread.findClose")} onClick={close}>
            <Icon name="close" size={14} />
          </IconButton>
        </span>
      ) : (
        <IconButton className="cu-find-open" label={t("customer.thread.find")} onClick={() => setFinding(true)}>
          <Icon name="search" size={16} />
        </IconButton>
      )}
    </div>
  );
}
