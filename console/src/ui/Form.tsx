/** Fields of forms: a label above, a hint or what is wrong below, both read out with the field. */
import { useEffect, useId, useState, type ComponentPropsWithRef, type ReactNode } from "react";
import "./form.css";

interface Told {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
}

function Frame({ id, label, hint, error, className = "", children }: Told & { id: string; className?: string; children: ReactNode }) {
  return (
    <div className={`field ${className}`}>
      <label htmlFor={id}>{label}</label>
      {children}
      {error ? (
        <p id={`${id}-told`} className="field-error">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-told`} className="field-hint">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

function told(id: string, { hint, error }: Told): { "aria-describedby"?: string; "aria-invalid"?: true } {
  return { ...(hint || error ? { "aria-describedby": `${id}-told` } : {}), ...(error ? { "aria-invalid": true as const } : {}) };
}

export function TextField({
  label,
  hint,
  error,
  value,
  onChange,
  className = "",
  ...rest
}: Told & { value: string; onChange: (value: string) => void } & Omit<ComponentPropsWithRef<"input">, "value" | "onChange">) {
  const id = useId();
  return (
    <Frame id={id} className={className} {...{ label, hint, error }}>
      <input id={id} className="field-input" value={value} onChange={(event) => onChange(event.currentTarget.value)} {...told(id, { label, hint, error })} {...rest} />
    </Frame>
  );
}

export function TextArea({
  label,
  hint,
  error,
  value,
  onChange,
  className = "",
  ...rest
}: Told & { value: string; onChange: (value: string) => void } & Omit<ComponentPropsWithRef<"textarea">, "value" | "onChange">) {
  const id = useId();
  return (
    <Frame id={id} className={className} {...{ label, hint, error }}>
      <textarea id={id} className="field-input" rows={4} value={value} onChange={(event) => onChange(event.currentTarget.value)} {...told(id, { label, hint, error })} {...rest} />
    </Frame>
  );
}

export interface Choice<V extends string> {
  value: V;
  label: string;
}

export function SelectField<V extends string>({
  label,
  hint,
  error,
  value,
  choices,
  onChange,
  className = "",
  ...rest
}: Told & { value: V; choices: readonly Choice<V>[]; onChange: (value: V) => void } & Omit<ComponentPropsWithRef<"select">, "value" | "onChange">) {
  const id = useId();
  return (
    <Frame id={id} className={className} {...{ label, hint, error }}>
      <select id={id} className="field-input" value={value} onChange={(event) => onChange(event.currentTarget.value as V)} {...told(id, { label, hint, error })} {...rest}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

/** A field that suggests while one types: by a choice's name or its value. `value` is a choice's, or what was typed where it is none. */
export function ChoiceField({ value, choices, onChange, error, wrong, ...rest }: Omit<Parameters<typeof TextField>[0], "list"> & { choices: readonly Choice<string>[]; wrong?: ReactNode }) {
  const list = useId();
  const named = choices.find((choice) => choice.value === value)?.label;
  const [text, setText] = useState(named ?? value);
  const [left, setLeft] = useState(false);
  useEffect(() => {
    if (named) setText(named);
  }, [named]);
  const meant = (typed: string) => {
    const wanted = typed.trim().toLocaleLowerCase();
    return choices.find((choice) => choice.label.toLocaleLowerCase() === wanted || choice.value.toLowerCase() === wanted)?.value;
  };
  // Typed before the list was there: it may be one of it all the same.
  const late = named === undefined ? meant(value) : undefined;
  useEffect(() => {
    if (late !== undefined) onChange(late);
  }, [late]);
  const choose = (typed: string) => {
    setText(typed);
    setLeft(false);
    onChange(meant(typed) ?? typed.trim());
  };
  return (
    <>
      <TextField value={text} onChange={choose} list={list} autoComplete="off" onBlur={() => setLeft(true)} error={error ?? (left && value && !named ? wrong : undefined)} {...rest} />
      <datalist id={list}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.label} />
        ))}
      </datalist>
    </>
  );
}

/** A box to tick, or a switch, with its words at the right. */
export function CheckField({
  label,
  hint,
  checked,
  onChange,
  role,
  ...rest
}: { label: ReactNode; hint?: ReactNode; checked: boolean; onChange: (checked: boolean) => void; role?: "switch" } & Omit<ComponentPropsWithRef<"input">, "checked" | "onChange" | "role">) {
  return (
    <label className="field-check">
      <input type="checkbox" role={role} checked={checked} onChange={(event) => onChange(event.currentTarget.checked)} {...rest} />
      <span>
        <span className="field-check-label">{label}</span>
        {hint && <span className="field-hint">{hint}</span>}
      </span>
    </label>
  );
}
