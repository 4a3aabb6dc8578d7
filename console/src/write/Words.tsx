/** What is said: words of one's own, with variables, or a template with what it asks for. */
import { useEffect, useRef, type RefObject } from "react";

import type { ChannelKind } from "~/api";
import type { Says } from "~/messages/words";
import { Button, ProblemBox, SelectField, Skeleton, TextArea, TextField, usePhone } from "~/ui";

import type { Draft, MessagePreview, Template } from "./model";
import type { Choices } from "./useWriting";

const VARIABLES = { first_name: "{{ customer.first_name }}", name: "{{ customer.name }}", site: "{{ site.title }}" } as const;
const KNOWN = new Set(["customer", "site", "unsubscribe_url", "preferences_url"]);
const NAME = /^[a-z][a-z0-9_]*$/;

interface WordsProps {
  names: readonly ("first_name" | "name")[];
  draft: Draft;
  change: (by: Partial<Draft>) => void;
  preview: MessagePreview | undefined;
  choices: Choices;
  /** The channel it would go by, if that is known. */
  kind: ChannelKind | undefined;
  subject: boolean;
  says: Says;
}

export function Words(props: WordsProps) {
  const { draft, change, choices, says } = props;
  const { t } = says.i18n;
  return (
    <fieldset className="wr-row">
      <legend>{t("write.how")}</legend>
      {choices.mayTemplates && (
        <div className="wr-choices">
          <label className="wr-choice">
            <input type="radio" name="how" checked={draft.how === "words"} onChange={() => change({ how: "words" })} /> {t("write.free")}
          </label>
          <label className="wr-choice">
            <input type="radio" name="how" checked={draft.how === "template"} onChange={() => change({ how: "template" })} /> {t("write.template")}
          </label>
        </div>
      )}
      {draft.how === "template" && choices.mayTemplates ? <OfTemplate {...props} /> : <Own {...props} />}
    </fieldset>
  );
}

function Own({ names, draft, change, preview, kind, subject, says }: WordsProps) {
  const { t } = says.i18n;
  const field = useRef<HTMLTextAreaElement>(null);
  const phone = usePhone();
  useEffect(() => {
    // On a phone the keyboard would cover the questions above.
    if (!phone) field.current?.focus();
  }, [phone]);
  const insert = (what: string) => {
    const [from, to] = [field.current?.selectionStart ?? draft.text.length, field.current?.selectionEnd ?? draft.text.length];
    change({ text: draft.text.slice(0, from) + what + draft.text.slice(to) });
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(from + what.length, from + what.length);
    });
  };
  const left = kind ? kind.text_max - (draft.text.trim() ? (preview?.characters ?? draft.text.length) : 0) : null;
  const counted = left === null || !kind ? undefined : left < 0 ? t("write.over", { n: -left, channel: says.channel(kind.kind) }) : t("write.left", { n: left });
  return (
    <>
      {subject && <TextField label={t("write.subject")} hint={t("write.subjectHint")} value={draft.subject} maxLength={500} onChange={(value) => change({ subject: value })} />}
      <div className="wr-insert" role="group" aria-label={t("write.insert")}>
        <span className="quiet">{t("write.insert")}</span>
        {[...names, "site" as const].map((name) => (
          <Button key={name} kind="text" onClick={() => insert(VARIABLES[name])}>
            {t(`write.variables.${name}`)}
          </Button>
        ))}
      </div>
      <TextArea ref={field as RefObject<HTMLTextAreaElement>} data-autofocus={phone ? undefined : true} label={t("write.text")} rows={6} value={draft.text} onChange={(value) => change({ text: value })} {...(left !== null && left < 0 ? { error: counted } : { hint: counted })} />
    </>
  );
}

function OfTemplate(props: WordsProps) {
  const { templates, templatesFault, retryTemplates } = props.choices;
  if (templates) return <Chosen {...props} templates={templates} />;
  return templatesFault ? <ProblemBox error={templatesFault} onRetry={retryTemplates} /> : <Skeleton rows={1} height={36} />;
}

function Chosen({ draft, change, preview, templates, says }: WordsProps & { templates: Template[] }) {
  const { t } = says.i18n;
  const chosen = templates.find((each) => each.id === draft.template);
  const asked = new Set([...Object.keys(draft.variables), ...(preview?.missing.map(({ path }) => path.split(".")[0] ?? "") ?? [])].filter((name) => NAME.test(name) && !KNOWN.has(name)));
  const choose = (id: string) => {
    const next = templates.find((each) => each.id === id);
    change({ template: id, variables: {}, ...(next ? { class: next.message_class, purpose: next.purpose } : {}) });
  };
  if (templates.length === 0) return <p className="quiet">{t("write.noTemplates")}</p>;
  return (
    <>
      <SelectField label={t("write.choose")} value={draft.template} choices={[{ value: "", label: "—" }, ...templates.map(({ id, name }) => ({ value: id, label: name }))]} onChange={choose}
        hint={chosen && t("write.fixed", { class: t(`messages.classes.${chosen.message_class}`), purpose: says.purpose(chosen.purpose) })}
      />
      {asked.size > 0 && (
        <div className="wr-values" role="group" aria-label={t("write.values")}>
          <p className="quiet">{t("write.values")}</p>
          {[...asked].map((name) => (
            <TextField key={name} label={name} value={draft.variables[name] ?? ""} maxLength={500} onChange={(value) => change({ variables: { ...draft.variables, [name]: value } })} />
          ))}
        </div>
      )}
    </>
  );
}
