/** The mode in which identifiers are chosen that belong to somebody else. */

import { useState } from "react";

import type { Splitting } from "./identifiers/Identifiers";
import type { Identity } from "./model/types";

export interface SplittingState extends Splitting {
  startWith: (nodes: string[], identity: Identity | undefined) => void;
}

export function useSplitting(rehearse: () => void): SplittingState {
  const [chosen, setChosen] = useState<Set<string> | null>(null);
  return {
    on: chosen !== null,
    chosen: chosen ?? new Set(),
    start: () => setChosen(new Set()),
    startWith: (nodes, identity) => setChosen(new Set(nodes.filter((node) => identity?.identifiers.some((one) => one.node_id === node)))),
    cancel: () => setChosen(null),
    toggle: (node) =>
      setChosen((before) => {
        const next = new Set(before);
        if (!next.delete(node)) next.add(node);
        return next;
      }),
    rehearse,
  };
}
