/** A new template: what it is called, what it is about, and the first channel and language it speaks. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, Problem, useAllSites } from "~/api";
import { useI18n } from "~/i18n";
import { useKinds, usePurposes } from "~/messages/words";
import { Button, Dialog, ProblemBox, SelectField, TextField } from "~/ui";

import { LANGUAGES } from "./languages";
import { emptyParts, type MessageClass, type Template } from "./model";
import { languageName, useNames } from "./words";

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

export default function NewTemplate({ onClose }: { onClose: () => void }) {
  const { t, language: own } = useI18n();
  const names = useNames();
  const navigate = useNavigate();
  const client = useQueryClient();
  const kinds = useKinds();
  const purposes = usePurposes()?.filter((each) => each.retired_at === null) ?? [];
  const sites = useAllSites().data?.data ?? [];
  const [name, setName] = useState("");
  const [site, setSite] = useState("");
  const [purpose, setPurpose] = useState("");
  const [kind, setKind] = useState<MessageClass | "">("");
  const [channel, setChannel] = useState("email");
  const [language, setLanguage] = useState<string>("");
  const chosenSite = sites.find((each) => each.name === site) ?? sites[0];
  const chosenPurpose = purposes.find((each) => each.name === purpose) ?? purposes[0];
  const chosenClass: MessageClass = kind || chosenPurpose?.message_class || "marketing";
  const speaks = language || chosenSite?.language?.slice(0, 2) || own;
  const wrong = name !== "" && !NAME.test(name);
  const make = useMutation({
    mutationFn: () =>
      api.post<Template>("/api/templates", {
        site: chosenSite?.name,
        name,
        message_class: chosenClass,
        purpose: chosenPurpose?.name,
        draft: { default_language: speaks, variants: [{ channel, language: speaks, parts: emptyParts(kinds?.find((each) => each.kind === channel), channel) }] },
      }),
    onSuccess: (made) => {
      void client.invalidateQueries({ queryKey: ["templates"] });
      onClose();
      void navigate({ to: "/content/templates/$template", params: { template: made.id } });
    },
  });
  const taken = make.error instanceof Problem && make.error.code === "template_taken";
  return (
    <Dialog
      title={t("content.new.title")}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="new-template" disabled={make.isPending || !name || wrong || !chosenSite || !chosenPurpose}>
            {t("content.new.make")}
          </Button>
        </>
      }
    >
      <form
        id="new-template"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        {make.error && !taken && <ProblemBox error={make.error} />}
        <TextField
          label={t("content.new.name")}
          hint={t("content.new.nameHint")}
          error={wrong ? t("content.new.nameWrong") : taken ? t("content.new.nameTaken") : undefined}
          value={name}
          onChange={(next) => {
            setName(next);
            make.reset();
          }}
          maxLength={64}
          autoCapitalize="none"
          spellCheck={false}
          required
          data-autofocus
        />
        <div className="form-row">
          <SelectField label={t("content.new.site")} value={chosenSite?.name ?? ""} choices={sites.map((each) => ({ value: each.name, label: each.title }))} onChange={setSite} />
          <SelectField label={t("content.new.purpose")} value={chosenPurpose?.name ?? ""} choices={purposes.map((each) => ({ value: each.name, label: names.purpose(each.name) }))} onChange={(next) => {
            setPurpose(next);
            setKind("");
          }} />
        </div>
        <SelectField
          label={t("content.new.class")}
          hint={t(`content.new.classHints.${chosenClass}`)}
          value={chosenClass}
          choices={(["transactional", "conversational", "marketing"] as const).map((value) => ({ value, label: t(`messages.classes.${value}`) }))}
          onChange={setKind}
        />
        <div className="form-row">
          <SelectField label={t("content.new.channel")} value={channel} choices={(kinds ?? []).map((each) => ({ value: each.kind, label: names.channel(each.kind) }))} onChange={setChannel} />
          <SelectField label={t("content.new.language")} value={speaks} choices={[...new Set([...LANGUAGES, speaks])].map((value) => ({ value, label: languageName(value, own) }))} onChange={setLanguage} />
        </div>
      </form>
    </Dialog>
  );
}
