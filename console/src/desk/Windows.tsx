/** Windows of the desk: until when to put aside, and tags. */
import { useId, useState } from "react";

import { useI18n } from "~/i18n";
import { Button, Dialog, TextField } from "~/ui";

import type { Episode } from "./model";

const HOUR = 3_600_000;

/** Moments people put things aside until, each once and all to come. */
function moments(now: Date): { key: "hour" | "evening" | "tomorrow" | "monday"; at: Date }[] {
  const at = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const monday = ((8 - now.getDay()) % 7 || 7) as number;
  return [
    { key: "hour" as const, at: new Date(now.getTime() + HOUR) },
    ...(now.getHours() < 17 ? [{ key: "evening" as const, at: at(0, 18) }] : []),
    { key: "tomorrow" as const, at: at(1, 9) },
    ...(monday > 1 ? [{ key: "monday" as const, at: at(monday, 9) }] : []),
  ];
}

export function Snooze({ onClose, onPick }: { onClose: () => void; onPick: (until: string) => void }) {
  const { t, fmt } = useI18n();
  const [own, setOwn] = useState("");
  const chosen = own ? new Date(own) : null;
  const good = chosen !== null && !Number.isNaN(chosen.getTime()) && chosen.getTime() > Date.now();
  return (
    <Dialog title={t("desk.snooze.title")} onClose={onClose} width={420}>
      <p className="quiet">{t("desk.snooze.text")}</p>
      <div className="dk-moments">
        {moments(new Date()).map(({ key, at }) => (
          <Button key={key} onClick={() => onPick(at.toISOString())}>
            {t(`desk.snooze.${key}`)} <span className="quiet">{fmt.dateTime(at)}</span>
          </Button>
        ))}
      </div>
      <TextField label={t("desk.snooze.own")} type="datetime-local" value={own} onChange={setOwn} error={own && !good ? t("desk.snooze.past") : undefined} />
      <Button kind="primary" disabled={!good} onClick={() => chosen && onPick(chosen.toISOString())}>
        {t("desk.snooze.set")}
      </Button>
    </Dialog>
  );
}

export function Block({ address, onClose, onBlock }: { address: string; onClose: () => void; onBlock: (reason: string) => void }) {
  const { t } = useI18n();
  const [reason, setReason] = useState("");
  const form = useId();
  return (
    <Dialog title={t("desk.block.title")} onClose={onClose} width={420} footer={<Button kind="danger" type="submit" form={form} disabled={!reason.trim()}>{t("desk.block.set")}</Button>}>
      <form
        id={form}
        className="dk-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim()) onBlock(reason.trim());
        }}
      >
        <p><bdi className="dk-address">{address}</bdi></p>
        <p>{t("desk.block.text")}</p>
        <TextField label={t("desk.block.reason")} value={reason} onChange={setReason} maxLength={500} data-autofocus />
      </form>
    </Dialog>
  );
}

export function Tags({ episode, onClose, onChange }: { episode: Episode; onClose: () => void; onChange: (add: string[], remove: string[]) => void }) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const add = () => {
    const wanted = text.split(",").map((each) => each.trim()).filter(Boolean);
    if (wanted.length > 0) onChange(wanted, []);
    setText("");
  };
  return (
    <Dialog title={t("desk.tags.title")} onClose={onClose} width={420}>
      <ul className="dk-tags">
        {episode.tags.map((tag) => (
          <li key={tag}>
            <Button dense aria-label={t("desk.tags.remove", { tag })} onClick={() => onChange([], [tag])}>
              {tag} ×
            </Button>
          </li>
        ))}
      </ul>
      {episode.tags.length === 0 && <p className="quiet">{t("desk.tags.none")}</p>}
      <form
        className="dk-tag-form"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <TextField label={t("desk.tags.add")} hint={t("desk.tags.hint")} value={text} onChange={setText} maxLength={60} data-autofocus />
        <Button type="submit" disabled={!text.trim()}>{t("desk.tags.put")}</Button>
      </form>
    </Dialog>
  );
}
