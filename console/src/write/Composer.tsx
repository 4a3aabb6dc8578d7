/** Writing to one person: what it is, what it says, by what and when; beside it what will happen. Loaded when it is opened. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { api, Problem, useMay, useMe } from "~/api";
import type { Purpose } from "~/messages/model";
import { useSays, type Says } from "~/messages/words";
import { Button, Dialog, Empty, ProblemBox, SelectField, Skeleton, TextLink, toast, useNow, usePhone } from "~/ui";

import { Channels } from "./Channels";
import { faultOf, faultText } from "./faults";
import { foretold } from "./foreseen";
import { Kind } from "./Kind";
import { liquid } from "./liquid";
import { askOf, blank, dueAt, isBlank, says as hasWords, type Ask, type Asked } from "./model";
import { Policy } from "./Policy";
import { Preview } from "./Preview";
import { Result } from "./Result";
import { useDraft } from "./useDraft";
import { purposeOf, useChoices, useForeseen, type Choices } from "./useWriting";
import { When } from "./When";
import { Words } from "./Words";
import "./write.css";

interface ComposerProps {
  person: string;
  name: string;
  /** Of the names that a text may hold those that this person has told us. */
  names: readonly ("first_name" | "name")[];
  onClose: () => void;
}

interface Sent {
  id: string;
  /** The first try had arrived. */
  repeated: boolean;
  /** What was asked for then is not what stands here now. */
  changed: boolean;
}

export function Composer({ person, name, names, onClose }: ComposerProps) {
  const says = useSays();
  const { t } = says.i18n;
  const me = useMe();
  const phone = usePhone();
  const mayConnect = useMay("channels.edit");
  const client = useQueryClient();
  const drafted = useDraft(me?.login ?? "", person);
  const { draft, change, forget, restart } = drafted;
  const choices = useChoices(draft.site);
  const purpose = purposeOf(draft, choices.purposes);
  const foreseen = useForeseen(draft, person, purpose);
  const [sent, setSent] = useState<Sent | null>(null);
  useSite(draft.site, choices, change);

  const send = useMutation({
    mutationFn: ({ ask, key }: { ask: Ask; key: string }) => api.post<Asked>("/api/messages", { ...ask, key }),
    onMutate: ({ ask }) => {
      if (draft.tried === null) change({ tried: JSON.stringify(ask) });
      return { before: draft.tried };
    },
    onSuccess: (asked, { ask }, { before }) => {
      const changed = asked.repeated && before !== null && before !== JSON.stringify(ask);
      setSent({ id: asked.id, repeated: asked.repeated, changed });
      if (changed) change({ key: blank().key, tried: null });
      else forget();
    },
    // The server's own word that it took nothing: of this try nothing is left, of one before it maybe.
    onError: (fault, _, context) => fault instanceof Problem && fault.status >= 400 && fault.status < 500 && context && change({ tried: context.before }),
    onSettled: () => client.invalidateQueries({ queryKey: ["messages"] }),
  });

  const decision = foreseen.decision;
  const told = decision && foretold(decision, draft.channel);
  const kind = choices.kinds?.find((each) => each.kind === (draft.channel || told?.channel || foreseen.by));
  const written = hasWords(draft);
  const preview = foreseen.preview;
  const whole = !preview || (preview.refused === null && preview.missing.length === 0 && preview.characters <= preview.characters_max);
  // What is filled in may lack something: that is known once its preview is there.
  const filled = draft.how === "template" || liquid(draft.text) || liquid(draft.subject);
  const ready = written && whole && (foreseen.settled || !filled) && purpose !== "" && draft.site !== "" && !send.isPending && !(draft.later && dueAt(draft) === null);
  const submit = () => {
    if (ready) send.mutate({ ask: askOf(draft, person, purpose), key: draft.key });
  };
  const close = () => {
    if (!sent && !isBlank(draft)) toast({ text: t("write.kept", { name }) });
    onClose();
  };
  if (sent) {
    const another = () => {
      if (sent.changed) drafted.restart({ how: draft.how, text: draft.text, subject: draft.subject, template: draft.template, variables: draft.variables });
      else restart();
      send.reset();
      setSent(null);
    };
    return <Result id={sent.id} name={name} repeated={sent.repeated} changed={sent.changed} onAnother={another} onClose={onClose} />;
  }
  const action = told?.action === "suppress" ? "write.sendSilent" : dueAt(draft) ? "write.sendAt" : told?.action === "defer" ? "write.sendWhen" : "write.send";
  const candidate = decision?.candidates.find((each) => each.channel === told?.channel);
  const account = choices.accounts?.find((each) => each.site === draft.site && each.channel === candidate?.channel && each.name === candidate.account);
  const wants = draft.how === "template" && !draft.template ? t("write.needTemplate") : purpose ? null : t("write.needPurpose");
  const agreed = draft.class === "marketing" && told?.action !== "suppress" ? candidate?.verdicts.find(({ rule, result }) => rule === "consent" && result === "pass") : undefined;
  const consent = agreed && candidate ? t(agreed.since ? "write.outcome.consent" : "write.outcome.consented", { purpose: says.purpose(purpose), channel: says.channel(candidate.channel), day: agreed.since ? says.i18n.fmt.shortDay(agreed.since) : "" }) : null;
  const policy = <Policy told={told} wants={wants} due={dueAt(draft)} zone={preview?.time_zone} cost={candidate && account ? { minor: candidate.cost_minor, account } : null} consent={consent} says={says} />;
  const lost = send.error instanceof Problem && (send.error.status === 0 || send.error.status >= 500);
  const footer = (
    <>
      {phone && policy}
      {lost && (
        <p className="wr-lost" role="alert">
          <b>{t("write.noAnswer")}.</b> {t("write.noAnswerText")}
        </p>
      )}
      <Button onClick={close}>{t("common.cancel")}</Button>
      <Button kind={told?.action === "suppress" ? "plain" : "primary"} k="mod+Enter" disabled={!ready} onClick={submit}>
        {t(send.isPending ? "write.sending" : lost ? "write.again" : action)}
      </Button>
    </>
  );
  return (
    <Dialog title={t("write.title", { name })} onClose={close} width={1040} footer={choices.accounts?.length === 0 ? undefined : footer} keys={[{ keys: "mod+Enter", label: t("write.send"), typing: true, run: submit }]}>
      <div className="wr-told">
        {send.error && !lost && <Refused error={send.error} says={says} />}
        {drafted.found && <Found found={drafted.found} onDiscard={() => { restart(); toast({ text: t("write.discarded") }); }} when={says.i18n.fmt.ago(drafted.found.at)} />}
      </div>
      {choices.error ? (
        <ProblemBox error={choices.error} onRetry={choices.retry} />
      ) : !choices.accounts || !choices.purposes || !choices.sites || !me ? (
        <Skeleton rows={10} height={36} />
      ) : choices.accounts.length === 0 ? (
        <Empty title={t("write.noAccounts")} actions={mayConnect && <TextLink to="/settings/channels">{t("write.connect")}</TextLink>}>{t("write.noAccountsText")}</Empty>
      ) : (
        <Form drafted={drafted} choices={choices} purposes={choices.purposes} purpose={purpose} foreseen={foreseen} policy={policy} phone={phone} kind={kind} name={name} names={names} says={says} />
      )}
    </Dialog>
  );
}

