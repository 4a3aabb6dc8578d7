/** The mailbox: letters as they came, and what their reader does with them. Their HTML is a stranger's: it is shown in a frame that may do nothing. */
import { useState } from "react";

import { useWords } from "./i18n";
import { onwardOf, waysOf } from "./lanes";
import type { Knot as KnotAt, Letter, Pocket } from "./model";
import { firstName, Glyph, Knot, Lane, Onwards, Say, Unbroken, useWork, When, whenText } from "./parts";
import type { Act } from "./usePocket";

const TALLEST = 250;
const EARLIER_MOST = 2;

export function Mailbox({ pocket, act, upTo }: { pocket: Pocket; act: Act; upTo: number | null }) {
  const { t } = useWords();
  const { mailbox } = pocket;
  return (
    <section id="pk-at-mailbox" className="pk-device" aria-labelledby="pk-mailbox">
      <div className="pk-device-head">
        <h2 id="pk-mailbox">
          {t("mailbox.title")} {mailbox && <span>{mailbox.address}</span>}
        </h2>
      </div>
      <div className="pk-mailbox" data-part="mailbox">
        <div className="pk-bar">
          <b className="pk-door" data-door="email">
            <Glyph door="email" size={14} /> {t("write.channels.email")}
          </b>
          {mailbox && <span className="pk-quiet">{t("mailbox.letters", { n: mailbox.letters.length })}</span>}
        </div>
        {!mailbox ? <p className="pk-empty">{t("mailbox.none")}</p> : <Letters pocket={pocket} act={act} upTo={upTo} />}
      </div>
    </section>
  );
}

function Letters({ pocket, act, upTo }: { pocket: Pocket; act: Act; upTo: number | null }) {
  const { t } = useWords();
  const [open, setOpen] = useState<string | null>(null);
  const [all, setAll] = useState(false);
  const { knots, items } = pocket.story;
  const ways = waysOf(knots);
  const onward = onwardOf(knots);
  const mine = new Map(knots.filter((knot) => knot.device === "mailbox").map((knot) => [knot.key, knot]));
  const letters = pocket.mailbox!.letters;
  const shown = letters.filter((letter) => mine.has(letter.key));
  const earlier = letters.filter((letter) => !mine.has(letter.key)).toReversed();
  const waiting = items.filter((item) => item.waiting && item.n !== undefined && mine.has(item.key ?? ""));
  // The newest stands open until somebody opens another.
  const newest = (shown.findLast((letter) => letter.ours) ?? earlier[0])?.key ?? null;
  const opened = open ?? newest;
  const show = (letter: Letter, knot: KnotAt | null) => (
    <LetterRow
      key={letter.key}
      letter={letter}
      knot={knot}
      pocket={pocket}
      act={act}
      open={letter.key === opened}
      onOpen={() => setOpen(letter.key === opened ? "" : letter.key)}
      late={upTo !== null && knot !== null && knot.n > upTo}
    />
  );
  return (
    <ol className="pk-thread pk-letters" aria-label={t("mailbox.title")}>
      {shown.flatMap((letter) => {
        const knot = mine.get(letter.key)!;
        return [
          <Onwards key={`from-${knot.n}`} way="from" n={knot.n} to={onward.get(knot.n)!.from} />,
          show(letter, knot),
          <Onwards key={`to-${knot.n}`} way="to" n={knot.n} to={onward.get(knot.n)!.to} />,
          ways.get(knot.n)?.out && <Lane key={`out-${knot.n}`} way="out" n={knot.n} />,
        ];
      })}
      {waiting.flatMap((item) => [
        ways.get(item.n!)?.in && <Lane key={`in-${item.n}`} way="in" n={item.n!} />,
        <Onwards key={`from-${item.n}`} way="from" n={item.n!} to={onward.get(item.n!)?.from ?? null} />,
        <li key={`n-${item.n}`} className="pk-message pk-coming" data-n={item.n}>
          <Knot n={item.n!} kind="dotted" door="email" place="device" />
          <p className="pk-quiet">{t("mailbox.coming")}</p>
        </li>,
        <Onwards key={`to-${item.n}`} way="to" n={item.n!} to={onward.get(item.n!)?.to ?? null} />,
      ])}
      {earlier.slice(0, all ? undefined : EARLIER_MOST).map((letter) => show(letter, null))}
      {earlier.length > EARLIER_MOST && !all && (
        <li className="pk-message pk-before">
          <button type="button" className="pk-link" onClick={() => setAll(true)}>
            {t("mailbox.earlier")}
          </button>
        </li>
      )}
      {letters.length === 0 && waiting.length === 0 && <li className="pk-empty">{t("mailbox.empty")}</li>}
    </ol>
  );
}

interface RowProps {
  letter: Letter;
  knot: KnotAt | null;
  pocket: Pocket;
  act: Act;
  open: boolean;
  onOpen: () => void;
  late: boolean;
}

