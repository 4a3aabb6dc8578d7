/** The fields of each rule of the policy. */
import { useState } from "react";

import { useI18n } from "~/i18n";
import { Button, CheckField, Icon, IconButton, SelectField, TextField } from "~/ui";

import { BOUNDS, newCap, type CapDraft, type Draft } from "./draft";
import { classes, priorities, span, type Tells } from "./model";

interface Props {
  draft: Draft;
  set: (by: Partial<Draft>) => void;
  /** Names of fields that cannot be read. */
  wrong: ReadonlySet<string>;
  tells: Tells;
  kinds: string[];
}

interface NumberProps {
  label: string;
  hint?: string | undefined;
  name: string;
  value: string;
  bounds: readonly [number, number];
  wrong: ReadonlySet<string>;
  onChange: (value: string) => void;
}

function NumberField({ label, hint, name, value, bounds: [least, most], wrong, onChange }: NumberProps) {
  const { t, fmt } = useI18n();
  const error = wrong.has(name) ? t("sending.policy.wrong", { least: fmt.number(least), most: fmt.number(most) }) : undefined;
  return <TextField className="po-number" label={label} hint={hint} error={error} value={value} onChange={onChange} inputMode="numeric" autoComplete="off" />;
}

/** Hours, and how long that is where it is days. */
function useHint() {
  const i18n = useI18n();
  return (hours: string) => (/^\d+$/.test(hours) && Number(hours) >= 48 && Number(hours) % 24 === 0 ? `= ${span(Number(hours), i18n)}` : undefined);
}

export function Hours({ draft, set, wrong }: Props) {
  const { t } = useI18n();
  const error = (name: string) => (wrong.has(name) ? t("sending.policy.wrongTime") : undefined);
  return (
    <>
      <div className="po-line">
        <TextField className="po-number" inputMode="numeric" placeholder="09:00" maxLength={5} label={t("sending.form.from")} error={error("from")} value={draft.from} onChange={(from) => set({ from })} />
        <TextField className="po-number" inputMode="numeric" placeholder="21:00" maxLength={5} label={t("sending.form.to")} error={error("to")} value={draft.to} onChange={(to) => set({ to })} />
      </div>
      <p className="field-hint">{t("sending.form.hoursHint")}</p>
    </>
  );
}

export function Caps({ draft, set, wrong, tells, kinds }: Props) {
  const { t } = useI18n();
  const hint = useHint();
  const change = (id: number, by: Partial<CapDraft>) => set({ caps: draft.caps.map((each) => (each.id === id ? { ...each, ...by } : each)) });
  return (
    <>
      {draft.caps.map((cap, index) => (
        <div key={cap.id} className="po-line" role="group" aria-label={t("sending.form.capOf", { n: index + 1 })}>
          <NumberField label={t("sending.form.count")} name={`caps.${cap.id}.count`} value={cap.count} bounds={BOUNDS.count} wrong={wrong} onChange={(count) => change(cap.id, { count })} />
          <NumberField label={t("sending.form.over")} hint={hint(cap.hours)} name={`caps.${cap.id}.hours`} value={cap.hours} bounds={BOUNDS.over} wrong={wrong} onChange={(hours) => change(cap.id, { hours })} />
          <SelectField
            label={t("sending.form.by")}
            value={cap.channel}
            choices={[{ value: "", label: t("sending.form.all") }, ...union(kinds, [cap.channel]).map((value) => ({ value, label: tells.channel(value) }))]}
            onChange={(channel) => change(cap.id, { channel })}
          />
          <IconButton className="po-drop" label={t("sending.form.dropCap")} onClick={() => set({ caps: draft.caps.filter((each) => each !== cap) })}>
            <Icon name="close" size={14} />
          </IconButton>
        </div>
      ))}
      {draft.caps.length < 20 && (
        <Button dense onClick={() => set({ caps: [...draft.caps, newCap()] })}>
          {t("sending.form.addCap")}
        </Button>
      )}
    </>
  );
}

/** What the program knows and what the policy names already, such as a channel whose package is gone. */
const union = (kinds: readonly string[], named: readonly string[]) => [...new Set([...kinds, ...named])].filter(Boolean);

