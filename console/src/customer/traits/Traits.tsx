/** What we were told of the person: each value with where it is from, when it happened and when we learnt it. */

import { sourceText } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, Section } from "~/ui";

import { dateText } from "../identifiers/Identifiers";
import type { Json, TraitRow, TraitValue } from "../model/types";
import { languageName } from "../header/Header";
import { spanText } from "../model/span";
import { scalarText, traitName } from "../tell/tell";
import { differing, orderTraits } from "./order";

type Voice = Pick<ReturnType<typeof useI18n>, "t" | "has" | "fmt" | "language">;

const SHOWN = 7;
const AT_ONCE_MS = 60_000;
const DAY_MS = 86_400_000;

export function valueText(name: string, value: Json, voice: Voice): string {
  if (value === null) return voice.t("customer.traits.removed");
  if (typeof value === "object") return Array.isArray(value) ? value.map((one) => valueText(name, one, voice)).join(", ") : objectText(value);
  if (typeof value === "string" && /^(language|locale)$/.test(name)) return languageName(value, voice.language) ?? value;
  if (typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value)) return voice.fmt.shortDay(`${value}T12:00`, 0);
  if (typeof value === "number" && /year|_id$|Id$/.test(name)) return String(value);
  return scalarText(value, voice);
}

function objectText(value: { [key: string]: Json }): string {
  const parts = Object.values(value).filter((one) => typeof one === "string" || typeof one === "number");
  return parts.length > 0 ? parts.join(", ") : JSON.stringify(value);
}

/** The server names the rule that decided; what it says in its own words stays as it came. */
export function ruleText(rule: string | null, { t, has }: Pick<Voice, "t" | "has">): string {
  if (!rule) return t("customer.traits.rule.latest");
  const key = `customer.traits.rule.${rule}`;
  if (/^\w+$/.test(rule) && has(key)) return t(key);
  return t("customer.traits.rule.other", { rule });
}

/** `late`: so much later that it is worth a second look; what a queue or a night delays is not. */
export function learntText(value: TraitValue, { t, fmt }: Pick<Voice, "t" | "fmt">): { text: string; late: boolean } {
  const late = Date.parse(value.received_at) - Date.parse(value.occurred_at);
  if (late < AT_ONCE_MS) return { text: t("customer.traits.atOnce"), late: false };
  return { text: t("customer.traits.later", { time: spanText(late, fmt.locale, fmt.language) }), late: late > DAY_MS };
}

interface TraitsProps {
  traits: TraitRow[];
  onHistory: () => void;
  bare: boolean;
}

export function Traits({ traits, onHistory, bare }: TraitsProps) {
  const { t, fmt } = useI18n();
  const ordered = orderTraits(traits);
  const shown = bare ? ordered : ordered.slice(0, SHOWN);
  return (
    <Section
      className="cu-traits"
      title={
        <>
          {t("customer.traits.title")} <span className="cu-count">{fmt.number(traits.length)}</span>
        </>
      }
      actions={
        traits.length > 0 && (
          <Button kind="text" onClick={onHistory} aria-haspopup="dialog">
            {t("customer.traits.allHistory")}
          </Button>
        )
      }
    >
      {traits.length === 0 ? (
        <p className="quiet cu-none">{t("customer.traits.none")}</p>
      ) : (
        <table className="cu-table">
          <thead>
            <tr>
              <th scope="col">
                <span className="seen-by-readers">{t("customer.traits.title")}</span>
              </th>
              <th scope="col">
                <span className="seen-by-readers">{t("customer.traits.holds")}</span>
              </th>
              <th scope="col">{t("customer.traits.from")}</th>
              <th scope="col">{t("customer.traits.happened")}</th>
              <th scope="col">{t("customer.traits.learnt")}</th>
            </tr>
          </thead>
          {shown.map((trait) => (
            <TraitBody key={trait.name} trait={trait} />
          ))}
        </table>
      )}
      {ordered.length > shown.length && (
        <Button kind="text" className="cu-all" onClick={onHistory} aria-haspopup="dialog">
          {t("customer.traits.more", { n: ordered.length - shown.length })}
        </Button>
      )}
    </Section>
  );
}

function TraitBody({ trait }: { trait: TraitRow }) {
  const i18n = useI18n();
  const { t } = i18n;
  const others = differing(trait);
  const losing = others.slice(0, 3);
  return (
    <tbody>
      <ValueRow name={trait.name} value={trait} holds />
      {losing.map((value) => (
        <ValueRow key={`${value.occurred_at}${String(value.source)}${JSON.stringify(value.value)}`} name={trait.name} value={value} holds={false} />
      ))}
      {others.length > 0 && (
        <tr className="cu-rule">
          <td />
          <td colSpan={4}>
            {t("customer.traits.values", { n: others.length + 1 })} {ruleText(trait.rule, i18n)}
          </td>
        </tr>
      )}
    </tbody>
  );
}

function ValueRow({ name, value, holds }: { name: string; value: TraitValue; holds: boolean }) {
  const i18n = useI18n();
  const { fmt } = i18n;
  const learnt = learntText(value, i18n);
  const text = valueText(name, value.value, i18n);
  return (
    <tr className={holds ? "" : "cu-lost"}>
      {holds ? (
        <th scope="row">
          <bdi>{traitName(name, i18n)}</bdi>
        </th>
      ) : (
        <td />
      )}
      <td className="cu-value" title={text}>
        {holds ? <bdi>{text}</bdi> : <s><bdi>{text}</bdi></s>}
      </td>
      <td className="cu-source" title={sourceText(value.source, i18n)}>
        <bdi>{sourceText(value.source, i18n)}</bdi>
      </td>
      <td>
        <time dateTime={value.occurred_at}>{dateText(value.occurred_at, fmt)}</time>
      </td>
      <td className={learnt.late ? "cu-learnt-late" : ""}>
        <time dateTime={value.received_at} title={fmt.dateTime(value.received_at, 0)}>{learnt.text}</time>
      </td>
    </tr>
  );
}
