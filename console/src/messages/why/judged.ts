/** What the drawing and the text of a judgement are made of: each candidate with its gates in order, and saying nothing. */
import type { Candidate, Decision, Message, Verdict } from "../model";
import { flipText, reasonText, ruleName, whenText, type Says } from "../words";

export interface Line {
  /** Null: saying nothing, which every gate lets through. */
  channel: string | null;
  name: string;
  verdicts: Verdict[];
  /** The gate at which the line ends, by its place; all of them where it is not stopped. */
  end: number;
  winner: boolean;
  waits: boolean;
  stopped: boolean;
  /** What stands on the line. */
  label: { at: number; text: string; also: string } | null;
  outcome: string;
  flip: string;
}

/** `sent`: the message went by this judgement, and when. */
export function linesOf(decision: Decision, sent: Message["sent_at"], says: Says): Line[] {
  const lines = decision.candidates.map((candidate) => lineOf(candidate, decision, sent, says));
  return [...lines.map((line, at) => asAbove(line, lines[at - 1], says)), nothing(decision, says)];
}

function lineOf(candidate: Candidate, { outcome }: Decision, sent: string | null, says: Says): Line {
  const { i18n } = says;
  const { verdicts } = candidate;
  const stop = verdicts.findIndex((each) => each.result === "stop");
  const wait = verdicts.findIndex((each) => each.result === "defer");
  const at = stop >= 0 ? stop : wait;
  const winner = outcome.action !== "suppress" && outcome.channel === candidate.channel;
  return {
    channel: candidate.channel,
    name: says.channel(candidate.channel),
    verdicts,
    end: stop >= 0 ? stop : verdicts.length - 1,
    winner,
    waits: candidate.result === "defer",
    stopped: stop >= 0,
    label: at < 0 ? null : { at, text: labelText(verdicts[at] as Verdict, says), also: alsoText(verdicts, at, says) },
    outcome: outcomeText(candidate, winner, sent, says),
    flip: candidate.flip === null || candidate.flip.length === 0 ? i18n.t("messages.why.noFlip") : flipText(candidate.flip, says),
  };
}

/** What stopped the line above at the same gate need not be read twice. */
function asAbove(line: Line, above: Line | undefined, { i18n }: Says): Line {
  if (!line.label || !line.stopped || line.label.at !== above?.label?.at || line.label.text !== above.label.text) return line;
  return { ...line, label: { ...line.label, text: i18n.t("messages.why.same") } };
}

function labelText(verdict: Verdict, says: Says): string {
  const why = reasonText(verdict, says);
  if (verdict.result === "defer" && verdict.until) return says.i18n.t("messages.why.waits", { when: whenText(verdict.until, says.i18n), why });
  return says.i18n.t("messages.why.stopped", { why });
}

function alsoText(verdicts: Verdict[], first: number, says: Says): string {
  const others = verdicts.filter(({ result }, at) => at !== first && (result === "stop" || result === "defer"));
  if (others.length === 0) return "";
  return says.i18n.t("messages.why.also", { gates: says.i18n.fmt.list(others.map(({ rule }) => lower(ruleName(rule, says.i18n)))) });
}

const lower = (text: string) => text.charAt(0).toLocaleLowerCase() + text.slice(1);

function outcomeText({ result, verdicts }: Candidate, winner: boolean, sent: string | null, { i18n }: Says): string {
  const { t } = i18n;
  if (result === "stop") return t("messages.why.outcomes.stopped");
  if (result === "defer") {
    const until = verdicts.flatMap((each) => (each.result === "defer" && each.until ? [each.until] : [])).toSorted().at(-1);
    return t(winner ? "messages.why.outcomes.waits" : "messages.why.outcomes.later", { when: until ? whenText(until, i18n) : "—" });
  }
  if (!winner) return t("messages.why.outcomes.possible");
  return sent ? t("messages.why.outcomes.sent", { when: whenText(sent, i18n) }) : t("messages.why.outcomes.chosen");
}

function nothing({ candidates, outcome, turn }: Decision, says: Says): Line {
  const { t } = says.i18n;
  const verdicts = (candidates[0]?.verdicts ?? []).map(({ rule }) => ({ rule, result: "pass" as const, why: "", since: null, until: null }));
  const said = { send: "notNeeded", defer: "silentUntil", suppress: "silent" } as const;
  return {
    channel: null,
    name: t("messages.why.nothing"),
    verdicts,
    end: verdicts.length - 1,
    winner: outcome.action === "suppress",
    waits: false,
    stopped: false,
    label: null,
    outcome: t(`messages.why.outcomes.${said[outcome.action]}`, { when: outcome.until ? whenText(outcome.until, says.i18n) : "" }),
    flip: turn === null || turn.length === 0 ? t("messages.why.noFlipSilence") : flipText(turn, says),
  };
}

/** The same as the drawing, for whoever does not see it. */
export function spoken(line: Line, says: Says, messageClass: string): string {
  const { t, fmt } = says.i18n;
  const names = (result: Verdict["result"]) => line.verdicts.filter((each, at) => each.result === result && at <= line.end).map(({ rule }) => ruleName(rule, says.i18n));
  const [passed, exempt] = [names("pass"), names("exempt")];
  return [
    passed.length > 0 && t("messages.why.passed", { gates: fmt.list(passed) }),
    exempt.length > 0 && t("messages.why.exempt", { gates: fmt.list(exempt), class: messageClass }),
  ]
    .filter(Boolean)
    .join(". ");
}
