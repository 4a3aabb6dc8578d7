/** Notices of the desk: the window in which they are switched on, and what tells of new words while nobody looks. */
import { useEffect, useRef, useState } from "react";

import { api, type Page } from "~/api";
import type { Says } from "~/messages/words";
import { useTopic } from "~/socket";
import { CheckField, Dialog } from "~/ui";

import type { Line } from "./model";
import { useWish } from "./notices";
import { whoText } from "./words";

export function Switch({ says, onClose }: { says: Says; onClose: () => void }) {
  const { t } = says.i18n;
  const [wish, setWish] = useWish();
  const [refused, setRefused] = useState(typeof Notification !== "undefined" && Notification.permission === "denied");
  const there = typeof Notification !== "undefined" && typeof navigator.locks !== "undefined";
  const on = there && wish !== "off" && Notification.permission === "granted";
  const turn = async (yes: boolean) => {
    if (!yes) return setWish("off");
    const answer = await Notification.requestPermission();
    setRefused(answer === "denied");
    if (answer === "granted") setWish("whole");
  };
  return (
    <Dialog title={t("desk.notices.title")} onClose={onClose} width={420}>
      <div className="dk-form">
        <CheckField role="switch" label={t("desk.notices.on")} hint={t("desk.notices.hint")} checked={on} disabled={!there || refused} onChange={(yes) => void turn(yes)} />
        <CheckField label={t("desk.notices.hide")} checked={wish === "hidden"} disabled={!on} onChange={(yes) => setWish(yes ? "hidden" : "whole")} />
        {(!there || refused) && <p role="status">{t(there ? "desk.notices.refused" : "desk.notices.unable")}</p>}
      </div>
    </Dialog>
  );
}

const TELLS = "onevoice-desk-tells";
const LOOKED_AT = "onevoice-desk-looked-at";
const REST_MS = 700;
const LOOKS_AT = 50;

/** Holds a lock that all tabs of this browser know of. */
function hold(name: string, mode: LockMode, held: (yes: boolean) => void): () => void {
  const stop = new AbortController();
  let release: () => void = () => undefined;
  navigator.locks
    .request(name, { mode, signal: stop.signal }, () => {
      held(true);
      return new Promise<void>((resolve) => (release = resolve));
    })
    .catch(() => undefined); // given up before it was had
  return () => {
    held(false);
    stop.abort();
    release();
  };
}

async function lookedAt(): Promise<boolean> {
  const { held } = await navigator.locks.query();
  return (held ?? []).some((each) => each.name === LOOKED_AT);
}

/** Messengers count whole seconds, in which there is room for two messages. */
const stands = ({ episode, last }: Line): string => `${episode.last_at} ${last?.preview ?? ""}`;

interface WatchProps {
  hide: boolean;
  /** Whoever asks, as the team has them. */
  me: string | null;
  says: Says;
  onOpen: (person: string) => void;
}

/** Of several tabs one tells, and none while somebody looks at any of them. */
export function Watch(props: WatchProps) {
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const tells = useRef(false);
  /** By person when anything was last said and what, as far as that was told of or seen. Null: not known yet. */
  const known = useRef<Map<string, string> | null>(null);
  const busy = useRef(false);
  const told = useRef(false);
  useEffect(() => hold(TELLS, "exclusive", (yes) => ((tells.current = yes), yes && document.hidden && ask())), []);
  useEffect(() => {
    let drop: (() => void) | null = null;
    const look = () => {
      drop?.();
      drop = document.hidden ? null : hold(LOOKED_AT, "shared", () => undefined);
      known.current = null; // whoever looked has seen what stands there now
      if (document.hidden) ask();
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      drop?.();
    };
  }, []);
  useTopic("inbox", () => ask());

  /** Whoever asked to be told is told for as long as their session lasts, and this keeps it from ending. */
  function ask(): void {
    told.current = true;
    if (!busy.current) void follow();
  }
  async function follow(): Promise<void> {
    busy.current = true;
    while (told.current) {
      told.current = false;
      if (tells.current && document.hidden) await look().catch(() => undefined); // the next change asks again
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
    busy.current = false;
  }
  async function look(): Promise<void> {
    const { data } = await api.get<Page<Line>>("/api/conversations", { params: { view: "open", limit: LOOKS_AT } });
    const before = known.current;
    known.current = new Map(data.map((line) => [line.profile_id, stands(line)]));
    if (!before || (await lookedAt())) return;
    // Who stood further down than was looked may come into sight without a word.
    const oldest = before.size < LOOKS_AT ? "" : ([...before.values()].toSorted()[0] ?? "");
    const { me } = latest.current;
    for (const line of data.toReversed()) {
      const { profile_id: person, episode, last, unread } = line;
      const mine = !episode.assignee || episode.assignee.id === me;
      const fresh = before.has(person) ? before.get(person) !== stands(line) : episode.last_at > oldest;
      if (mine && fresh && unread && last?.author === "customer") show(line);
    }
  }
  function show({ profile_id: person, name, last }: Line): void {
    const { hide, says, onOpen } = latest.current;
    const { t } = says.i18n;
    const by = t("desk.notices.by", { channel: says.channel(last?.channel ?? "") });
    const [title, body] = hide ? [t("desk.notices.new"), by] : [whoText(name, person, t), last?.preview || by];
    const notice = new Notification(title, { body, tag: `onevoice-desk-${person}` });
    notice.onclick = () => {
      window.focus();
      onOpen(person);
      notice.close();
    };
  }
  return null;
}
