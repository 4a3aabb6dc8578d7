/** The snippet: two lines for a site's pages, made for one's own key, and proof that they work. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMay, useMe, useSources, type ApiKey } from "~/api";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Button, CheckField, CodeBlock, ProblemBox, Section, SelectField, TextField } from "~/ui";

import { Verifier } from "./Verifier";
import "./snippet.css";

const NEW = "";
const PLACEHOLDER = "ov_write_...";

function tagOf(key: string, { wait, silent }: { wait: boolean; silent: boolean }): string {
  const more = `${wait ? ' data-consent="wait"' : ""}${silent ? ' data-page="off"' : ""}`;
  return `<script>window.onevoice = window.onevoice || []</script>\n<script async src="${location.origin}/onevoice.js" data-key="${key || PLACEHOLDER}"${more}></script>`;
}

export function SnippetPart() {
  const { t } = useI18n();
  const [key, setKey] = useState("");
  const [wait, setWait] = useState(true);
  const [silent, setSilent] = useState(false);
  const policy = `script-src 'nonce-...' ${location.origin}; connect-src ${location.origin}`;
  return (
    <div className="part">
      <PartHead title={t("data.snippet.title")} lead={t("data.snippet.lead")} />
      <Section title={t("data.snippet.key")}>
        <Key value={key} onChange={setKey} />
      </Section>
      <Section title={t("data.snippet.page")}>
        <div className="form snippet-wide">
          <CheckField label={t("data.snippet.wait")} hint={t("data.snippet.waitHint")} checked={wait} onChange={setWait} />
          <CheckField label={t("data.snippet.silent")} hint={t("data.snippet.silentHint")} checked={silent} onChange={setSilent} />
          <CodeBlock text={tagOf(key, { wait, silent })} label={t("data.snippet.code")} incomplete={key === ""} />
          {wait && <CodeBlock text="onevoice.consent({ analytics: true, marketing: false })" label={t("data.snippet.consent")} />}
          <details>
            <summary>{t("data.snippet.policy")}</summary>
            <CodeBlock text={policy} label={t("data.snippet.policy")} />
          </details>
        </div>
      </Section>
      <Section title={t("data.snippet.verify")}>
        <Verifier writeKey={key} />
      </Section>
    </div>
  );
}

/** A key to paste, or a fresh one made here: kept keys cannot be shown again. */
function Key({ value, onChange }: { value: string; onChange: (key: string) => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const may = useMay("keys.manage");
  // Until it is known who this is the place is kept, or the page below would be pushed down.
  const unknown = useMe() === undefined;
  const sources = (useSources() ?? []).filter((source) => source.channel === "site");
  const [source, setSource] = useState(NEW);
  const [name, setName] = useState("");
  const old = sources.find((each) => each.name === source);
  const make = useMutation({
    mutationFn: () => api.post<ApiKey & { key: string }>("/api/keys", { scope: "write", name: old?.name ?? name, source: old?.name, channel: "site", site: old?.site ?? "main" }),
    onSuccess: (made) => {
      onChange(made.key);
      void client.invalidateQueries({ queryKey: ["keys"] });
      void client.invalidateQueries({ queryKey: ["sources"] });
    },
  });
  return (
    <div className="form snippet-wide">
      <TextField label={t("data.snippet.paste")} hint={t("data.snippet.pasteHint")} value={value} onChange={(text) => onChange(text.trim())} placeholder={PLACEHOLDER} spellCheck={false} autoComplete="off" maxLength={100} />
      {(may || unknown) && (
        <form
          className="snippet-make"
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <SelectField label={t("data.snippet.orMake")} value={source} choices={[{ value: NEW, label: t("data.snippet.newSource") }, ...sources.map((each) => ({ value: each.name, label: each.name }))]} onChange={setSource} />
          {!old && <TextField label={t("data.snippet.name")} value={name} onChange={setName} placeholder={t("data.snippet.nameExample")} maxLength={120} />}
          <Button type="submit" disabled={!may || make.isPending || (!old && !name.trim())}>
            {t("data.snippet.make")}
          </Button>
        </form>
      )}
      {make.error && <ProblemBox error={make.error} />}
      {make.data && value === make.data.key && <p role="status">{t("data.snippet.made")}</p>}
    </div>
  );
}
