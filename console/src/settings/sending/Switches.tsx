/** Kill switches: everything, a class, a channel, an account. A reason is asked; for everything, whether one knows what stops too. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { actorText } from "~/actors";
import { api, type Account } from "~/api";
import { Glyph } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, CheckField, Dialog, Icon, problemText, Section, TextField, toast } from "~/ui";

import { doorOf, type Switch } from "../channels/model";
import { classes } from "./model";

interface Props {
  thrown: Switch[];
  kinds: string[];
  accounts: Account[];
  channel: (kind: string) => string;
  may: boolean;
}

interface Scope {
  scope: string;
  name: string;
  text?: string;
  kind?: string;
}

export function Switches({ thrown, kinds, accounts, channel, may }: Props) {
  const { t, tx, fmt } = useI18n();
  const [stopping, setStopping] = useState<Scope | null>(null);
  const release = useRelease();
  const everything: Scope = { scope: "all", name: t("sending.stop.everything"), text: t("sending.stop.everythingText") };
  const groups: { title: string; scopes: Scope[] }[] = [
    { title: t("sending.stop.classes"), scopes: classes.map((each) => ({ scope: `class:${each}`, name: t(`sending.stop.classNames.${each}`), text: t(`sending.stop.classTexts.${each}`) })) },
    {
      title: t("sending.stop.channels"),
      // Those that one can send by; and those that were stopped before their last account went.
      scopes: kinds
        .filter((kind) => accounts.some((each) => each.channel === kind) || thrown.some(({ scope }) => scope === `channel:${kind}`))
        .toSorted((a, b) => fmt.compare(channel(a), channel(b)))
        .map((kind) => ({ scope: `channel:${kind}`, name: t("sending.stop.channel", { name: channel(kind) }), kind })),
    },
    { title: t("sending.stop.accounts"), scopes: accounts.map((each) => ({ scope: `account:${each.id}`, name: `${each.name}, ${each.site}`, text: channel(each.channel), kind: each.channel })) },
  ];
  const known = [everything, ...groups.flatMap(({ scopes }) => scopes)];
  const scopeOf = (scope: string): Scope => known.find((each) => each.scope === scope) ?? { scope, name: scope };
  const row = (one: Scope) => (
    <Row key={one.scope} one={one} thrown={thrown.find(({ scope }) => scope === one.scope)} may={may} busy={release.isPending} onStop={() => setStopping(one)} onRelease={() => release.mutate(one)} />
  );
  return (
    <>
      <div role="status">{thrown.length > 0 && <Thrown thrown={thrown} scopeOf={scopeOf} may={may} busy={release.isPending} onRelease={(one) => release.mutate(one)} />}</div>
      <Section title={t("sending.stop.title")}>
        <p className="settings-lead">{tx("sending.stop.lead", {}, { a: (words) => <Link to="/settings/channels">{words}</Link> })}</p>
        {!may && <p className="quiet">{t("sending.stop.only")}</p>}
        <ul className="sw-list sw-all">{row(everything)}</ul>
        {groups.map(
          ({ title, scopes }) =>
            scopes.length > 0 && (
              <div key={title} className="sw-group">
                <h3>{title}</h3>
                <ul className="sw-list">{scopes.map(row)}</ul>
              </div>
            ),
        )}
      </Section>
      {stopping && <Stop one={stopping} onClose={() => setStopping(null)} />}
    </>
  );
}

function useRelease() {
  const { t } = useI18n();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (one: Scope) => api.delete(`/api/switches/${one.scope}`),
    onSuccess: (_, one) => toast({ text: t("sending.stop.released", { what: one.name }) }),
    onError: (fault) => toast({ kind: "alarm", text: problemText(fault, t).title }),
    onSettled: () => client.invalidateQueries({ queryKey: ["switches"] }),
  });
}

interface RowProps {
  one: Scope;
  thrown: Switch | undefined;
  may: boolean;
  busy: boolean;
  onStop: () => void;
  onRelease: () => void;
}

function Row({ one, thrown, may, busy, onStop, onRelease }: RowProps) {
  const { t } = useI18n();
  const all = one.scope === "all";
  return (
    <li className="sw-row">
      <span className="sw-what">
        {one.kind && <Glyph channel={doorOf(one.kind)} size={14} />} {one.name}
        {one.text && <span className="quiet sw-text">{one.text}</span>}
      </span>
      <span className={thrown ? "sw-state alarm" : "sw-state quiet"}>{t(thrown ? "sending.stop.stopped" : "sending.stop.flows")}</span>
      {may &&
        (thrown ? (
          <Button dense disabled={busy} aria-label={t("sending.stop.releaseOf", { what: one.name })} onClick={onRelease}>
            {t("sending.stop.release")}
          </Button>
        ) : (
          <Button kind={all ? "danger" : "plain"} dense={!all} aria-haspopup="dialog" aria-label={all ? undefined : t("sending.stop.stopOf", { what: one.name })} onClick={onStop}>
            {t(all ? "sending.stop.confirmAll" : "sending.stop.stop")}
          </Button>
        ))}
    </li>
  );
}

/** What is stopped now, large: nobody is to wonder why nothing leaves. */
function Thrown({ thrown, scopeOf, may, busy, onRelease }: { thrown: Switch[]; scopeOf: (scope: string) => Scope; may: boolean; busy: boolean; onRelease: (one: Scope) => void }) {
  const { t, fmt } = useI18n();
  const all = thrown.some(({ scope }) => scope === "all");
  const [first] = thrown;
  const single = thrown.length === 1 && first ? scopeOf(first.scope).name : null;
  return (
    <div className="sw-now">
      <h2>
        <Icon name="warn" size={20} /> {all ? t("sending.stop.nowAll") : single ? t("sending.stop.nowOne", { what: single }) : t("sending.stop.nowSome", { n: thrown.length })}
      </h2>
      <ul>
        {thrown.map((each) => {
          const one = scopeOf(each.scope);
          return (
            <li key={each.scope}>
              <span>
                {!single && <b>{one.name}</b>}
                <span className="sw-why">{t("sending.stop.by", { who: actorText(each.thrown_by, t), when: fmt.dateTime(each.thrown_at), reason: each.reason })}</span>
              </span>
              {may && (
                <Button disabled={busy} aria-label={t("sending.stop.releaseOf", { what: one.name })} onClick={() => onRelease(one)}>
                  {t("sending.stop.release")}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Stop({ one, onClose }: { one: Scope; onClose: () => void }) {
  const { t, tx } = useI18n();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const [sure, setSure] = useState(false);
  const all = one.scope === "all";
  const stop = useMutation({
    mutationFn: () => api.put(`/api/switches/${one.scope}`, { reason: reason.trim() }),
    onSuccess: () => {
      toast({ text: t("sending.stop.done", { what: one.name }) });
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["switches"] }),
  });
  return (
    <Dialog
      title={all ? t("sending.stop.confirmAll") : t("sending.stop.stopOf", { what: one.name })}
      onClose={onClose}
      width={520}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="danger" type="submit" form="stop-form" disabled={stop.isPending || !reason.trim() || (all && !sure)}>
            {t(all ? "sending.stop.confirmAll" : "sending.stop.confirm")}
          </Button>
        </>
      }
    >
      <form
        id="stop-form"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() && (!all || sure)) stop.mutate();
        }}
      >
        <p>{tx("sending.stop.meaning")}</p>
        <TextField label={t("sending.stop.why")} hint={t("sending.stop.whyHint")} value={reason} onChange={setReason} maxLength={500} required data-autofocus error={stop.error ? problemText(stop.error, t).title : undefined} />
        {all && <CheckField label={t("sending.stop.sure")} checked={sure} onChange={setSure} />}
      </form>
    </Dialog>
  );
}