function LetterRow({ letter, knot, pocket, act, open, onOpen, late }: RowProps) {
  const { t } = useWords();
  const id = `pk-letter-${letter.uid}`;
  return (
    <li className={`pk-message pk-letter ${knot ? "" : "pk-before"} ${late ? "pk-late" : ""}`} data-n={knot?.n}>
      {knot && <Knot n={knot.n} kind={letter.ours ? "ring" : "solid"} door="email" place="device" />}
      <button type="button" className="pk-subject" aria-expanded={open} aria-controls={open ? id : undefined} onClick={onOpen}>
        <span className="pk-about">
          <span className="pk-ours">{letter.ours ? letter.from : firstName(pocket)}</span>
          <When at={letter.at} />
        </span>
        <span className="pk-title"><Unbroken text={letter.subject || "—"} /></span>
      </button>
      {letter.mark && <p className="pk-mark">{t(`mailbox.marks.${letter.mark}`)}</p>}
      {open && (
        <div id={id}>
          <Body letter={letter} pocket={pocket} />
          {letter.files.map((name, at) => <p key={at} className="pk-quiet">{t("phone.file", { kind: name })}</p>)}
          {letter.ours && <Deeds letter={letter} pocket={pocket} act={act} />}
        </div>
      )}
    </li>
  );
}

function Body({ letter, pocket }: { letter: Letter; pocket: Pocket }) {
  const { t } = useWords();
  const [plain, setPlain] = useState(false);
  const [height, setHeight] = useState(160);
  if (!letter.html || plain) {
    return (
      <>
        <p className="pk-words pk-plain">{letter.text || "—"}</p>
        {letter.html && <Switch on={plain} onTurn={() => setPlain(false)} text={t("mailbox.formatted")} />}
      </>
    );
  }
  return (
    <>
      <iframe
        className="pk-frame"
        title={t("mailbox.frame", { subject: letter.subject })}
        src={`/pocket/letter?${new URLSearchParams({ person: pocket.person.key, uid: String(letter.uid) })}`}
        // Of this origin only so that its height can be measured; it may run nothing, send nothing and fetch nothing.
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
        style={{ height }}
        onLoad={(event) => setHeight(Math.min(TALLEST, event.currentTarget.contentDocument?.documentElement.scrollHeight ?? 160))}
      />
      <Switch on={plain} onTurn={() => setPlain(true)} text={t("mailbox.plain")} />
    </>
  );
}

function Switch({ on, onTurn, text }: { on: boolean; onTurn: () => void; text: string }) {
  return (
    <button type="button" className="pk-link pk-switch" aria-pressed={on} onClick={onTurn}>
      {text}
    </button>
  );
}

function Deeds({ letter, pocket, act }: { letter: Letter; pocket: Pocket; act: Act }) {
  const { t, fmt } = useWords();
  const [replying, setReplying] = useState(false);
  const work = useWork();
  const uid = letter.uid;
  const confirmed = confirmedAt(letter, pocket);
  const deed = (what: string, text: string) => (
    <button type="button" className="pk-link" disabled={work.busy} onClick={() => void work.run(() => act(what, { uid }))}>
      {text}
    </button>
  );
  return (
    <>
      {confirmed && (
        <p className="pk-confirmed" role="status">
          <svg viewBox="0 0 20 20" width="14" height="14" aria-hidden="true">
            <path d="m4 10.5 4 4 8-9" />
          </svg>{" "}
          {t("mailbox.confirmed", { when: whenText(confirmed, fmt) })}
        </p>
      )}
      <div className="pk-deeds">
        <button type="button" className="pk-link" aria-expanded={replying} onClick={() => setReplying(!replying)}>
          {replying ? t("mailbox.cancel") : t("mailbox.reply")}
        </button>
        {letter.one_click && letter.mark !== "unsubscribed" && deed("unsubscribe", t("mailbox.unsubscribe"))}
        {letter.mark !== "spam" && deed("spam", t("mailbox.spam"))}
        {letter.mark !== "bounced" && deed("bounce", t("mailbox.bounce"))}
      </div>
      {replying && (
        <Say
          label={t("mailbox.replyTo", { subject: letter.subject })}
          placeholder={t("mailbox.reply")}
          button={t("mailbox.send")}
          onSay={async (text) => {
            await act("reply", { uid, text });
            setReplying(false);
          }}
        />
      )}
      {work.error && (
        <p className="pk-error" role="alert">
          {work.error}
        </p>
      )}
    </>
  );
}

/** When its reader said yes to what this letter asks. */
function confirmedAt(letter: Letter, pocket: Pocket): string | null {
  const asks = pocket.story.items.some((item) => item.key === letter.key && item.template === "promise");
  const yes = pocket.story.items.find((item) => item.what === "consent.confirm" && item.at >= letter.at);
  return (asks && yes?.at) || null;
}
