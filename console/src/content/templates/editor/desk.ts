/** What the fields of the editor share: what is wrong in them, what they may speak of, and which of them was in use last. */
import { createContext, use } from "react";

import type { Trouble, Variable } from "../model";

export interface Field {
  element: HTMLTextAreaElement;
  set: (value: string) => void;
}

export interface Desk {
  mayEdit: boolean;
  /** Of the text that is shown. */
  troubles: Trouble[];
  variables: Variable[];
  /** The field that a variable goes into. */
  enter: (field: Field) => void;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = use(DeskContext);
  if (!desk) throw new Error("useDesk needs DeskContext above it");
  return desk;
}

/** Put a text in where the cursor of a field stands, and the cursor behind it. */
export function put({ element, set }: Field, text: string, from = element.selectionStart, to = element.selectionEnd): void {
  const { value } = element;
  set(value.slice(0, from) + text + value.slice(to));
  requestAnimationFrame(() => {
    element.focus();
    element.setSelectionRange(from + text.length, from + text.length);
  });
}

/** Where in a text a place is, counted in lines and columns from 1. */
export function indexOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return Math.min(text.length, before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1);
}

/** Lead the reader to a fault: the field of that part, the cursor where it begins. */
export function goTo(part: string, line: number | null, column: number | null): void {
  const names = [part, part.replace(/\.\w+$/, ""), part.replace(/\[.*$/, "")];
  const found = names.map((name) => document.querySelector<HTMLElement>(`[data-part="${CSS.escape(name)}"]`)).find(Boolean);
  found?.scrollIntoView({ block: "center" });
  found?.focus();
  if (found instanceof HTMLTextAreaElement && line !== null) {
    const at = indexOf(found.value, line, column ?? 1);
    found.setSelectionRange(at, at);
  }
}
