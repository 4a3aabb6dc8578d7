import { Link, type LinkProps } from "@tanstack/react-router";
import type { ComponentPropsWithRef, ReactNode } from "react";

import { Kbd } from "~/keys";

interface Look {
  /** plain: an edge. primary: the one main action. waiting: amber, something is unread. text: a link-like action. danger: destroys. */
  kind?: "plain" | "primary" | "waiting" | "text" | "danger";
  /** The key that does the same, drawn as a cap. */
  k?: string;
  dense?: boolean;
}

export type ButtonProps = Look & ComponentPropsWithRef<"button">;

export function Button({ kind = "plain", k, dense = false, className = "", children, ...rest }: ButtonProps) {
  return (
    <button type="button" className={`button button-${kind} ${dense ? "button-dense" : ""} ${className}`} {...rest}>
      {children}
      {k && <Kbd k={k} inverse={kind === "primary" || kind === "waiting" || kind === "danger"} />}
    </button>
  );
}

/** A button that holds only a sign; `label` is its name and its tooltip. */
export function IconButton({ label, className = "", children, ...rest }: { label: string } & ComponentPropsWithRef<"button">) {
  return (
    <button type="button" className={`button button-icon ${className}`} aria-label={label} title={label} {...rest}>
      {children}
    </button>
  );
}

export function TextLink({ k, children, className = "", ...rest }: { k?: string; children: ReactNode; className?: string } & LinkProps) {
  return (
    <Link className={`button-text ${className}`} {...rest}>
      {children}
      {k && <Kbd k={k} />}
    </Link>
  );
}

/** A filter that is on or off. `count` stands quietly behind the word. */
export function Chip({
  on,
  count,
  children,
  className = "",
  ...rest
}: { on: boolean; count?: ReactNode } & ComponentPropsWithRef<"button">) {
  return (
    <button type="button" className={`chip ${on ? "chip-on" : ""} ${className}`} aria-pressed={on} {...rest}>
      {children}
      {count !== undefined && <span className="chip-count">{count}</span>}
    </button>
  );
}