/** The site of the last message, else the first that can send. */
function useSite(site: string, { sites, accounts }: Choices, change: (by: { site: string }) => void): void {
  const last = localStorage.getItem(SITE);
  const wanted = sites && accounts ? (sites.find((each) => each.name === (site || last)) ?? sites[0])?.name : undefined;
  useEffect(() => {
    if (wanted !== undefined && wanted !== site) change({ site: wanted });
  }, [wanted, site, change]);
}

const SITE = "onevoice.write.site";

function Found({ found, when, onDiscard }: { found: { tried: boolean }; when: string; onDiscard: () => void }) {
  const { t } = useSays().i18n;
  return (
    <p className="wr-found" role="status">
      {t(found.tried ? "write.draftTried" : "write.draft", { when })}{" "}
      <Button kind="text" onClick={onDiscard}>
        {t("write.discard")}
      </Button>
    </p>
  );
}

/** What the words are refused for is told in words; all else as anywhere. */
function Refused({ error, onRetry, says }: { error: unknown; onRetry?: () => void; says: Says }) {
  const fault = faultOf(error);
  if (!fault) return <ProblemBox error={error} {...(onRetry && { onRetry })} />;
  return (
    <p className="alarm" role="alert">
      {says.i18n.t("write.refused", { why: faultText(fault, says.i18n) })}
    </p>
  );
}

interface FormProps {
  drafted: ReturnType<typeof useDraft>;
  choices: Choices;
  purposes: Purpose[];
  purpose: string;
  foreseen: ReturnType<typeof useForeseen>;
  policy: React.ReactNode;
  /** The channel stands first, the text as it arrives beside the text; the policy stands at the foot. */
  phone: boolean;
  kind: NonNullable<Choices["kinds"]>[number] | undefined;
  name: string;
  names: ComposerProps["names"];
  says: ReturnType<typeof useSays>;
}

function Form({ drafted: { draft, change }, choices, purposes, purpose, foreseen, policy, phone, kind, name, names, says }: FormProps) {
  const { t } = says.i18n;
  const now = useNow(30_000);
  const { decision, preview } = foreseen;
  const sites = choices.sites ?? [];
  const accounts = choices.accounts ?? [];
  const here = accounts.filter((each) => each.site === draft.site);
  const withSubject = new Set(choices.kinds?.filter((each) => each.subject).map((each) => each.kind));
  // The best is chosen anew when it leaves: what goes by Telegram now may go as a letter then.
  const subject = draft.channel ? withSubject.has(draft.channel) : here.some((each) => withSubject.has(each.channel));
  const written = hasWords(draft);
  const site = (value: string) => {
    localStorage.setItem(SITE, value);
    change({ site: value, template: "", variables: {}, channel: "" });
  };
  const channels = <Channels decision={decision} accounts={accounts} site={draft.site} value={draft.channel} due={dueAt(draft)} folded={phone} onChange={(channel) => change({ channel })} says={says} />;
  const seen = <Preview preview={written ? preview : undefined} own={draft.how === "words"} name={name} letter={kind?.subject ?? false} says={says} />;
  return (
    <div className="wr-columns">
      <div className="wr-writing">
        {phone && channels}
        {sites.length > 1 && <SelectField label={t("write.site")} value={draft.site} choices={sites.map((each) => ({ value: each.name, label: each.title }))} onChange={site} />}
        {draft.how === "words" && <Kind draft={draft} purpose={purpose} purposes={purposes} change={change} says={says} />}
        <Words names={names} draft={draft} change={change} preview={written ? preview : undefined} choices={choices} kind={kind} subject={subject} says={says} />
      </div>
      <div className="wr-beside">
        {phone ? seen : channels}
        <When draft={draft} zone={preview?.time_zone} now={now} change={change} />
        {foreseen.error ? (
          <Refused error={foreseen.error} onRetry={foreseen.retry} says={says} />
        ) : (
          !phone && (
            <section aria-label={t("write.policy")}>
              <h3>{t("write.policy")}</h3>
              {policy}
            </section>
          )
        )}
        {!phone && seen}
      </div>
    </div>
  );
}
