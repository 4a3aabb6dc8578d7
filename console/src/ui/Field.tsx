import { useRef, type ComponentPropsWithRef, type ReactNode } from "react";

import { useI18n } from "~/i18n";
import { Kbd } from "~/keys";

import { Icon } from "./icons";

interface SearchFieldProps extends Omit<ComponentPropsWithRef<"input">, "size" | "onChange" | "value"> {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** The key shown at the right: "/" while it is left, "Escape" while it is in use. */
  k?: string;
  large?: boolean;
  /** A × for hands without an Escape key; off where another one stands beside the field. */
  clearable?: boolean;
}

/** A search field named by `label`; the cap at its right is the key that reaches or leaves it. */
export function SearchField({ label, value, onChange, k, large = false, clearable = true, className = "", ...rest }: SearchFieldProps) {
  const { t } = useI18n();
  const box = useRef<HTMLLabelElement>(null);
  return (
    <label ref={box} className={`search ${large ? "search-large" : ""} ${className}`}>
      {large && <Icon name="search" size={18} />}
      <input
        type="text"
        inputMode="search"
        enterKeyHint="search"
        autoComplete="off"
        autoCorrect="off"
        spellCheck={false}
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        {...rest}
      />
      {k && <Kbd k={k} />}
      {clearable && value !== "" && (
        <button type="button" className="search-clear" aria-label={t("common.clear")}
          onClick={() => {
            onChange("");
            box.current?.querySelector("input")?.focus();
          }}
        >
          <Icon name="close" size={16} />
        </button>
      )}
    </label>
  );
}

/** A section with a head line of 44 px: title, what stands beside it, actions at the right. */
export function Section({ title, aside, actions, children, className = "" }: { title: ReactNode; aside?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`section ${className}`}>
      <header className="section-head">
        <h2>{title}</h2>
        {aside && <span className="section-aside">{aside}</span>}
        {actions && <span className="section-actions">{actions}</span>}
      </header>
      {children}
    </section>
  );
}
