/** A test: the text as it stands, to one address, through a real account; and what became of it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { api, Problem, useMay, useMe } from "~/api";
import { useI18n } from "~/i18n";
import { moves, waits, type Message } from "~/messages/model";
import { Person } from "~/messages/Person";
import { becameText, reasonText } from "~/messages/words";
import { Button, Dialog, ProblemBox, TextField, useNow } from "~/ui";

import type { Kind, Template, Trouble, Variant } from "../model";
import { useNames } from "../words";
import { Problems } from "./Aside";
import type { Sample } from "./PreviewPane";

const STORED = "onevoice.test-address";
const FOLLOW_MS = 800;

interface Sent {
  id: string;
  state: Message["state"];
  rule: string | null;
  why: string | null;
}

interface Props {
  template: Template;
  variant: Variant;
  kind: Kind | undefined;
  sample: Sample;
  onGo: (trouble: Trouble) => void;
  onClose: () => void;
}

export default function TestSend({ template, variant, kind, sample, onGo, onClose }: Props) {
  const { t } = useI18n();
  const names = useNames();
  const me = useMe();
  const mayCustomers = useMay("customers.read");
  const written = kind?.address_kind === "email";
  const [address, setAddress] = useState(() => localStorage.getItem(STORED) ?? (me?.login.includes("@") ? me.login : ""));
  const [person, setPerson] = useState<string | undefined>(undefined);
  const to = written ? (address.trim() ? `email:${address.trim()}` : "") : (person ?? "");
  const send = useMutation({
    mutationFn: () => {
      if (written) localStorage.setItem(STORED, address.trim());
      return api.post<Sent>(`/api/templates/${template.id}/tests`, {
        channel: variant.channel,
        language: variant.language,
        to,
        draft: { default_language: variant.language, variants: [variant] },
        customer: sample.customer ?? null,
        context: sample.context,
      });
    },
  });
  const { error } = send;
  const refused = error instanceof Problem && error.code === "template_problems" ? (error.extra["problems"] as Trouble[]) : null;
  const stranger = error instanceof Problem && error.code === "unknown_profile";
  const many = error instanceof Problem && error.code === "too_many_tests";
  return (
    <Dialog
      title={t("content.test.title")}
      width={600}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.close")}</Button>
          <Button kind="primary" type="submit" form="test-send" disabled={!to || send.isPending}>
            {t(send.data ? "content.test.again" : "content.test.action")}
          </Button>
        </>
      }
    >
      <form
        id="test-send"
        className="tpl-dialog"
        onSubmit={(event) => {
          event.preventDefault();
          send.mutate();
        }}
      >
        <p>
          {t("content.test.lead", { variant: names.variant(variant.channel, variant.language) })} <span className="quiet">{t("content.test.rules")}</span>
        </p>
        {written ? (
          <TextField
            type="email"
            label={t("content.test.address")}
            hint={t("content.test.addressHint")}
            error={stranger ? t("content.test.addressWrong") : undefined}
            value={address}
            onChange={(next) => {
              setAddress(next);
              send.reset();
            }}
            maxLength={254}
            required
            data-autofocus
          />
        ) : (
          <div className="field">
            <span>{t("content.test.person")}</span>
            {mayCustomers ? (
              <Person
                value={person}
                onChange={(next) => {
                  setPerson(next);
                  send.reset();
                }}
                field={null}
              />
            ) : (
              <p>{t("content.test.noCustomers")}</p>
            )}
            <p className="field-hint">{t("content.test.personHint", { channel: names.channel(variant.channel) })}</p>
          </div>
        )}
        {refused && (
          <>
            <p className="alarm">{t("content.test.refused")}</p>
            <Problems
              troubles={refused}
              checked
              onGo={(trouble) => {
                onClose();
                onGo(trouble);
              }}
            />
          </>
        )}
        {many && (
          <p className="alarm" role="alert">
            {t("content.test.many")}
          </p>
        )}
        {error && !refused && !stranger && !many && <ProblemBox error={error} />}
        {send.data && <Became key={send.data.id} sent={send.data} />}
      </form>
    </Dialog>
  );
}

/** Followed until its end. */
function Became({ sent }: { sent: Sent }) {
  const { t } = useI18n();
  const { says } = useNames();
  const now = useNow(5_000);
  const mayRead = useMay("messages.read");
  const { data } = useQuery({
    queryKey: ["message", sent.id, "test"],
    queryFn: () => api.get<Message>(`/api/messages/${sent.id}`),
    enabled: mayRead,
    refetchInterval: (query) => (!query.state.data || moves(query.state.data) || waits(query.state.data) ? FOLLOW_MS : false),
  });
  const text = data ? becameText(data, says, now) : sent.state === "suppressed" ? t("messages.became.suppressed", { why: reasonText({ rule: sent.rule, why: sent.why }, says) }) : t("content.test.going");
  return (
    <p role="status" className="tpl-became">
      <b>{text}</b>
      {data?.account && <span className="quiet"> {t("content.test.through", { account: data.account })}</span>}{" "}
      {mayRead && (
        <Link to="/messages/$message" params={{ message: sent.id }}>
          {t("content.test.why")}
        </Link>
      )}
    </p>
  );
}
