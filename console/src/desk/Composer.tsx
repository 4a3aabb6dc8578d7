import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useLayoutEffect, useRef, useState } from "react";

import { useMay } from "~/api";
import { asChannel, channelColour, Glyph } from "~/channels";
import { doorOf, reasonText, type Says } from "~/messages/words";
import { ofCandidate } from "~/write/foreseen";
import { Button, IconButton, TextLink, useNow } from "~/ui";

import { Attached } from "./Attached";
import { profileQuery } from "./Card";
import { Clip } from "./Clip";
import { closing, unfilled, type Agent } from "./model";
import type { Composing } from "./useComposer";
import { presentText } from "./words";

const Canned = lazy(() => import("./Canned"));

export function Composer({ person, composing, writing, name, team, field, canned, setCanned, says, language }: {
  person: string; composing: Composing; writing: string[]; name: string; team: Agent[]; field: React.RefObject<HTMLTextAreaElement | null>; canned: boolean; setCanned: (open: boolean) => void; says: Says; language: string | null;
}) {
  const { t } = says.i18n;
  const { kind, text, setText, setKind, send, busy, fault, clash } = composing;
  const note = kind === "note";
  const picked = useRef(false);
  const missing = note ? [] : unfilled(text);
  const pick = (words: string) => {
    const whole = text ? `${text.trimEnd()}\n${words}` : words;
    setText(whole);
    setCanned(false);
    picked.current = true;
  };
  // What was picked stands in the field: the first thing to be written by hand is chosen, so that whoever types replaces it.
  useLayoutEffect(() => {
    if (!picked.current) return;
    picked.current = false;
    field.current?.focus(); // not before the window is gone: nothing beside it takes the focus
    const hole = /\{\{[^{}]*\}\}/.exec(text);
    if (hole) field.current?.setSelectionRange(hole.index, hole.index + hole[0].length);
  }, [text, field]);
  const picker = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: React.DragEvent) => {
    if (note || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    setOver(event.type === "dragover");
    if (event.type === "drop") void composing.attach([...event.dataTransfer.files]);
  };
  const at = /@([^@\n]{0,30})$/.exec(text)?.[1]?.toLocaleLowerCase();
  const offered = note && at !== undefined ? team.filter((each) => each.name.toLocaleLowerCase().startsWith(at)).slice(0, 6) : [];
  return (
    <section className={`dk-composer ${note ? "dk-composing-note" : ""} ${over ? "dk-over" : ""}`} onDragOver={drop} onDrop={drop} onDragLeave={() => setOver(false)} aria-label={note ? t("desk.writeNote") : t("desk.writeReply", { name })}>
      {composing.sent && <Going composing={composing} says={says} />}
      {!note && <Doors person={person} composing={composing} says={says} />}
      {note && <p id="dk-only" className="dk-only">{t("desk.noteFor")}</p>}
      {clash && (
        <p className="dk-clash" role="alert">
          <span>{t("desk.clash", { who: clash })}</span>
          <Button dense onClick={() => void send(true)}>{t("desk.sendAnyway")}</Button>
        </p>
      )}
      {fault && <p className="alarm dk-fault" role="alert">{fault}</p>}
      <textarea
        ref={field}
        value={text}
        rows={3}
        maxLength={20_000}
        aria-describedby={note ? "dk-only" : undefined}
        aria-label={note ? t("desk.writeNote") : t("desk.writeReply", { name })}
        placeholder={note ? t("desk.writeNote") : t("desk.writeReply", { name })}
        onChange={(event) => setText(event.currentTarget.value)}
        onPaste={(event) => {
          const { files } = event.clipboardData;
          if (note || files.length === 0) return;
          event.preventDefault();
          void composing.attach([...files]);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          void send();
        }}
      />
      {offered.length > 0 && (
        <div className="dk-offered" role="group" aria-label={t("desk.mention")}>
          {offered.map((each) => (
            <Button key={each.id} dense onClick={() => (setText(`${text.slice(0, text.length - (at?.length ?? 0))}${each.name} `), field.current?.focus())}>
              @{each.name}
            </Button>
          ))}
        </div>
      )}
      {missing.length > 0 && <p className="dk-missing" role="status">{t("desk.canned.missing", { what: missing.join(", ") })}</p>}
      {!note && <Attached uploads={composing.files.uploads} remove={composing.files.remove} />}
      <div className="dk-actions">
        {note ? (
          <Button kind="text" k="r" onClick={() => (setKind("reply"), field.current?.focus())}>{t("desk.reply")}</Button>
        ) : (
          <>
            <IconButton label={t("desk.attach.add")} className="dk-clip" onClick={() => picker.current?.click()}>
              <Clip size={18} />
            </IconButton>
            <input ref={picker} type="file" multiple hidden aria-hidden="true" tabIndex={-1} onChange={({ currentTarget }) => (void composing.attach([...(currentTarget.files ?? [])]), (currentTarget.value = ""))} />
            <Button kind="text" k="#" onClick={() => setCanned(true)}>{t("desk.canned.open")}</Button>
            <Button kind="text" k="n" onClick={() => (setKind("note"), field.current?.focus())}>{t("desk.note")}</Button>
          </>
        )}
        <span className="dk-space" />
        {!note && writing.length > 0 && <span className="dk-writing cut" aria-hidden="true">{presentText({ here: [], writing }, says.i18n)}</span>}
        <Button kind="primary" k="mod+Enter" disabled={busy || !composing.ready || missing.length > 0} onClick={() => void send()}>
          {t(note ? "desk.keep" : "desk.send")}
        </Button>
      </div>
      <Suspense fallback={null}>
        {canned && <Canned person={person} language={language} onClose={() => setCanned(false)} onPick={pick} />}
      </Suspense>
    </section>
  );
}

