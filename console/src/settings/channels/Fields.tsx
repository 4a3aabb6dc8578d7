/** Fields of an account as its channel's manifest gives them. What was kept of a secret is never here: it is replaced, or stays. */
import { Fragment, useState } from "react";

import type { Account, ChannelKind, Setting, Value } from "~/api";
import { useI18n, type I18n } from "~/i18n";
import { Button, CheckField, SelectField, TextArea, TextField } from "~/ui";

import { worded } from "./model";

/** By a setting's name what stands in its field. Of a secret, null: it stays as it is kept; false: it is taken away. */
export type Drafts = Readonly<Record<string, string | boolean | null>>;

export function blank(manifest: ChannelKind, account: Account | null): Drafts {
  return Object.fromEntries(manifest.settings.map((each) => [each.name, blankOf(each, account)]));
}

function blankOf(setting: Setting, account: Account | null): string | boolean | null {
  if (setting.secret) return account?.secrets.includes(setting.name) ? null : "";
  const value = account?.settings[setting.name] ?? setting.default;
  if (setting.type === "boolean") return value === true;
  return value === null || value === undefined ? (setting.type === "choice" ? (setting.choices[0] ?? "") : "") : String(value);
}

const numberOf = (text: string) => (text.trim() === "" ? Number.NaN : Number(text.trim().replace(",", ".")));

/** What the API takes. An empty one takes away what was there. */
export function sentOf(manifest: ChannelKind, drafts: Drafts): Record<string, Value> {
  const found: Record<string, Value> = {};
  for (const setting of manifest.settings) {
    const draft = drafts[setting.name];
    if (draft === null || draft === undefined) continue;
    if (setting.secret) {
      if (draft !== "") found[setting.name] = draft === false ? "" : draft;
    } else if (typeof draft === "boolean") found[setting.name] = draft;
    else found[setting.name] = setting.type === "number" && draft.trim() !== "" ? numberOf(draft) : draft.trim();
  }
  return found;
}

/** Whether a setting is another that says where secrets are shown: then they have to be typed again. */
export function placeMoved(manifest: ChannelKind, drafts: Drafts, account: Account | null): boolean {
  return account !== null && manifest.settings.some((each) => each.place && String(drafts[each.name] ?? "").trim() !== String(account.settings[each.name] ?? ""));
}

export function changed(manifest: ChannelKind, drafts: Drafts, account: Account): boolean {
  const before = blank(manifest, account);
  return manifest.settings.some(({ name, secret }) => (secret ? (drafts[name] ?? "") !== "" : before[name] !== drafts[name]));
}

/** What is wrong before anybody is asked, by the setting's name. */
export function wrongOf(manifest: ChannelKind, drafts: Drafts, account: Account | null, t: I18n["t"]): Map<string, string> {
  const moved = placeMoved(manifest, drafts, account);
  const found = new Map<string, string>();
  for (const setting of manifest.settings) {
    const draft = drafts[setting.name];
    if (setting.secret && account?.secrets.includes(setting.name)) {
      if (moved && (draft ?? "") === "") found.set(setting.name, t("accounts.form.retype"));
      continue;
    }
    if (typeof draft !== "string") continue;
    if (setting.required && draft.trim() === "") found.set(setting.name, t("accounts.form.required"));
    if (setting.type === "number" && draft.trim() !== "" && !Number.isFinite(numberOf(draft))) found.set(setting.name, t("accounts.form.number"));
  }
  return found;
}

interface Props {
  manifest: ChannelKind;
  drafts: Drafts;
  account: Account | null;
  moved: boolean;
  errors: ReadonlyMap<string, string>;
  onChange: (drafts: Drafts) => void;
}

export function Fields({ manifest, drafts, account, moved, errors, onChange }: Props) {
  return manifest.settings.map((setting, index) => (
    <Fragment key={setting.name}>
      {startsGroup(manifest.settings, index) && <hr />}
      <Field setting={setting} draft={drafts[setting.name] ?? null} kept={account?.secrets.includes(setting.name) ?? false} moved={moved} error={errors.get(setting.name)} onChange={(value) => onChange({ ...drafts, [setting.name]: value })} />
    </Fragment>
  ));
}

const head = (setting: Setting | undefined) => setting?.name.split("_")[0];

