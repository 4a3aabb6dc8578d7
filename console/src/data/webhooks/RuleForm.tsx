/** One rule: when it applies, and what becomes of the record then. */
import type { ReactNode } from "react";

import { useI18n } from "~/i18n";
import { Button, CheckField, Icon, IconButton } from "~/ui";

import { kinds, makes, ops, types, units, type Condition, type Field, type Identifier, type Part, type Rule, type Step } from "./model";

/** What the form is given: change a place in the mapping, know which path field was last in use, tell what is wrong. */
export interface Desk {
  set: (where: Step[], value: unknown) => void;
  aim: (where: Step[] | null) => void;
  aimed: Step[] | null;
  trouble: (where: Step[], exact?: boolean) => string | undefined;
}

export function PathInput({ desk, where, value, label, placeholder }: { desk: Desk; where: Step[]; value: string; label: string; placeholder?: string }) {
  const aimed = desk.aimed?.join(".") === where.join(".");
  return (
    <input
      className={`field-input ${aimed ? "hook-aimed" : ""}`}
      aria-label={label}
      placeholder={placeholder}
      value={value}
      spellCheck={false}
      autoComplete="off"
      onFocus={() => desk.aim(where)}
      onChange={(event) => desk.set(where, event.currentTarget.value)}
    />
  );
}

function Select<V extends string>({ label, value, choices, name, onChange }: { label: string; value: V; choices: readonly V[]; name: (value: V) => string; onChange: (value: V) => void }) {
  return (
    <select className="field-input" aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value as V)}>
      {choices.map((each) => (
        <option key={each} value={each}>
          {name(each)}
        </option>
      ))}
    </select>
  );
}

function Group({ title, trouble, children }: { title: string; trouble?: string | undefined; children: ReactNode }) {
  return (
    <fieldset className="hook-group">
      <legend>{title}</legend>
      {children}
      {trouble && <p className="field-error">{trouble}</p>}
    </fieldset>
  );
}

function Row({ trouble, className, children }: { trouble?: string | undefined; className: string; children: ReactNode }) {
  return (
    <div className="hook-row">
      <div className={className}>{children}</div>
      {trouble && <p className="field-error">{trouble}</p>}
    </div>
  );
}

