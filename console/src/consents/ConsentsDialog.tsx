/** What may be written to one person: by address and purpose, since when and by what; recording what they say. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, refPath, useMay, type Page } from "~/api";
import { asChannel, Glyph, useChannelNames } from "~/channels";
import { identifierText } from "~/customer/model/labels";
import { useI18n } from "~/i18n";
import { Button, Dialog, Empty, problemText, ProblemBox, Skeleton, toast, useCopy } from "~/ui";

import { Record } from "./Record";
import type { Entry, Purpose, Standing, Standings } from "./types";
import "./consents.css";

export function ConsentsDialog({ profileRef, name, onClose }: { profileRef: string; name: string; onClose: () => void }) {
  const { t } = useI18n();
  const path = `/api/profiles/${refPath(profileRef)}`;
  const client = useQueryClient();
  const may = useMay("consent.edit");
  const [recording, setRecording] = useState<Standing | null>(null);
  const standings = useQuery({ queryKey: ["consents", profileRef], queryFn: () => api.get<Standings>(`${path}/consents`) });
  const purposes = useQuery({ queryKey: ["purposes"], queryFn: () => api.get<Page<Purpose>>("/api/purposes") });
  const history = useQuery({ queryKey: ["consents", profileRef, "history"], queryFn: () => api.get<Page<Entry>>(`${path}/consents/history`, { params: { limit: 20 } }) });
  const copy = useCopy();
  const link = async () => {
    try {
      const made = await api.post<{ url: string }>(`${path}/preferences-links`, {});
      await copy(made.url, t("consent.copied"));
    } catch (fault) {
      toast({ kind: "alarm", text: problemText(fault, t).title });
    }
  };
  const fault = standings.error ?? purposes.error;
  const known = new Map(purposes.data?.data.map((each) => [each.name, each]));
  const groups = grouped(standings.data?.data ?? []);
  const footer = may && groups.length > 0 && <Button onClick={() => void link()}>{t("consent.copy")}</Button>;
  return (
    <Dialog title={t("consent.titleOf", { name })} onClose={onClose} width={640} footer={footer}>
      <p className="quiet">{t("consent.lead")}</p>
      {fault ? (
        <ProblemBox error={fault} onRetry={() => void Promise.all([standings.refetch(), purposes.refetch()])} />
      ) : !standings.data || !purposes.data ? (
        <Skeleton rows={8} height={28} />
      ) : groups.length === 0 ? (
        <Empty title={t("consent.nowhere")} />
      ) : (
        <>
          {groups.map((rows) => (
            <Address key={`${rows[0]?.channel} ${rows[0]?.address}`} rows={rows} purposes={known} recording={recording} onRecord={may ? setRecording : null}
              form={recording && (
                <Record standing={recording} purpose={known.get(recording.purpose)} path={path} onClose={() => setRecording(null)} onDone={() => void client.invalidateQueries({ queryKey: ["consents", profileRef] })} />
              )}
            />
          ))}
          <Wishes wishes={standings.data.preferences} />
          <History entries={history.data?.data ?? []} purposes={known} />
        </>
      )}
    </Dialog>
  );
}

function grouped(standings: Standing[]): Standing[][] {
  const groups = new Map<string, Standing[]>();
  for (const each of standings) {
    const key = `${each.channel} ${each.address}`;
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()];
}

function addressText(address: string): string {
  const colon = address.indexOf(":");
  return identifierText(address.slice(0, colon), address.slice(colon + 1));
}

interface AddressProps {
  rows: Standing[];
  purposes: Map<string, Purpose>;
  recording: Standing | null;
  onRecord: ((standing: Standing) => void) | null;
  form: React.ReactNode;
}

function Address({ rows, purposes, recording, onRecord, form }: AddressProps) {
  const { t, fmt, language } = useI18n();
  const names = useChannelNames();
  const [first] = rows;
  if (!first) return null;
  const channel = asChannel(first.channel);
  const said = (row: Standing) => {
    if (purposes.get(row.purpose)?.message_class === "transactional") return t("consent.orders");
    const when = row.entry ? ` · ${t("consent.by", { source: t(`consent.sources.${row.entry.source}`), day: fmt.shortDay(row.entry.happened_at) })}` : "";
    return `${t(`consent.${row.state}`)}${when}`;
  };
  return (
    <section className="co-address">
      <h3>
        <Glyph channel={channel} size={14} /> {names.title(channel)} <bdi className="quiet">{addressText(first.address)}</bdi>
      </h3>
      {first.suppression && <p className="co-shut">{t("consent.suppressed", { reason: t(`consent.reasons.${first.suppression.reason}`) })}</p>}
      <ul>
        {rows.map((row) => {
          const purpose = purposes.get(row.purpose);
          const title = purpose?.titles[language] ?? row.purpose;
          const open = recording?.purpose === row.purpose && recording.channel === row.channel && recording.address === row.address;
          return (
            <li key={row.purpose}>
              <span className="co-title">{title}</span>
              <span className={row.state === "granted" ? "co-state" : "co-state quiet"}>{said(row)}</span>
              {onRecord && purpose?.message_class === "marketing" && (
                <Button dense aria-expanded={open} aria-label={t("consent.recordOf", { purpose: title, channel: names.name(channel) })} onClick={() => onRecord(row)}>
                  {t("consent.record")}
                </Button>
              )}
              {open && form}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Wishes({ wishes }: { wishes: Standings["preferences"] }) {
  const { t, fmt } = useI18n();
  const names = useChannelNames();
  const clock = (minutes: number) => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  const [first] = wishes.order;
  const said = [
    wishes.pause_until ? t("consent.pause", { day: fmt.shortDay(wishes.pause_until) }) : null,
    wishes.per_week === null ? null : wishes.per_week === 0 ? t("consent.only") : t("consent.perWeek", { n: wishes.per_week }),
    wishes.hours ? t("consent.hours", { from: clock(wishes.hours[0]), until: clock(wishes.hours[1]) }) : null,
    first ? t("consent.first", { channel: names.name(asChannel(first)) }) : null,
  ].filter((each) => each !== null);
  return (
    <section className="co-address">
      <h3>{t("consent.wishes")}</h3>
      <p className={said.length > 0 ? "" : "quiet"}>{said.join(" · ") || t("consent.noWishes")}</p>
    </section>
  );
}

function History({ entries, purposes }: { entries: Entry[]; purposes: Map<string, Purpose> }) {
  const { t, fmt, language } = useI18n();
  const names = useChannelNames();
  return (
    <section className="co-address">
      <h3>{t("consent.history")}</h3>
      {entries.length === 0 && <p className="quiet">{t("consent.historyNone")}</p>}
      <ul className="co-history">
        {entries.map((entry) => (
          <li key={entry.id}>
            <details>
              <summary>
                <time className="quiet" dateTime={entry.happened_at}>{fmt.dateTime(entry.happened_at)}</time>{" "}
                {entry.purpose === "*" ? t("consent.everything") : (purposes.get(entry.purpose)?.titles[language] ?? entry.purpose)}: {t(`consent.acts.${entry.act}`)},{" "}
                {entry.channel === "*" ? t("consent.everywhere") : names.name(asChannel(entry.channel))}
              </summary>
              <p className="quiet">
                {[t(`consent.sources.${entry.source}`), entry.actor === "customer" ? null : entry.actor, entry.how].filter(Boolean).join(" · ")} <bdi>{addressText(entry.identifier)}</bdi>
              </p>
              {entry.text && (
                <>
                  <p className="quiet">{t("consent.text", { version: entry.text_version ?? 1 })}</p>
                  <blockquote lang={entry.text_language ?? undefined}>{entry.text}</blockquote>
                </>
              )}
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}
