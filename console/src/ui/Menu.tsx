import { useEffect, useId, useRef, useState, type ReactNode } from "react";

import { IconButton } from "./Button";
import { Icon } from "./icons";

export interface MenuItem {
  label: ReactNode;
  run: () => void;
  /** Names the item when its label is not plain text. */
  key?: string;
  danger?: boolean;
}

/** A button with three dots and what it holds. Arrows walk, Escape gives the focus back, a press beside it closes it. */
export function Menu({ label, items, className = "" }: { label: string; items: MenuItem[]; className?: string }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const close = (focus: boolean) => {
    setOpen(false);
    if (focus) box.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
  };
  useEffect(() => {
    if (!open) return;
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const outside = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const walk = (event: React.KeyboardEvent) => {
    if (event.key === "Escape" || event.key === "Tab") {
      if (event.key === "Escape") event.preventDefault();
      close(event.key === "Escape");
      return;
    }
    const entries = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    entries[(next + entries.length) % entries.length]?.focus();
  };
  return (
    <div ref={box} className="menu-box">
      <IconButton className={className} label={label} aria-haspopup="menu" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
        <Icon name="more" size={18} />
      </IconButton>
      {open && (
        <div id={id} role="menu" aria-label={label} className="menu" onKeyDown={walk}>
          {items.map((item, index) => (
            <button
              key={item.key ?? (typeof item.label === "string" ? item.label : index)}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={item.danger ? "alarm" : undefined}
              onClick={() => {
                close(true);
                item.run();
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