export function RuleForm({ desk, rule, at }: { desk: Desk; rule: Rule; at: Step[] }) {
  const { t } = useI18n();
  const list = <T,>(name: string, given: T[] | undefined, fresh: T) => ({
    rows: given ?? [],
    add: () => desk.set([...at, name], [...(given ?? []), fresh]),
    drop: (index: number) => desk.set([...at, name], (given ?? []).filter((_, n) => n !== index)),
  });
  const when = list<Condition>("when", rule.when, { path: "", op: "is", values: [] });
  const who = list<Identifier>("identifiers", rule.identifiers, { kind: "email", path: "" });
  const made = rule.make !== "ignore";
  const inText = rule.event?.path === undefined || rule.event.path === null;
  return (
    <div className="hook-rule">
      <Group title={t("webhooks.rule.when")}>
        {when.rows.length === 0 && <p className="quiet">{t("webhooks.rule.always")}</p>}
        {when.rows.map((each, n) => {
          const here = [...at, "when", n];
          return (
            <Row key={n} className="hook-cells hook-when" trouble={desk.trouble(here)}>
              <PathInput desk={desk} where={[...here, "path"]} value={each.path} label={t("webhooks.rule.place")} placeholder={t("webhooks.rule.place")} />
              <Select label={t("webhooks.rule.op")} value={each.op} choices={ops} name={(op) => t(`webhooks.ops.${op}`)} onChange={(op) => desk.set([...here, "op"], op)} />
              {each.op === "is" || each.op === "is_not" ? (
                <input
                  className="field-input"
                  aria-label={t("webhooks.rule.values")}
                  placeholder={t("webhooks.rule.values")}
                  value={each.values.join(", ")}
                  onFocus={() => desk.aim(null)}
                  onChange={(event) => desk.set([...here, "values"], split(event.currentTarget.value))}
                />
              ) : (
                <span />
              )}
              <Drop onClick={() => when.drop(n)} />
            </Row>
          );
        })}
        <Button kind="text" onClick={when.add}>
          {t("webhooks.rule.addWhen")}
        </Button>
      </Group>
      <Group title={t("webhooks.rule.make")} trouble={desk.trouble([...at, "event"]) ?? desk.trouble(at, true)}>
        <div className={`hook-cells ${rule.make === "ignore" || rule.make === "identify" ? "hook-one" : "hook-make"}`}>
          <Select label={t("webhooks.rule.make")} value={rule.make} choices={makes} name={(make) => t(`webhooks.makes.${make}`)} onChange={(make) => desk.set([...at, "make"], make)} />
          {made && rule.make !== "identify" && (
            <>
              <Select
                label={t("webhooks.rule.named")}
                value={inText ? "text" : "path"}
                choices={["text", "path"] as const}
                name={(how) => t(`webhooks.rule.named_${how}`)}
                onChange={(how) => desk.set([...at, "event"], { [how]: "" })}
              />
              {inText ? (
                <input
                  className="field-input"
                  aria-label={t("webhooks.rule.event")}
                  placeholder="Order Completed"
                  value={rule.event?.text ?? ""}
                  onFocus={() => desk.aim(null)}
                  onChange={(event) => desk.set([...at, "event"], { text: event.currentTarget.value })}
                />
              ) : (
                <PathInput desk={desk} where={[...at, "event", "path"]} value={rule.event?.path ?? ""} label={t("webhooks.rule.event")} placeholder={t("webhooks.rule.place")} />
              )}
            </>
          )}
        </div>
      </Group>
      {made && (
        <>
          <Group title={t("webhooks.rule.who")}>
            {(["user_id", "anonymous_id"] as const).map((name) => (
              <Row key={name} className="hook-cells hook-pair" trouble={desk.trouble([...at, name])}>
                <span>{t(`webhooks.rule.${name}`)}</span>
                <PathInput desk={desk} where={[...at, name]} value={rule[name] ?? ""} label={t(`webhooks.rule.${name}`)} placeholder={t("webhooks.rule.place")} />
              </Row>
            ))}
            {who.rows.map((each, n) => {
              const here = [...at, "identifiers", n];
              return (
                <Row key={n} className={`hook-cells ${each.kind === "external" ? "hook-when" : "hook-id"}`} trouble={desk.trouble(here)}>
                  <Select label={t("webhooks.rule.kind")} value={each.kind} choices={kinds} name={(kind) => t(`webhooks.kinds.${kind}`)} onChange={(kind) => desk.set([...here, "kind"], kind)} />
                  {each.kind === "external" && (
                    <input
                      className="field-input"
                      aria-label={t("webhooks.rule.whose")}
                      placeholder="crm"
                      value={each.source ?? ""}
                      onFocus={() => desk.aim(null)}
                      onChange={(event) => desk.set([...here, "source"], event.currentTarget.value)}
                    />
                  )}
                  <PathInput desk={desk} where={[...here, "path"]} value={each.path} label={t("webhooks.rule.place")} placeholder={t("webhooks.rule.place")} />
                  <Drop onClick={() => who.drop(n)} />
                </Row>
              );
            })}
            <Button kind="text" onClick={who.add}>
              {t("webhooks.rule.addWho")}
            </Button>
          </Group>
          <Group title={t("webhooks.rule.time")} trouble={desk.trouble([...at, "time"])}>
            <div className={`hook-cells ${rule.time?.path ? "hook-time" : "hook-one"}`}>
              <PathInput
                desk={desk}
                where={[...at, "time", "path"]}
                value={rule.time?.path ?? ""}
                label={t("webhooks.rule.time")}
                placeholder={t("webhooks.rule.arrival")}
              />
              {rule.time?.path && (
                <>
                  <Select
                    label={t("webhooks.rule.unit")}
                    value={rule.time.unit ?? "auto"}
                    choices={units}
                    name={(unit) => t(`webhooks.units.${unit}`)}
                    onChange={(unit) => desk.set([...at, "time", "unit"], unit)}
                  />
                  <input
                    className="field-input"
                    aria-label={t("webhooks.rule.zone")}
                    title={t("webhooks.rule.zone")}
                    placeholder="UTC"
                    value={rule.time.zone ?? "UTC"}
                    onFocus={() => desk.aim(null)}
                    onChange={(event) => desk.set([...at, "time", "zone"], event.currentTarget.value)}
                  />
                </>
              )}
            </div>
          </Group>
          {rule.make !== "identify" && <PartForm desk={desk} part={rule.properties} at={[...at, "properties"]} title={t("webhooks.rule.properties")} />}
          <PartForm desk={desk} part={rule.traits} at={[...at, "traits"]} title={t("webhooks.rule.traits")} />
        </>
      )}
    </div>
  );
}