export function Budget({ draft, set, wrong, tells, kinds }: Props) {
  const { t } = useI18n();
  const hint = useHint();
  const others = kinds.filter((kind) => draft.points[kind] === undefined);
  return (
    <>
      <CheckField label={t("sending.form.budgetOn")} checked={draft.budget} onChange={(budget) => set({ budget })} />
      {draft.budget && (
        <>
          <div className="po-line">
            <NumberField label={t("sending.form.limit")} name="limit" value={draft.limit} bounds={BOUNDS.limit} wrong={wrong} onChange={(limit) => set({ limit })} />
            <NumberField label={t("sending.form.over")} hint={hint(draft.over)} name="over" value={draft.over} bounds={BOUNDS.over} wrong={wrong} onChange={(over) => set({ over })} />
          </div>
          <p className="po-sub">{t("sending.form.points")}</p>
          <div className="po-line">
            {Object.entries(draft.points).map(([kind, value]) => (
              <span key={kind} className="po-pair">
                <NumberField label={tells.channel(kind)} name={`points.${kind}`} value={value} bounds={BOUNDS.points} wrong={wrong} onChange={(text) => set({ points: { ...draft.points, [kind]: text } })} />
                <IconButton className="po-drop" label={t("sending.form.drop", { channel: tells.channel(kind) })} onClick={() => set({ points: Object.fromEntries(Object.entries(draft.points).filter(([each]) => each !== kind)) })}>
                  <Icon name="close" size={14} />
                </IconButton>
              </span>
            ))}
          </div>
          <Add kinds={others} tells={tells} hint={t("sending.form.pointsHint")} onAdd={(kind) => set({ points: { ...draft.points, [kind]: "1" } })} />
          <p className="po-sub">{t("sending.form.reserve")}</p>
          <div className="po-line">
            {priorities.map((each) => (
              <NumberField key={each} label={t(`sending.priorities.${each}`)} name={`reserve.${each}`} value={draft.reserve[each]} bounds={BOUNDS.reserve} wrong={wrong} onChange={(text) => set({ reserve: { ...draft.reserve, [each]: text } })} />
            ))}
          </div>
        </>
      )}
    </>
  );
}

export function Span({ draft, set, wrong, name }: Props & { name: "duplicate_hours" | "answer_hours" }) {
  const { t } = useI18n();
  const hint = useHint();
  return <NumberField label={t("sending.form.hours")} hint={hint(draft[name]) ?? t("sending.form.hoursOff")} name={name} value={draft[name]} bounds={BOUNDS.hours} wrong={wrong} onChange={(value) => set({ [name]: value })} />;
}

export function Amounts({ draft, set, wrong, tells, which }: Props & { which: "most_minor" | "month_minor" }) {
  const { t } = useI18n();
  const error = (name: string) => (wrong.has(name) ? t("sending.policy.wrongMoney") : undefined);
  const input = { inputMode: "decimal", autoComplete: "off", className: "po-number" } as const;
  return (
    <>
      <div className="po-line">
        {which === "month_minor" ? (
          <TextField {...input} label={t("sending.form.amount")} error={error("month_minor")} value={draft.month_minor} onChange={(value) => set({ month_minor: value })} />
        ) : (
          classes.map((each) => <TextField key={each} {...input} label={t(`sending.classes.${each}`)} error={error(`most_minor.${each}`)} value={draft.most_minor[each]} onChange={(value) => set({ most_minor: { ...draft.most_minor, [each]: value } })} />)
        )}
      </div>
      <p className="field-hint">{tells.currency ? t("sending.form.money", { currency: tells.currency }) : t("sending.form.moneyMixed")}</p>
    </>
  );
}

export function Order({ draft, set, tells, kinds }: Props) {
  const { t } = useI18n();
  const move = (from: number, to: number) => {
    const order = [...draft.order];
    order.splice(to, 0, ...order.splice(from, 1));
    set({ order });
  };
  return (
    <>
      <ol className="po-order">
        {draft.order.map((kind, index) => {
          const channel = tells.channel(kind);
          return (
            <li key={kind}>
              <span>{channel}</span>
              <IconButton label={t("sending.form.up", { channel })} disabled={index === 0} onClick={() => move(index, index - 1)}>
                <Icon name="up" size={14} />
              </IconButton>
              <IconButton label={t("sending.form.down", { channel })} disabled={index === draft.order.length - 1} onClick={() => move(index, index + 1)}>
                <Icon name="down" size={14} />
              </IconButton>
              <IconButton label={t("sending.form.drop", { channel })} onClick={() => set({ order: draft.order.filter((each) => each !== kind) })}>
                <Icon name="close" size={14} />
              </IconButton>
            </li>
          );
        })}
      </ol>
      <Add kinds={kinds.filter((kind) => !draft.order.includes(kind))} tells={tells} onAdd={(kind) => set({ order: [...draft.order, kind] })} />
    </>
  );
}

function Add({ kinds, tells, hint, onAdd }: { kinds: string[]; tells: Tells; hint?: string; onAdd: (kind: string) => void }) {
  const { t } = useI18n();
  const [chosen, setChosen] = useState("");
  if (kinds.length === 0) return null;
  const kind = kinds.includes(chosen) ? chosen : (kinds[0] ?? "");
  return (
    <div className="po-line po-add">
      <SelectField label={t("sending.form.add")} hint={hint} value={kind} choices={kinds.map((value) => ({ value, label: tells.channel(value) }))} onChange={setChosen} />
      <Button dense onClick={() => onAdd(kind)} aria-label={`${t("sending.form.addIt")}: ${tells.channel(kind)}`}>
        {t("sending.form.addIt")}
      </Button>
    </div>
  );
}
