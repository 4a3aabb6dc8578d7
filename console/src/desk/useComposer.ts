/** What somebody writes to each customer, kept on the server as they write, sent once, and taken back for six seconds. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { api, Problem } from "~/api";
import { problemText, useDebounced } from "~/ui";
import type { Decision } from "~/messages/model";
import { usePurposes, type Says } from "~/messages/words";

import { useUploads, type Upload } from "./useUploads";
import { freshenThread, knownOf, pathOf, threadQuery, unfilled, type Agent, type Conversation, type Reply } from "./model";

export type Kind = "reply" | "note";
interface Written {
  reply: string;
  note: string;
  channel: string;
}
interface Sent {
  person: string;
  message: string;
  text: string;
  files: Upload[];
  until: number;
  channel: string | null;
}
const EMPTY: Written = { reply: "", note: "", channel: "" };

/** So long after the last letter somebody still writes. */
const TYPING_MS = 4_000;

const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random().toString(36).slice(2)}`;

export function useComposer(person: string | null, conversation: Conversation | undefined, team: Agent[], says: Says) {
  const { t } = says.i18n;
  const client = useQueryClient();
  const [texts, setTexts] = useState<Record<string, Written>>({});
  const [kind, setKind] = useState<Kind>("reply");
  const [sent, setSent] = useState<Sent | null>(null);
  /** Grows with each letter of an answer; 0: they stopped. */
  const [typed, setTyped] = useState(0);
  const [busy, setBusy] = useState(false);
  const files = useUploads(person, says);
  const [fault, setFault] = useState("");
  /** Who answered meanwhile. */
  const [clash, setClash] = useState("");
  const key = useRef(newKey());
  const saved = useRef<Record<string, string>>({});
  const written = (person && texts[person]) || EMPTY;
  const change = (by: Partial<Written>) => person && setTexts((was) => ({ ...was, [person]: { ...(was[person] ?? EMPTY), ...by } }));
  const text = written[kind];

  // What was begun elsewhere, once, where nothing was begun here.
  useEffect(() => {
    if (!conversation || saved.current[conversation.profile_id] !== undefined) return;
    const of = (wanted: Kind) => conversation.drafts.find((each) => each.kind === wanted);
    const found = { reply: of("reply")?.text ?? "", note: of("note")?.text ?? "", channel: of("reply")?.channel ?? "" };
    saved.current[conversation.profile_id] = JSON.stringify(found);
    setTexts((was) => {
      const now = was[conversation.profile_id];
      return { ...was, [conversation.profile_id]: now?.reply || now?.note ? now : found };
    });
  }, [conversation]);
  const settled = useDebounced(person ? JSON.stringify([person, written]) : "", 800);
  useEffect(() => {
    if (!settled) return;
    const [of, now] = JSON.parse(settled) as [string, Written];
    const known = saved.current[of];
    if (known === undefined || known === JSON.stringify(now)) return;
    const before = JSON.parse(known) as Written;
    saved.current[of] = JSON.stringify(now);
    for (const each of ["reply", "note"] as const) {
      if (before[each] === now[each] && (each === "note" || before.channel === now.channel)) continue;
      const body = { kind: each, text: now[each], channel: each === "reply" && now.channel ? now.channel : null };
      // It stands here anyway; the next change tries again.
      api.put(pathOf(of, "/draft"), body).catch(() => (saved.current[of] = known));
    }
  }, [settled]);
  useEffect(() => {
    if (typed === 0) return;
    const timer = setTimeout(() => setTyped(0), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(() => {
    setFault("");
    setClash("");
    setTyped(0);
    setKind("reply");
    key.current = newKey();
  }, [person]);

  const purpose = usePurposes()?.find((each) => each.message_class === "transactional" && !each.retired_at)?.name;
  const site = conversation?.current?.site;
  const considered = useQuery({
    queryKey: ["desk", "channels", person],
    queryFn: ({ signal }) => api.post<Decision>("/api/message-considerations", { to: `profile:${person}`, class: "conversational", purpose, site, words: { text: "…" } }, { signal }),
    enabled: person !== null && purpose !== undefined && site !== undefined,
    staleTime: 20_000,
  });

  const fresh = () => Promise.all([person && freshenThread(client, person).catch(() => undefined), client.invalidateQueries({ queryKey: ["desk", "of", person] })]);
  const done = (what: Kind) => {
    if (!person) return;
    setTyped(0);
    change({ [what]: "" });
    saved.current[person] = JSON.stringify({ ...written, [what]: "" });
    key.current = newKey();
    void fresh();
  };
  const send = async (anyway = false) => {
    const along = kind === "reply" && files.ids.length > 0;
    if (!person || !(text.trim() || along) || busy || (along && files.busy) || (kind === "reply" && unfilled(text).length > 0)) return;
    setBusy(true);
    setFault("");
    try {
      if (kind === "note") {
        const mentions = team.filter((each) => text.includes(`@${each.name}`)).map((each) => Number(each.id));
        await api.post(pathOf(person, "/notes"), { text, mentions });
      } else {
        const pages = client.getQueryData(threadQuery(person).queryKey)?.pages ?? [];
        const reply = await api.post<Reply>(pathOf(person, "/replies"), { key: key.current, text, knows: knownOf(pages), channel: written.channel || null, anyway, files: files.ids });
        if (reply.state === "queued") setSent({ person, message: reply.message_id, text, files: files.uploads.filter(({ fault }) => !fault), until: Date.now() + 6_000, channel: reply.channel });
        files.clear(person);
      }
      setClash("");
      done(kind);
    } catch (error) {
      if (error instanceof Problem && error.code === "answered_meanwhile") {
        setClash(String(error.extra["by"] ?? ""));
        void fresh();
      } else {
        const told = problemText(error, t);
        setFault([told.title, told.text].filter(Boolean).join(". "));
      }
    } finally {
      setBusy(false);
    }
  };
  /** Takes it back and gives the text back, where nothing else has been begun. */
  const undo = async () => {
    if (!sent) return;
    const taken = sent;
    setSent(null);
    try {
      await api.post(`/api/messages/${taken.message}/cancel`);
      setTexts((was) => {
        const now = was[taken.person] ?? EMPTY;
        return { ...was, [taken.person]: { ...now, reply: now.reply ? `${taken.text}\n${now.reply}` : taken.text } };
      });
      files.restore(taken.person, taken.files);
      setKind("reply");
    } catch (error) {
      setFault(problemText(error, t).text || t("desk.tooLate"));
    }
    void fresh();
  };
  return {
    kind, setKind, text, typing: typed > 0 && kind === "reply",
    /** By which channel an answer goes. */
    goes: written.channel || (considered.data?.outcome.action === "suppress" ? null : (considered.data?.outcome.channel ?? null)),
    setText: (next: string) => {
      change({ [kind]: next });
      if (kind === "reply") setTyped((count) => count + 1);
    },
    channel: written.channel, setChannel: (channel: string) => change({ channel }),
    attach: async (added: Iterable<File>) => setFault((await files.add(added)) ?? ""), files,
    ready: (kind === "note" ? text.trim() !== "" : (text.trim() !== "" || files.ids.length > 0) && !files.busy), decision: considered.data, busy, fault, clash, send, undo, sent, forget: () => setSent(null),
  };
}

export type Composing = ReturnType<typeof useComposer>;