/** A line where settings of one beginning follow upon each other: smtp_host, smtp_port. */
function startsGroup(settings: Setting[], index: number): boolean {
  return index > 0 && head(settings[index]) !== head(settings[index - 1]) && (head(settings[index]) === head(settings[index + 1]) || head(settings[index - 1]) === head(settings[index - 2]));
}

interface FieldProps {
  setting: Setting;
  draft: string | boolean | null;
  kept: boolean;
  moved: boolean;
  error: string | undefined;
  onChange: (value: string | boolean | null) => void;
}

function Field({ setting, draft, kept, moved, error, onChange }: FieldProps) {
  const { t, language } = useI18n();
  const title = worded(setting.title, language) || setting.name;
  const hint = worded(setting.help, language) || undefined;
  const label = (
    <>
      {title}
      {!setting.required && setting.type === "text" && !setting.default && <span className="acc-optional"> {t("accounts.form.optional")}</span>}
    </>
  );
  const told = { label, hint, error };
  if (setting.secret) return <Secret {...{ setting, title, told, draft: draft as string | false | null, kept, moved, onChange }} />;
  if (setting.type === "boolean") return <CheckField label={title} hint={hint} checked={draft === true} onChange={onChange} />;
  const text = String(draft ?? "");
  if (setting.type === "choice") return <SelectField {...told} value={text} choices={setting.choices.map((value) => ({ value, label: worded(setting.choice_titles[value], language) || value }))} onChange={onChange} />;
  if (setting.lines) return <TextArea {...told} value={text} onChange={onChange} rows={4} spellCheck={false} />;
  return <TextField {...told} value={text} onChange={onChange} required={setting.required} inputMode={setting.type === "number" ? "decimal" : undefined} className={setting.type === "number" ? "acc-short" : ""} autoComplete="off" autoCapitalize="none" spellCheck={false} />;
}

interface SecretProps {
  setting: Setting;
  title: string;
  told: { label: React.ReactNode; hint: string | undefined; error: string | undefined };
  draft: string | false | null;
  kept: boolean;
  moved: boolean;
  onChange: (value: string | false | null) => void;
}

function Secret({ setting, title, told, draft, kept, moved, onChange }: SecretProps) {
  const { t } = useI18n();
  const [shown, setShown] = useState(false);
  const removed = draft === false;
  if (draft === null || removed) {
    return (
      <div className="field acc-kept" role="group" aria-label={title}>
        <span className="acc-kept-label">{title}</span>
        <span className="acc-kept-line">
          <span className={removed ? undefined : "quiet"}>{t(removed ? "accounts.form.cleared" : "accounts.form.kept")}</span>
          <Button
            dense
            aria-label={`${t(removed ? "accounts.form.keep" : "accounts.form.replace")}: ${title}`}
            aria-invalid={told.error ? true : undefined}
            onClick={() => onChange(removed ? null : "")}
          >
            {t(removed ? "accounts.form.keep" : "accounts.form.replace")}
          </Button>
          {!removed && !setting.required && (
            <Button
              dense
              aria-label={`${t("accounts.form.clear")}: ${title}`}
              onClick={() => onChange(false)}
            >
              {t("accounts.form.clear")}
            </Button>
          )}
        </span>
        {told.error ? <p className="field-error">{told.error}</p> : told.hint && <p className="field-hint">{told.hint}</p>}
      </div>
    );
  }
  const input = { ...told, value: draft, onChange, autoComplete: "off", spellCheck: false, autoFocus: kept && !moved };
  return (
    <div className="acc-secret">
      {setting.lines ? (
        <TextArea {...input} rows={4} className={shown ? "" : "acc-masked"} />
      ) : (
        <TextField {...input} type={shown ? "text" : "password"} autoComplete="new-password" autoCapitalize="none" required={setting.required} />
      )}
      <span className="acc-secret-actions">
        {draft !== "" && (
          <button type="button" className="button-text" aria-pressed={shown} aria-label={`${t("accounts.form.show")}: ${title}`} onClick={() => setShown(!shown)}>
            {t("accounts.form.show")}
          </button>
        )}
        {kept && (
          <button type="button" className="button-text" aria-label={`${t("accounts.form.keep")}: ${title}`} onClick={() => onChange(null)}>
            {t("accounts.form.keep")}
          </button>
        )}
      </span>
    </div>
  );
}
