/** The operator's pen: an answer, the question for a consent, an offer; and what the gate would say to it now. */
import { useId, useRef, useState } from "react";

import { useWords, type Words } from "./i18n";
import { isDoor, kinds, type Kind, type Option, type Pocket } from "./model";
import { useWork, whenText } from "./parts";
import type { Act } from "./usePocket";

export function Write({ pocket, act }: { pocket: Pocket; act: Act }) {
  const words = useWords();
  const { t } = words;
  const id = useId();
  const [kind, setKind] = useState<Kind>("answer");
  const [channel, setChannel] = useState("");
  const [text, setText] = useState("");
  const [percent, setPercent] = useState(15);
  const work = useWork();
  /** What was sent without an answer: sent again it has the same key, and arrives once. */
  const tried = useRef<{ what: string; key: string } | null>(null);
  const option = pocket.options[kind];
  const possible = kinds.filter((each) => each !== "ask" || pocket.mailbox);
  const ready = kind !== "answer" || text.trim() !== "";
  const send = () => {
    if (!ready || work.busy) return;
    void work.run(async () => {
      const said = { kind, channel, text: text.trim(), percent };
      const what = JSON.stringify(said);
      if (tried.current?.what !== what) tried.current = { what, key: crypto.randomUUID() };
      await act("write", { ...said, key: tried.current.key, subject: subjectOf(pocket) });
      tried.current = null;
      setText("");
      if (kind === "offer") setPercent((percent % 60) + 5);
    });
  };
  return (
    <form
      id="pk-at-desk"
      className="pk-write"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="pk-kinds" role="group" aria-label={t("write.kind")}>
        {possible.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === kind}
            title={t(`write.about.${each}`)}
            onClick={() => {
              setKind(each);
              setChannel("");
              work.forget();
            }}
          >
            {t(`write.kinds.${each}`)}
          </button>
        ))}
      </div>
      {kind !== "ask" && option && option.channels.length > 0 && (
        <p className="pk-by">
          <label htmlFor={`${id}-by`}>{t("write.channel")}</label>
          <select id={`${id}-by`} value={channel} onChange={(event) => setChannel(event.target.value)}>
            <option value="">{bestText(option, t)}</option>
            {option.channels.map((each) => (
              <option key={each.channel} value={each.channel}>
                {channelText(each.channel, t)}
              </option>
            ))}
          </select>
        </p>
      )}
      {option && <p className="pk-would">{wouldText(option, channel, words)}</p>}
      {kind === "answer" && channel === "" && option?.outcome.action === "send" && (
        <>
          {option.channels.filter(({ against }) => against).map(({ channel: shut, against }) => (
            <p key={shut} className="pk-would">
              {t("write.shut", { channel: channelText(shut, t), why: words.why(against!.rule, against!.why) })}
            </p>
          ))}
        </>
      )}
      {kind === "answer" ? (
        <textarea
          aria-label={t("write.text")}
          placeholder={t("write.placeholder")}
          rows={2}
          value={text}
          maxLength={4000}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
          }}
        />
      ) : kind === "ask" ? (
        <p className="pk-quiet">{t("write.askText")}</p>
      ) : (
        <p className="pk-offer">
          <label htmlFor={`${id}-percent`}>{t("write.offerText")}</label>{" "}
          <input id={`${id}-percent`} type="number" min={1} max={90} value={percent} onChange={(event) => setPercent(Number(event.target.value))} /> %
        </p>
      )}
      <button type="submit" className="pk-button pk-primary" disabled={!ready || work.busy}>
        {work.busy ? t("write.sending") : t(kind === "answer" ? "write.send" : kind === "ask" ? "write.sendAsk" : "write.sendOffer")}
      </button>
      {work.error && (
        <p className="pk-error" role="alert">
          {work.error}
        </p>
      )}
    </form>
  );
}

/** What an answer by e-mail is about: the letter before it. */
function subjectOf(pocket: Pocket): string {
  const last = pocket.mailbox?.letters.at(-1)?.subject;
  return last ? (/^re:/i.test(last) ? last : `Re: ${last}`) : pocket.brand;
}

function channelText(channel: string, t: Words["t"]): string {
  return isDoor(channel) ? t(`write.channels.${channel}`) : channel;
}

function bestText({ outcome }: Option, t: Words["t"]): string {
  return outcome.action !== "suppress" && outcome.channel ? `${t("write.best")}: ${channelText(outcome.channel, t)}` : t("write.best");
}

/** What would become of it, by the channel that is chosen. */
function wouldText({ outcome, channels }: Option, channel: string, { t, why, fmt }: Words): string {
  const chosen = channels.find((each) => each.channel === channel);
  const against = chosen?.against ?? (chosen ? null : outcome.action === "send" ? null : outcome);
  if (against) {
    const reason = why(against.rule, against.why);
    return against.until ? t("write.would.defer", { when: whenText(against.until, fmt), why: reason }) : t("write.would.suppress", { why: reason });
  }
  if (chosen) return t("write.would.asked", { channel: channelText(chosen.channel, t) });
  const by = outcome.chosen_by;
  if (by === "preferred" || by === "answered" || by === "usual") return t(`write.would.${by}`);
  return t("write.would.asked", { channel: channelText(outcome.channel ?? "", t) });
}