function PartForm({ desk, part, at, title }: { desk: Desk; part: Part | null | undefined; at: Step[]; title: string }) {
  const { t } = useI18n();
  const fields = part?.fields ?? [];
  const change = (next: Field[]) => desk.set([...at, "fields"], next);
  return (
    <Group title={title}>
      <Row className="hook-cells hook-pair" trouble={desk.trouble([...at, "copy_from"])}>
        <span>{t("webhooks.rule.copy")}</span>
        <PathInput desk={desk} where={[...at, "copy_from"]} value={part?.copy_from ?? ""} label={`${title}: ${t("webhooks.rule.copy")}`} placeholder={t("webhooks.rule.nothingCopied")} />
      </Row>
      {fields.map((each, n) => (
        <FieldRow key={n} desk={desk} field={each} at={[...at, "fields", n]} onDrop={() => change(fields.filter((_, m) => m !== n))} />
      ))}
      <Button kind="text" onClick={() => change([...fields, { name: "", path: "" }])}>
        {t("webhooks.rule.addField")}
      </Button>
    </Group>
  );
}

function FieldRow({ desk, field, at, onDrop }: { desk: Desk; field: Field; at: Step[]; onDrop: () => void }) {
  const { t } = useI18n();
  const fixed = field.constant !== undefined && field.constant !== null;
  const how = fixed ? "constant" : (field.type ?? "as_is");
  const choose = (next: (typeof types)[number] | "constant") =>
    desk.set(at, next === "constant" ? { name: field.name, constant: "" } : { ...field, constant: null, path: field.path ?? "", type: next });
  return (
    <Row className="hook-cells hook-field" trouble={desk.trouble(at)}>
      <input
        className="field-input"
        aria-label={t("webhooks.rule.fieldName")}
        placeholder={t("webhooks.rule.fieldName")}
        value={field.name}
        onFocus={() => desk.aim(null)}
        onChange={(event) => desk.set([...at, "name"], event.currentTarget.value)}
      />
      {fixed ? (
        <input
          className="field-input"
          aria-label={t("webhooks.types.constant")}
          value={String(field.constant)}
          onFocus={() => desk.aim(null)}
          onChange={(event) => desk.set([...at, "constant"], event.currentTarget.value)}
        />
      ) : (
        <PathInput desk={desk} where={[...at, "path"]} value={field.path ?? ""} label={t("webhooks.rule.place")} placeholder={t("webhooks.rule.place")} />
      )}
      <Select label={t("webhooks.rule.type")} value={how} choices={[...types, "constant"] as const} name={(type) => t(`webhooks.types.${type}`)} onChange={choose} />
      <Drop onClick={onDrop} />
      {!fixed && (
        <div className="hook-more">
          <CheckField label={t("webhooks.rule.required")} checked={field.required ?? false} onChange={(on) => desk.set([...at, "required"], on)} />
          {field.type === "minor" && (
            <label>
              {t("webhooks.rule.digits")}
              <Select
                label={t("webhooks.rule.digits")}
                value={String(field.digits ?? 2)}
                choices={["0", "1", "2", "3", "4"] as const}
                name={(digits) => digits}
                onChange={(digits) => desk.set([...at, "digits"], Number(digits))}
              />
            </label>
          )}
        </div>
      )}
    </Row>
  );
}

function Drop({ onClick }: { onClick: () => void }) {
  const { t } = useI18n();
  return (
    <IconButton label={t("webhooks.rule.drop")} onClick={onClick}>
      <Icon name="close" size={14} />
    </IconButton>
  );
}

/** Parted by commas. What is being typed keeps its last comma. */
function split(text: string): string[] {
  return text === "" ? [] : text.split(",").map((each, n) => (n === 0 ? each : each.replace(/^ /, "")));
}
