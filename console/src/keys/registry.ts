/** All shortcuts that are alive now, by scope: the shell below, the page above it, a dialog above both. */
import { isSingleKey, strokeName } from "./match";

export interface KeyBinding {
  /** One name or several that do the same: "j", "shift+j", "mod+k", "Enter", "Space", "Escape", "?", "[", "g l" (one after the other). */
  keys: string | string[];
  /** How the list of keys shows it when there are more names than it has room for: "1 – 7". */
  shown?: string;
  /** What it does, as the list of keys says it. */
  label: string;
  run: (event?: KeyboardEvent) => void;
  /** Known, but not possible now. */
  off?: boolean;
  /** Works while the cursor stands in a field, too. */
  typing?: boolean;
  /** Left out of the list of keys (a second name, an arrow beside a letter). */
  quiet?: boolean;
  /** Offered by Ctrl+K all the same; it may have no key at all. */
  palette?: boolean;
}

export interface Scope {
  title: string;
  /** 0 the shell, 1 a page, 2 a dialog, which hides all below it. */
  level: 0 | 1 | 2;
  bindings: () => KeyBinding[];
}

const SEQUENCE_MS = 1200;
const scopes: Scope[] = [];
const listeners = new Set<() => void>();
let single = true;
let pending = "";
let pendingTimer: ReturnType<typeof setTimeout> | undefined;

function changed(): void {
  for (const listener of listeners) listener();
}

export function watchKeys(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function addScope(scope: Scope): () => void {
  scopes.push(scope);
  changed();
  return () => {
    scopes.splice(scopes.indexOf(scope), 1);
    changed();
  };
}

export const singleKeys = (): boolean => single;

export function setSingleKeys(on: boolean): void {
  single = on;
  changed();
}

export function keyNames(binding: KeyBinding): string[] {
  return typeof binding.keys === "string" ? [binding.keys] : binding.keys;
}

/** Scopes from the top; nothing below a dialog. */
export function liveScopes(): Scope[] {
  const ordered = scopes.map((scope, age) => ({ scope, age })).sort((a, b) => b.scope.level - a.scope.level || b.age - a.age);
  const top = ordered[0]?.scope.level === 2 ? ordered.slice(0, 1) : ordered;
  return top.map(({ scope }) => scope);
}

function find(name: string): KeyBinding | undefined {
  for (const scope of liveScopes()) {
    const found = scope.bindings().find((binding) => !binding.off && keyNames(binding).includes(name));
    if (found) return found;
  }
  return undefined;
}

function begins(name: string): boolean {
  return liveScopes().some((scope) => scope.bindings().some((b) => !b.off && keyNames(b).some((key) => key.startsWith(`${name} `))));
}

/** Do what a key does; for the button that stands beside it. */
export function press(name: string): void {
  find(name)?.run();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !/^(button|checkbox|radio|submit|reset)$/.test(target.type);
}

/** Enter and Space on a button or link belong to it, unless it leaves them to the page (`data-page-keys`). */
function isNative(name: string, target: EventTarget | null): boolean {
  if (name !== "Enter" && name !== "Space") return false;
  if (target instanceof Element && target.closest("[data-page-keys]")) return false;
  return target instanceof Element && target.closest("button, a[href], summary, [role=menuitem], [role=switch], input") !== null;
}

export function handleKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || event.getModifierState("AltGraph")) return;
  const stroke = strokeName(event);
  if (stroke === null) return;
  const name = pending ? `${pending} ${stroke}` : stroke;
  clearTimeout(pendingTimer);
  pending = "";
  const typing = isTyping(event.target);
  if (!single && isSingleKey(name)) return;
  if (!typing && begins(name)) {
    pending = name;
    pendingTimer = setTimeout(() => (pending = ""), SEQUENCE_MS);
    event.preventDefault();
    return;
  }
  const binding = find(name);
  if (!binding || (typing && !binding.typing)) return;
  if (isNative(name, event.target) && !(typing && binding.typing)) return;
  event.preventDefault();
  binding.run(event);
}
