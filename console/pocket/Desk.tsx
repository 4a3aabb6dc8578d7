/** Your side: the same conversation as Onevoice keeps it, with what it learnt and what it did not say. */
import { useWords, type Words } from "./i18n";
import { isDoor, type Item, type Pocket } from "./model";
import { DoorName, firstName, Knot, Unbroken, useNow, When, whenText } from "./parts";
import { Write } from "./Write";
import type { Act } from "./usePocket";

const CODES: Record<string, string> = { too_many_requests: "429", status_500: "500", "4.7.1": "450", "4.3.2": "421" };

export function Desk({ pocket, act, ahead, upTo }: { pocket: Pocket; act: Act; ahead: number; upTo: number | null }) {
  const { t } = useWords();
  const now = useNow(1_000) + ahead;
  const { items } = pocket.story;
  const strands = strandsOf(items);
  return (
    <aside className="pk-side" data-part="side" aria-labelledby="pk-side">
      <div className="pk-side-in">
      <header className="pk-side-head">
        <p>{t("desk.side")}</p>
        <h2 id="pk-side">{pocket.person.name}</h2>
      </header>
      {pocket.trouble && (
        <p className="pk-trouble" role="alert">
          {troubleText(pocket.trouble, t)}
        </p>
      )}
      {pocket.person.id === null && !pocket.trouble ? (
        <div className="pk-stranger">
          <p>{t("desk.empty")}</p>
          <p className="pk-quiet">{t("desk.emptyText")}</p>
        </div>
      ) : (
        <div className="pk-scroll" data-scroll tabIndex={0} role="region" aria-label={t("desk.thread")}>
          <ol className="pk-thread pk-kept" aria-live="polite" aria-relevant="additions">
            {items.map((item, index) => (
              <li key={item.id} className={`${classOf(item)} ${upTo !== null && item.n !== undefined && item.n > upTo ? "pk-late" : ""}`} data-strand={strands[index]?.door} data-way={strands[index]?.way || undefined} data-n={item.n}>
                <Kept item={item} pocket={pocket} now={now} />
              </li>
            ))}
            {items.length === 0 && !pocket.trouble && <li className="pk-empty">{t("desk.quiet")}</li>}
          </ol>
        </div>
      )}
        {pocket.person.id !== null && (
          <div className="pk-side-foot">
            <Write key={pocket.person.key} pocket={pocket} act={act} />
            <a className="pk-whole" href={`${pocket.address}/customers/profile:${pocket.person.id}`} target="_blank" rel="noopener noreferrer">
              {t("desk.open")}
            </a>
          </div>
        )}
      </div>
    </aside>
  );
}

/** Of the line beside each row: the door of the knot above, and whether it leads to what is on its way. Ends at the last knot. */
function strandsOf(items: Item[]): ({ door: string; way: boolean } | null)[] {
  const last = items.findLastIndex(onLine);
  let door = "";
  return items.map((item, index) => {
    if (onLine(item)) door = item.door;
    const next = items.slice(index + 1).find(onLine);
    return door && index < last ? { door, way: next?.waiting === true } : null;
  });
}

/** Whether it was said: it has a number, or was said in a browser, where nothing can be counted. */
const onLine = (item: Item): boolean => item.n !== undefined || (item.door === "chat" && (item.kind === "theirs" || item.kind === "ours"));

function classOf(item: Item): string {
  if (item.kind === "learnt") return "pk-learnt";
  return !onLine(item) ? "pk-message pk-silence" : "pk-message";
}

function troubleText({ code, detail }: { code: string; detail: string }, t: Words["t"]): string {
  if (code === "starting" || code === "away") return t(`state.${code}`);
  return t("state.refused", { detail });
}

function Kept({ item, pocket, now }: { item: Item; pocket: Pocket; now: number }) {
  const { t } = useWords();
  if (item.kind === "learnt") return <Learnt item={item} />;
  if (item.kind === "silence" || !onLine(item)) return <Silence item={item} pocket={pocket} />;
  const theirs = item.kind === "theirs";
  return (
    <>
      <Knot n={item.n} kind={item.waiting ? "dotted" : theirs ? "solid" : "ring"} door={item.door} place="desk" />
      <div className="pk-about">
        <span>
          <DoorName door={item.door} /> {theirs ? firstName(pocket) : (item.who?.split(" ")[0] ?? t(item.auto ? "desk.auto" : "desk.you"))}
        </span>
        <When at={item.at} />
      </div>
      <p className="pk-words">
        <Unbroken text={item.text ?? ""} />
      </p>
      <Became item={item} now={now} />
      {!theirs && item.rule !== undefined && <WhyLink item={item} pocket={pocket} text={t("desk.why")} />}
    </>
  );
}

