/** The list beside the thread: identifiers by when they were first known, the joins in between at their time. */

import { joinKey, type Evidence, type Identity, type Join, type LedgerIdentifier } from "../model/types";
import { layArcs, type Arc, type Tie } from "./arcs";
import { tiesOf } from "./evidence";

export type Line = { kind: "identifier"; key: string; at: number; identifier: LedgerIdentifier; tie: Evidence | null } | { kind: "join"; key: string; at: number; join: Join };

/** The first moment we know of an identifier: its first event, or the evidence that brought it. */
export function knownFrom(identifier: LedgerIdentifier): string {
  const moments = identifier.evidence.filter((one) => one.state === "used" && one.origin !== "operator").map((one) => one.occurred_at);
  if (identifier.first_seen_at) moments.push(identifier.first_seen_at);
  return moments.sort()[0] ?? identifier.known_since;
}

function ms(text: string): number {
  return Date.parse(text);
}

export function linesOf(identity: Identity, joins: Join[]): Line[] {
  const identifiers = identity.identifiers.toSorted((a, b) => ms(knownFrom(a)) - ms(knownFrom(b)) || Number(a.node_id) - Number(b.node_id));
  const before = new Set<string>();
  const lines: Line[] = identifiers.map((identifier) => {
    const tie = tieToEarlier(identifier, before, identity);
    before.add(identifier.node_id);
    return { kind: "identifier", key: identifier.node_id, at: ms(knownFrom(identifier)), identifier, tie };
  });
  for (const join of joins) lines.push({ kind: "join", key: `join:${joinKey(join)}`, at: ms(join.at), join });
  return lines.sort((a, b) => a.at - b.at || Number(a.kind === "join") - Number(b.kind === "join"));
}

/** What ties it to somebody already listed: its own evidence, or that of the other end. */
function tieToEarlier(identifier: LedgerIdentifier, before: Set<string>, identity: Identity): Evidence | null {
  const own = identifier.evidence.filter((one) => one.state === "used" && before.has(one.to.node_id));
  const mirrored = identity.identifiers
    .filter((other) => before.has(other.node_id))
    .flatMap((other) =>
      other.evidence
        .filter((one) => one.state === "used" && one.to.node_id === identifier.node_id)
        .map((one) => ({ ...one, to: { node_id: other.node_id, kind: other.kind, value: other.value } })),
    );
  return [...own, ...mirrored].sort((a, b) => a.occurred_at.localeCompare(b.occurred_at))[0] ?? null;
}

/** Arcs between the lines shown; a join's arc also touches the line that tells of it. */
export function arcsOf(lines: Line[], identity: Identity): Arc[] {
  const rowOf = new Map(lines.map((line, row) => [line.key, row]));
  const joined = new Map<string, number>();
  const ties: Tie[] = [];
  lines.forEach((line, row) => {
    if (line.kind !== "join") return;
    const { a, b } = line.join;
    const rowA = rowOf.get(a.node_id);
    const rowB = rowOf.get(b.node_id);
    if (rowA === undefined || rowB === undefined) return;
    joined.set([a.node_id, b.node_id].sort().join("-"), row);
    ties.push({ a: rowA, b: rowB, strong: true, tee: row, key: line.key });
  });
  for (const { a, b } of tiesOf(identity)) {
    const key = [a, b].sort().join("-");
    const rowA = rowOf.get(a);
    const rowB = rowOf.get(b);
    if (rowA === undefined || rowB === undefined || joined.has(key)) continue;
    ties.push({ a: rowA, b: rowB, strong: false, key });
  }
  return layArcs(ties);
}
