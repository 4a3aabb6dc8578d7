import type { Ref } from "react";

import { useSources } from "~/api";
import { channels, Glyph, useChannelNames, type Channel } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, Chip, Icon, SearchField, usePhone } from "~/ui";

import type { Filter } from "./model";
import type { Stream } from "./useStream";

/** The doors after these show their sign alone, so that the line holds in every language. */
const WITH_WORDS = 6;
const ORDER: Channel[] = ["site", "app", "telegram", "email", "shop", "whatsapp", "sms"];

/** The doors worth a button: those with a source, and those that were heard in the last two minutes. */
export function useDoors(stream: Stream, chosen: Channel[]): Channel[] | null {
  const sources = useSources();
  if (sources === null || stream.loading) return null;
  const known = new Set<Channel>([...sources.map((source) => source.channel), ...chosen]);
  for (const second of stream.rate?.seconds ?? []) for (const door of Object.keys(second.counts) as Channel[]) known.add(door);
  const ordered = [...ORDER, ...channels.filter((channel) => !ORDER.includes(channel))];
  return ordered.filter((channel) => known.has(channel)).slice(0, 9);
}

interface FiltersProps {
  stream: Stream;
  filter: Filter;
  text: string;
  /** Null until they are known. */
  doors: Channel[] | null;
  field: Ref<HTMLInputElement>;
  setDoors: (doors: Channel[]) => void;
  setText: (text: string) => void;
  setRejected: (on: boolean) => void;
  toggleHold: () => void;
}

export function Filters({ stream, filter, text, doors, field, setDoors, setText, setRejected, toggleHold }: FiltersProps) {
  const { t } = useI18n();
  const { title } = useChannelNames();
  const toggle = (door: Channel) => setDoors(filter.doors.includes(door) ? filter.doors.filter((one) => one !== door) : [...filter.doors, door]);
  const held = stream.heldSince !== null;
  const refused = stream.rejected.length;
  const phone = usePhone();
  const rejected = (refused > 0 || filter.rejected) && (
    <Button className="live-refused" aria-pressed={filter.rejected} onClick={() => setRejected(!filter.rejected)}>
      {t("live.rejected", { n: refused })}
    </Button>
  );
  return (
    <div className={`live-filters ${doors === null ? "live-unready" : ""}`}>
      <div className="live-chips" role="group" aria-label={t("live.doors")}>
        <Chip on={filter.doors.length === 0} onClick={() => setDoors([])}>
          {t("live.all")}
        </Chip>
        {phone && rejected}
        {doors?.map((door, index) => {
          const bare = index >= WITH_WORDS;
          return (
            <Chip
              key={door}
              on={filter.doors.includes(door)}
              onClick={() => toggle(door)}
              {...(bare ? { "aria-label": title(door), title: title(door) } : {})}
            >
              <Glyph channel={door} />
              {!bare && title(door)}
            </Chip>
          );
        })}
      </div>
      <SearchField ref={field} className="live-search" label={t("live.filter")} placeholder={t("live.filter")} value={text} onChange={setText} k={text ? "Escape" : "/"} />
      <div className="live-flow">
        {!phone && rejected}
        {held && stream.waiting > 0 && (
          <Button kind="waiting" onClick={toggleHold}>
            {t("live.waiting", { n: stream.waiting })}
            <Icon name="up" size={14} />
          </Button>
        )}
        {(!phone || !held || stream.waiting === 0) && (
          <Button kind={held ? "primary" : "plain"} k="Space" onClick={toggleHold}>
            {t(held ? "live.resume" : "live.hold")}
          </Button>
        )}
      </div>
    </div>
  );
}