/** For six seconds: a line that drains, and the way back. */
function Going({ composing, says }: { composing: Composing; says: Says }) {
  const { t } = says.i18n;
  const { sent, forget, undo } = composing;
  const now = useNow(250);
  const left = (sent?.until ?? 0) - now;
  useEffect(() => {
    if (left <= 0) forget();
  }, [left, forget]);
  if (!sent || left <= 0) return null;
  const door = doorOf(sent.channel ?? "api");
  return (
    <div className="dk-going" role="status">
      <span className="dk-drain" style={{ width: `${Math.min(100, left / 60)}%`, background: channelColour(door) }} aria-hidden="true" />
      <Glyph channel={door} size={14} />
      <span>{t("desk.going", { channel: says.channel(sent.channel ?? ""), n: Math.ceil(left / 1000) })}</span>
      <Button kind="text" k="z" onClick={() => void undo()}>{t("desk.undo")}</Button>
    </div>
  );
}

/** Where the answer may go: the best, what else is open, and why the rest is not. */
function Doors({ person, composing: { decision, channel, setChannel, files, text }, says }: { person: string; composing: Composing; says: Says }) {
  const { t, fmt, has } = says.i18n;
  const [all, setAll] = useState(false);
  const now = useNow(15_000);
  const known = useQuery(profileQuery(person)).data;
  const mayConnect = useMay("channels.edit");
  if (!decision) return <div className="dk-doors dk-doors-empty" aria-hidden="true" />;
  const best = decision.outcome.action === "suppress" ? null : decision.outcome.channel;
  const because = `write.reasons.${decision.outcome.chosen_by}`;
  const open = decision.candidates.filter((each) => each.result !== "stop").toSorted((a, b) => Number(b.channel === best) - Number(a.channel === best));
  const shut = decision.candidates.filter((each) => each.result === "stop");
  const taken = decision.candidates.find((each) => each.channel === (channel || best));
  const window = taken && closing(taken, now);
  // They can be reached there, but nothing of ours is.
  const lacking = [...new Set(known?.addresses.map((each) => each.channel))].filter((kind) => kind !== "push" && !decision.candidates.some((each) => asChannel(each.channel) === asChannel(kind)));
  const shown = all ? [...open, ...shut] : [...open, ...shut].slice(0, 4);
  return (
    <>
    <div className="dk-doors" role="radiogroup" aria-label={t("desk.channel")}>
      {shown.map((candidate) => {
        const door = doorOf(candidate.channel);
        const told = ofCandidate(candidate);
        const against = told.action === "suppress" ? "" : files.against(candidate.channel, text);
        const not = told.action === "suppress" || against !== "";
        const why = against || reasonText(told, says);
        const chosen = (channel || best) === candidate.channel;
        const said = not ? t("desk.not", { why }) : candidate.channel === best ? t("desk.best", { why: has(because) ? t(because) : "" }) : told.action === "defer" ? why : t("desk.may");
        return (
          <button key={candidate.channel} type="button" role="radio" aria-checked={chosen} disabled={not} className={`dk-door-choice ${not ? "dk-shut" : ""}`} style={{ ["--door" as string]: channelColour(door) }} onClick={() => setChannel(candidate.channel === best ? "" : candidate.channel)}>
            <span><Glyph channel={door} size={14} coloured={!not} /> {says.channel(candidate.channel)}</span>
            <span className="quiet">{said}</span>
          </button>
        );
      })}
      {decision.candidates.length > 4 && !all && (
        <Button kind="text" onClick={() => setAll(true)}>{t("desk.moreDoors", { n: decision.candidates.length - 4 })}</Button>
      )}
    </div>
    {lacking.length > 0 && (
      <p className="dk-lacking quiet">
        {t("desk.notConnected", { channels: fmt.list(lacking.map(says.channel)) })} {mayConnect && <TextLink to="/settings/channels">{t("write.connect")}</TextLink>}
      </p>
    )}
    {window && (
      <p className="dk-window" role="note">
        {t(window.until > now ? "desk.windowCloses" : "desk.windowClosed", { channel: says.channel(taken.channel), hours: window.hours, how: fmt.duration(Math.max(1, Math.floor((window.until - now) / 60_000)) * 60_000), when: fmt.time(window.until) })}
      </p>
    )}
    </>
  );
}
