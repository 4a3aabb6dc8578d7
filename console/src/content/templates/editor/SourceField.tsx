/** A field with Liquid in it: its commands shaded, a fault underlined where it is, variables and filters offered while one types. */
import { useId, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { useI18n } from "~/i18n";

import type { Trouble } from "../model";
import { troubleText, whereText } from "../words";
import { goTo, indexOf, put, useDesk } from "./desk";

const FILTERS = ['default: ""', "optional", 'money: "PLN"', 'date: "day"', 'plural: "", ""', "number"];
const OFFERED = 8;

interface Props {
  /** As the server names it: `subject`, `blocks[2].url`. */
  part: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** One line only. */
  single?: boolean;
  mono?: boolean;
  rows?: number;
  hint?: string;
  placeholder?: string;
}

export function SourceField({ part, label, value, onChange, single = false, mono = false, rows = 1, hint, placeholder }: Props) {
  const i18n = useI18n();
  const { t } = i18n;
  const desk = useDesk();
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [typed, setTyped] = useState<Typed | null>(null);
  const [at, setAt] = useState(0);
  const troubles = desk.troubles.filter((each) => each.part === part);
  const errors = troubles.some((each) => each.severity === "error");
  const offers = useMemo(() => (typed ? offered(typed, desk.variables.map(({ path }) => path)) : []), [typed, desk.variables]);
  const set = (next: string) => onChange(single ? next.replaceAll(/\s*[\r\n]+\s*/g, " ") : next);
  const take = (offer: string | undefined) => {
    if (!offer || !typed || !field.current) return;
    const rest = field.current.value.slice(field.current.selectionStart);
    const end = typed.what === "variable" && typed.opens && !/^[^{]*\}\}/.test(rest) ? " }}" : "";
    put({ element: field.current, set }, offer + end, typed.from, field.current.selectionStart);
    setTyped(null);
  };
  const onKey = (event: KeyboardEvent) => {
    const open = offers.length > 0;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) setAt((at + (event.key === "ArrowDown" ? 1 : -1) + offers.length) % offers.length);
    else if (open && (event.key === "Enter" || event.key === "Tab") && !event.shiftKey) take(offers[at]);
    else if (open && event.key === "Escape") setTyped(null);
    else if (single && event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const told = troubles.length > 0 || hint ? `${id}-told` : undefined;
  return (
    <div className={`field src ${mono ? "src-mono" : ""}`}>
      <label htmlFor={id}>{label}</label>
      <div className="src-box">
        <div className="src-mirror" aria-hidden="true">
          <Shaded text={value} troubles={troubles} />
        </div>
        <textarea
          ref={field}
          id={id}
          data-part={part}
          className="field-input"
          rows={rows}
          value={value}
          placeholder={placeholder}
          readOnly={!desk.mayEdit}
          spellCheck={!mono}
          autoComplete="off"
          aria-invalid={errors || undefined}
          aria-describedby={told}
          aria-autocomplete="list"
          aria-controls={offers.length > 0 ? `${id}-offers` : undefined}
          aria-activedescendant={offers.length > 0 ? `${id}-${at}` : undefined}
          onFocus={(event) => desk.enter({ element: event.currentTarget, set })}
          onBlur={() => setTyped(null)}
          onKeyDown={onKey}
          onChange={(event) => {
            set(event.currentTarget.value);
            setAt(0);
            setTyped(read(event.currentTarget.value.slice(0, event.currentTarget.selectionStart)));
          }}
        />
        {offers.length > 0 && (
          <ul id={`${id}-offers`} role="listbox" className="src-offers" aria-label={t("content.variables.offers")}>
            {offers.map((offer, index) => (
              <li
                key={offer}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === at}
                onPointerMove={() => setAt(index)}
                onPointerDown={(event) => {
                  event.preventDefault();
                  take(offer);
                }}
              >
                <span>{offer}</span>
                <span className="quiet cut">{desk.variables.find((each) => each.path === offer)?.example}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      {told && (
        <div id={told} className="src-told">
          {troubles.map((each, index) => (
            <p key={index} className={each.severity === "error" ? "field-error" : "field-hint"}>
              {each.line !== null && (
                <button type="button" className="button-text src-where" onClick={() => goTo(part, each.line, each.column)}>
                  {whereText(each, i18n)}
                </button>
              )}{" "}
              {troubleText(each, i18n)}
            </p>
          ))}
          {troubles.length === 0 && hint && <p className="field-hint">{hint}</p>}
        </div>
      )}
    </div>
  );
}

interface Typed {
  what: "variable" | "filter";
  text: string;
  from: number;
  /** Right after `{{`: what is chosen is closed, too. */
  opens: boolean;
}

/** What stands open before the cursor: a name or a filter inside of Liquid. */
function read(before: string): Typed | null {
  const start = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (start < 0 || /[}%]\}/.test(before.slice(start))) return null;
  const inside = before.slice(start + 2);
  const word = /[\w.]*$/.exec(inside)?.[0] ?? "";
  const ahead = inside.slice(0, inside.length - word.length);
  if ((ahead.match(/"/g)?.length ?? 0) % 2 === 1) return null;
  const from = before.length - word.length;
  if (/\|\s*$/.test(ahead)) return { what: "filter", text: word, from, opens: false };
  if (/:\s*$/.test(ahead) && word === "") return null;
  return { what: "variable", text: word, from, opens: before[start + 1] === "{" && ahead.trim() === "" };
}

function offered({ what, text }: Typed, variables: string[]): string[] {
  const wanted = text.toLowerCase();
  const all = what === "filter" ? FILTERS : variables;
  const found = all.filter((each) => each.toLowerCase().includes(wanted) && each !== text);
  return found.sort((a, b) => Number(b.toLowerCase().startsWith(wanted)) - Number(a.toLowerCase().startsWith(wanted))).slice(0, OFFERED);
}

/** The same text behind the field, which is clear: its height is the field's, and what it marks shows through. */
function Shaded({ text, troubles }: { text: string; troubles: Trouble[] }) {
  const faults = troubles.filter(({ line }) => line !== null).map(({ line, column }) => indexOf(text, line ?? 1, column ?? 1));
  const pieces: { text: string; code: boolean; from: number }[] = [];
  let from = 0;
  for (const found of text.matchAll(/\{\{.*?\}\}|\{%.*?%\}/gs)) {
    if (found.index > from) pieces.push({ text: text.slice(from, found.index), code: false, from });
    pieces.push({ text: found[0], code: true, from: found.index });
    from = found.index + found[0].length;
  }
  pieces.push({ text: `${text.slice(from)}\u200b`, code: false, from });
  return pieces.map((piece) => {
    const fault = faults.find((index) => index >= piece.from && index < piece.from + piece.text.length);
    const name = piece.code ? "src-code" : undefined;
    if (fault === undefined) {
      return (
        <span key={piece.from} className={name}>
          {piece.text}
        </span>
      );
    }
    const cut = fault - piece.from;
    const length = Math.max(1, /^\S{0,24}/.exec(piece.text.slice(cut))?.[0].length ?? 1);
    return (
      <span key={piece.from} className={name}>
        {piece.text.slice(0, cut)}
        <u className="src-fault">{piece.text.slice(cut, cut + length)}</u>
        {piece.text.slice(cut + length)}
      </span>
    );
  });
}
