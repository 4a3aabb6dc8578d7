/** What became of it, as it becomes: a thread from asking to the person's own act, or the stub of a silence. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";

import { api, useMay } from "~/api";
import { channelColour, Glyph } from "~/channels";
import { moves, waits, type MessageDetail } from "~/messages/model";
import { useTold } from "~/messages/useTold";
import { doorOf, reasonText, useSays, whenText, type Says } from "~/messages/words";
import { useSocketState } from "~/socket";
import { Button, Dialog, ProblemBox, Skeleton, useNow } from "~/ui";

const CancelDialog = lazy(() => import("~/messages/Cancel"));

/** Without a socket, which tells at once. */
const SOON_MS = 700;
const RECEIPT_MS = 2_000;
/** Receipts come within minutes or not at all. */
const RECEIPTS_FOR_MS = 5 * 60_000;
const SENT = ["sent", "delivered", "read", "clicked"] as const;

interface ResultProps {
  id: string;
  name: string;
  repeated: boolean;
  changed: boolean;
  onAnother: () => void;
  onClose: () => void;
}

export function Result({ id, name, repeated, changed, onAnother, onClose }: ResultProps) {
  const says = useSays();
  const { t } = says.i18n;
  const client = useQueryClient();
  const maySend = useMay("messages.send");
  const now = useNow(5_000);
  const [cancels, setCancels] = useState(false);
  const [opened] = useState(Date.now);
  const away = useSocketState().kind !== "open";
  const found = useQuery({
    queryKey: ["messages", id, "result"],
    queryFn: ({ signal }) => api.get<MessageDetail>(`/api/messages/${id}`, { signal }),
    refetchInterval: ({ state: { data } }) => {
      if (!away) return false;
      if (!data || (moves(data) && Date.parse(data.due_at) <= Date.now() + RECEIPTS_FOR_MS)) return SOON_MS;
      return data.state === "sent" && Date.now() - opened < RECEIPTS_FOR_MS ? RECEIPT_MS : false;
    },
  });
  useTold(`message:${id}`, found);
  const message = found.data;
  const state = message?.state;
  // The lists on the page behind know as soon as this does.
  useEffect(() => {
    if (state) void client.invalidateQueries({ queryKey: ["messages", "of"] });
  }, [client, state]);
  const waiting = message !== undefined && waits(message) && maySend;
  const footer = (
    <>
      {waiting && (
        <Button className="wr-cancel" onClick={() => setCancels(true)}>
          {t("messages.cancel.action")}
        </Button>
      )}
      <Button onClick={onAnother}>{t("write.result.another")}</Button>
      <Button kind="primary" data-autofocus onClick={onClose}>
        {t("write.result.done")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("write.result.title", { name })} onClose={onClose} width={560} footer={footer}>
      {repeated && (
        <p className="wr-found" role="status">
          {t("write.result.repeated")} {changed && t("write.result.changed")}
        </p>
      )}
      {message ? (
        <>
          <Thread message={message} now={now} says={says} />
          {found.error ? <p className="quiet">{t("write.result.lost")}</p> : (moves(message) || state === "sent") && <p className="quiet">{t("write.result.follows")}</p>}
          <p className="wr-links">
            <Link to="/messages/$message" params={{ message: id }} className="button-text">
              {t("write.result.why")}
            </Link>
          </p>
        </>
      ) : found.error ? (
        <ProblemBox error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <Skeleton rows={3} height={36} />
      )}
      {cancels && message && (
        <Suspense fallback={null}>
          <CancelDialog message={message} onClose={() => setCancels(false)} />
        </Suspense>
      )}
    </Dialog>
  );
}

type Step = { key: string; title: string; text?: string; look: "done" | "next" | "stub" | "alarm" };

function Thread({ message, now, says }: { message: MessageDetail; now: number; says: Says }) {
  const door = message.channel ? doorOf(message.channel) : null;
  return (
    <>
      <ol className="wr-thread" style={door ? { color: channelColour(door) } : undefined}>
        {stepsOf(message, now, says).map(({ key, title, text, look }) => (
          <li key={key} className={`wr-step wr-step-${look}`}>
            <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
              {look === "stub" ? <path d="M1 10h8m2-3 6 6m0-6-6 6" /> : <circle cx="10" cy="10" r="5.2" />}
            </svg>
            <p>
              <b>{title}</b> {text && <span className={look === "alarm" ? "alarm" : "quiet"}>{text}</span>}
            </p>
          </li>
        ))}
      </ol>
      {message.content.text && (
        <blockquote className="wr-said">
          {door && <Glyph channel={door} size={14} />} {message.content.text}
        </blockquote>
      )}
      <p className="seen-by-readers" role="status">
        {stepsOf(message, now, says).at(-1)?.title}
      </p>
    </>
  );
}

function stepsOf(message: MessageDetail, now: number, says: Says): Step[] {
  const { t } = says.i18n;
  const when = (at: string) => whenText(at, says.i18n);
  const by = message.channel ? t("write.result.by", { channel: says.channel(message.channel) }) : "";
  const why = reasonText(message, says);
  const steps: Step[] = [{ key: "asked", title: t("write.result.asked"), text: when(message.asked_at), look: "done" }];
  const add = (key: string, title: string, text: string, look: Step["look"]) => steps.push({ key, title, text, look });
  const { state } = message;
  const gone = SENT.indexOf(state as (typeof SENT)[number]);
  if (state === "suppressed") add(state, t("write.result.suppressed"), why, "stub");
  else if (state === "cancelled") add(state, t("write.result.cancelled"), "", "stub");
  else if (state === "queued" || state === "planned") {
    const later = Date.parse(message.due_at) > now + 1_000;
    add(state, later ? t("write.result.waits", { when: when(message.due_at) }) : t("write.result.queued"), [why, by].filter(Boolean).join(", "), "next");
  } else if (state === "sending") add(state, t("write.result.sending"), by, "next");
  else if (gone >= 0) {
    add("sent", t("write.result.sent"), [message.sent_at ? when(message.sent_at) : "", by, message.account ?? ""].filter(Boolean).join(", "), "done");
    for (const each of SENT.slice(1, gone + 1)) if (each === state) add(each, t(`write.result.${each}`), "", "done");
  } else if (state === "uncertain") add(state, t("write.result.uncertain"), t("write.result.uncertainText"), "alarm");
  else add(state, t(`write.result.${state === "failed" ? "failed" : "bounced"}`), why, "alarm");
  return steps;
}