/** What is the matter with a message that is not there yet, or never will be. */
function Became({ item, now }: { item: Item; now: number }) {
  const { t, why, fmt } = useWords();
  const provider = isDoor(item.door) ? t(`write.channels.${item.door}`) : item.door;
  if (item.state === "sending") return <p className="pk-quiet">{t("desk.sending")}</p>;
  if (item.state === "uncertain") return <p className="pk-alarm">{t("desk.uncertain", { provider })}</p>;
  if (item.state === "failed") return <p className="pk-alarm">{t("desk.failed", { why: why(item.rule ?? null, item.why ?? null) })}</p>;
  if (item.state === "bounced") return <p className="pk-alarm">{t("desk.bounced", { why: why(item.rule ?? null, item.why ?? null) })}</p>;
  if (!item.waiting) return null;
  const seconds = Math.ceil((Date.parse(item.due_at ?? "") - now) / 1_000);
  if (item.rule === "provider") {
    const code = CODES[item.why ?? ""] ?? item.why ?? "";
    return <p className="pk-alarm">{seconds > 0 ? t("desk.tried", { provider, code, n: seconds }) : t("desk.trying", { provider, code })}</p>;
  }
  if (seconds > 5) return <p className="pk-quiet">{t("desk.until", { when: whenText(item.due_at ?? item.at, fmt), why: why(item.rule ?? null, item.why ?? null) })}</p>;
  return <p className="pk-quiet">{t("desk.sending")}</p>;
}

/** What was not sent never touches the line: it hangs beside it by a stub with a cross. */
function Silence({ item, pocket }: { item: Item; pocket: Pocket }) {
  const words = useWords();
  const { t, why } = words;
  const failed = item.kind === "ours";
  const said = item.text || purposeText(item.purpose, words);
  return (
    <>
      <svg className="pk-stub" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
        <path d="M4 10h4M10 7l6 6m0-6-6 6" />
      </svg>
      <div className="pk-about">
        <DoorName door={item.door} />
        <When at={item.at} />
      </div>
      {said && <p className="pk-words">{said}</p>}
      {failed ? <Became item={item} now={0} /> : <p className="pk-verdict">{t("desk.silence", { why: why(item.rule ?? null, item.why ?? null) })}</p>}
      <WhyLink item={item} pocket={pocket} text={t("desk.whyNot")} />
    </>
  );
}

function WhyLink({ item, pocket, text }: { item: Item; pocket: Pocket; text: string }) {
  if (!pocket.address) return null;
  return (
    <a className="pk-why" href={`${pocket.address}/messages/${item.id}`} target="_blank" rel="noopener noreferrer" aria-label={`${text}: ${item.text ?? ""}`}>
      {text}
    </a>
  );
}

function Learnt({ item }: { item: Item }) {
  const words = useWords();
  return (
    <>
      <span className="pk-mote" data-door={item.door} aria-hidden="true" />
      <span>{learntText(item, words)}</span>
      <When at={item.at} />
    </>
  );
}

const LEARNT = { "Channel Opened": "started", "Channel Closed": "blocked", "Button Pressed": "pressed", "Link Clicked": "clicked", "Message Opened": "seen", "Message Bounced": "bounced", "Message Complained": "complained" } as const;
const PURPOSES = ["promotions", "back_in_stock", "reviews", "orders"] as const;

function learntText(item: Item, { t }: Words): string {
  const what = item.what ?? "";
  if (what in LEARNT) return t(`desk.learnt.${LEARNT[what as keyof typeof LEARNT]}`);
  const act = (["request", "grant", "withdraw", "confirm"] as const).find((each) => what === `consent.${each}`);
  if (!act) return t("desk.learnt.other", { what });
  if (item.purpose === "*" && (act === "grant" || act === "withdraw")) return t(`desk.learnt.${act}All`);
  return t(`desk.learnt.${act}`, { purpose: purposeText(item.purpose, { t }) });
}

function purposeText(purpose: string | undefined, { t }: Pick<Words, "t">): string {
  const named = PURPOSES.find((each) => each === purpose);
  return named ? t(`desk.purposes.${named}`) : (purpose ?? "");
}
