/** Short messages at the lower edge. One with `undo` waits ten seconds, shows how long is left and pauses under the pointer. */
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { createPortal } from "react-dom";

import { useI18n } from "~/i18n";

import { Button, IconButton } from "./Button";
import { Icon } from "./icons";
import { topWindow, watchWindows } from "./top";

export interface Toast {
  text: string;
  kind?: "plain" | "alarm";
  undo?: () => void;
  /** Called when the time to undo has run out or the toast was closed. */
  onDone?: () => void;
  seconds?: number;
}

interface Shown extends Toast {
  id: number;
}

let shown: Shown[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: Shown[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

export function toast(message: Toast): void {
  last += 1;
  set([...shown.slice(-2), { ...message, id: last }]);
}

function remove(id: number): void {
  set(shown.filter((one) => one.id !== id));
}

function watch(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function OneToast({ message }: { message: Shown }) {
  const { t } = useI18n();
  const [held, setHeld] = useState(false);
  const seconds = message.seconds ?? (message.undo ? 10 : 6);
  const left = useRef(seconds * 1000);
  useEffect(() => {
    if (held) return;
    const started = Date.now();
    const timer = setTimeout(() => {
      message.onDone?.();
      remove(message.id);
    }, left.current);
    return () => {
      clearTimeout(timer);
      left.current -= Date.now() - started;
    };
  }, [held, message]);
  return (
    <div
      className={`toast toast-${message.kind ?? "plain"}`}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span className="toast-text">{message.text}</span>
      {message.undo && (
        <Button
          kind="text"
          onClick={() => {
            message.undo?.();
            remove(message.id);
          }}
        >
          {t("common.undo")}
        </Button>
      )}
      <IconButton
        label={t("common.dismiss")}
        onClick={() => {
          message.onDone?.();
          remove(message.id);
        }}
      >
        <Icon name="close" size={14} />
      </IconButton>
      {message.undo && (
        <span className="toast-drain" style={{ animationDuration: `${seconds}s`, animationPlayState: held ? "paused" : "running" }} />
      )}
    </div>
  );
}

export function Toasts() {
  const messages = useSyncExternalStore(watch, () => shown);
  const over = useSyncExternalStore(watchWindows, topWindow);
  const all = (
    <div className="toasts" role="status" aria-live="polite">
      {messages.map((message) => (
        <OneToast key={message.id} message={message} />
      ))}
    </div>
  );
  return over ? createPortal(all, over) : all;
}
