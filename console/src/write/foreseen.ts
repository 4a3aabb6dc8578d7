/** What would come of a message by one channel, out of what the gate says of all of them. */
import type { Candidate, Decision, Edit, Verdict } from "~/messages/model";

export interface Foretold {
  action: "send" | "defer" | "suppress";
  channel: string | null;
  until: string | null;
  rule: string | null;
  why: string | null;
  since: string | null;
  /** By what the best was found. */
  chosenBy: string | null;
  flip: Edit[] | null;
}

/** `channel`: "" for the best. */
export function foretold(decision: Decision, channel: string): Foretold {
  const candidate = decision.candidates.find((each) => each.channel === channel);
  if (channel && candidate) return ofCandidate(candidate);
  const { action, until, rule, why, chosen_by, channel: chosen } = decision.outcome;
  return { action, channel: chosen, until, rule, why, since: null, chosenBy: chosen_by, flip: decision.turn };
}

export function ofCandidate({ channel, result, verdicts, flip }: Candidate): Foretold {
  const action = result === "stop" ? "suppress" : result === "defer" ? "defer" : "send";
  const told = verdicts.find((each) => each.result === (result === "stop" ? "stop" : "defer"));
  return { action, channel, until: result === "defer" ? lastOf(verdicts) : null, rule: told?.rule ?? null, why: told?.why ?? null, since: told?.since ?? null, chosenBy: null, flip };
}

function lastOf(verdicts: Verdict[]): string | null {
  return verdicts.flatMap((each) => (each.result === "defer" && each.until ? [each.until] : [])).toSorted().at(-1) ?? null;
}
