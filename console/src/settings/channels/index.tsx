/** Channels: our accounts at providers, what each is up to, and what else could be connected. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { api, useMay, type Account, type ChannelKind } from "~/api";
import { Glyph, isChannel } from "~/channels";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Button, DataTable, Dialog, Empty, Menu, ProblemBox, Section, Skeleton, TextLink, toast, type Column } from "~/ui";

import "../settings.css";
import { doorOf, useChannelTitle, type Switch } from "./model";
import { faultOf, useAccounts, useManifests, useSwitches } from "./queries";
import { State } from "./State";
import { usePause } from "./usePause";
import "./channels.css";

interface Cost {
  account_id: string;
  sent: number;
  minor: number;
  currency: string;
}

export function ChannelsPart() {
  const { t, fmt } = useI18n();
  const manifests = useManifests();
  const accounts = useAccounts();
  const switches = useSwitches();
  const costs = useQuery({ queryKey: ["messages", "costs", "now"], queryFn: () => api.get<{ data: Cost[] }>("/api/message-costs", { params: { month: new Date().toISOString().slice(0, 7) } }), staleTime: 60_000 });
  const title = useChannelTitle(manifests.data?.data);
  const fault = faultOf(manifests, accounts, switches);
  const kinds = [...new Set(accounts.data?.data.map(({ channel }) => channel))].toSorted((a, b) => fmt.compare(title(a), title(b)));
  return (
    <div className="part">
      <PartHead title={t("accounts.title")} lead={t("accounts.lead")} />
      {fault ? (
        <ProblemBox error={fault} onRetry={() => void Promise.all([manifests.refetch(), accounts.refetch(), switches.refetch()])} />
      ) : !manifests.data || !accounts.data || switches.isPending || costs.isPending ? (
        <Skeleton rows={10} height={48} />
      ) : (
        <>
          {kinds.length === 0 && <Empty title={t("accounts.none")}>{t("accounts.noneText")}</Empty>}
          {kinds.map((kind) => (
            <Section key={kind} title={<Named kind={kind} title={title(kind)} />}>
              <Accounts
                label={title(kind)}
                rows={accounts.data.data.filter(({ channel }) => channel === kind)}
                manifest={manifests.data.data.find((each) => each.kind === kind)}
                switches={switches.data?.data ?? []}
                costs={costs.data?.data ?? null}
              />
            </Section>
          ))}
          <Available manifests={manifests.data.data.toSorted((a, b) => rank(a.kind) - rank(b.kind) || fmt.compare(title(a.kind), title(b.kind)))} title={title} />
        </>
      )}
    </div>
  );
}

/** Channels with people behind them before programs, those for tests last: the same order in every language. */
const rank = (kind: string) => (kind.startsWith("sandbox") ? 2 : isChannel(kind) ? 0 : 1);

/** own: one that we know; of others two may be called the same. */
function Named({ kind, title, own = true }: { kind: string; title: string; own?: boolean }) {
  return (
    <span className="acc-named">
      <Glyph channel={doorOf(kind)} size={16} />
      <span>
        {title}
        {!own && <span className="table-second">{kind}</span>}
      </span>
    </span>
  );
}

function Accounts({ label, rows, manifest, switches, costs }: { label: string; rows: Account[]; manifest: ChannelKind | undefined; switches: Switch[]; costs: Cost[] | null }) {
  const { t, fmt } = useI18n();
  const may = useMay("channels.edit");
  const columns: Column<Account>[] = [
    {
      key: "account",
      head: t("accounts.account"),
      phone: "title",
      width: "24%",
      cell: (account) => (
        <TextLink to="/settings/channels/$account" params={{ account: account.id }} className="acc-name">
          {account.name}
          <span className="table-second">{account.site}</span>
        </TextLink>
      ),
    },
    { key: "state", head: t("accounts.state"), cell: (account) => <State account={account} manifest={manifest} switches={switches} /> },
    {
      key: "month",
      head: t("accounts.month"),
      width: "16%",
      cell: (account) => {
        if (costs === null) return "—";
        const cost = costs.find((each) => each.account_id === account.id);
        return (
          <span>
            {t("accounts.sent", { n: cost?.sent ?? 0 })}
            {Boolean(cost?.minor) && <span className="table-second">{t("accounts.spent", { money: fmt.money(cost?.minor ?? 0, cost?.currency ?? account.currency) })}</span>}
          </span>
        );
      },
    },
    {
      key: "price",
      head: t("accounts.price"),
      width: "14%",
      cell: (account) => (
        <span>
          {account.cost_minor > 0 ? t("accounts.each", { money: fmt.money(account.cost_minor, account.currency) }) : t("accounts.free")}
          <span className="table-second">{t("accounts.perSecond", { n: fmt.number(account.limits.per_second) })}</span>
        </span>
      ),
    },
    ...(may ? [{ key: "actions", head: t("accounts.actions"), width: "208px", phone: "bare" as const, cell: (account: Account) => <Actions account={account} known={manifest !== undefined} /> }] : []),
  ];
  return <DataTable label={label} columns={columns} rows={rows} keyOf={(account) => account.id} />;
}

function Actions({ account, known }: { account: Account; known: boolean }) {
  const { t } = useI18n();
  const go = useNavigate();
  const [removing, setRemoving] = useState(false);
  const pause = usePause(account);
  return (
    <>
      <span className="acc-actions">
        <Button dense disabled={pause.isPending} aria-label={t(account.paused ? "accounts.resumeOf" : "accounts.pauseOf", { name: account.name })} onClick={() => pause.mutate(!account.paused)}>
          {t(account.paused ? "accounts.resume" : "accounts.pause")}
        </Button>
        <Menu
          label={t("accounts.actionsOf", { name: account.name })}
          items={[
            ...(known ? [{ label: t("accounts.change"), run: () => void go({ to: "/settings/channels/$account", params: { account: account.id } }) }] : []),
            { label: t("accounts.remove.action"), run: () => setRemoving(true), danger: true },
          ]}
        />
      </span>
      {removing && <Remove account={account} onClose={() => setRemoving(false)} />}
    </>
  );
}

function Remove({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.delete(`/api/accounts/${account.id}`),
    onSuccess: () => {
      toast({ text: t("accounts.remove.done", { name: account.name }) });
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["accounts"] }),
  });
  return (
    <Dialog
      title={t("accounts.remove.title", { name: account.name })}
      onClose={onClose}
      width={480}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {t("accounts.remove.confirm")}
          </Button>
        </>
      }
    >
      <p>{t("accounts.remove.text")}</p>
      {remove.error && <ProblemBox error={remove.error} />}
    </Dialog>
  );
}

function Available({ manifests, title }: { manifests: ChannelKind[]; title: (kind: string) => string }) {
  const { t, fmt } = useI18n();
  const may = useMay("channels.edit");
  const cans = (one: ChannelKind) =>
    [
      ...(one.subject ? [t("accounts.cans.subject")] : []),
      ...(one.buttons ? [t("accounts.cans.buttons")] : []),
      t("accounts.cans.length", { n: one.text_max }),
      ...(one.inbound.length > 0 ? [t("accounts.cans.answers")] : []),
      ...(one.receipts === "delivered" || one.receipts === "read" ? [t(`accounts.cans.${one.receipts}`)] : []),
      ...(one.needs_contact ? [t("accounts.cans.first")] : []),
      ...(one.window_hours ? [t("accounts.cans.window", { n: one.window_hours })] : []),
    ].join("; ");
  const columns: Column<ChannelKind>[] = [
    { key: "channel", head: t("accounts.channel"), width: "24%", phone: "title", cell: (one) => <Named kind={one.kind} title={title(one.kind)} own={isChannel(one.kind)} /> },
    {
      key: "can",
      head: t("accounts.can"),
      phone: "bare",
      cell: (one) => (
        <span>
          {sentence(cans(one), fmt.locale)}
          <span className="table-second">{one.referee ? t("accounts.checked", { referee: one.referee }) : t(one.kind.startsWith("sandbox") ? "accounts.trial" : "accounts.unchecked")}</span>
        </span>
      ),
    },
    ...(may
      ? [
          {
            key: "connect",
            head: t("accounts.actions"),
            width: "176px",
            phone: "bare" as const,
            cell: (one: ChannelKind) => (
              <TextLink to="/settings/channels/$account" params={{ account: "new" }} search={{ channel: one.kind }} aria-label={t("accounts.connectOne", { channel: title(one.kind) })}>
                {t("accounts.connect")}
              </TextLink>
            ),
          },
        ]
      : []),
  ];
  return (
    <Section title={t("accounts.available")}>
      <p className="settings-lead">{t("accounts.availableLead")}</p>
      <DataTable label={t("accounts.available")} columns={columns} rows={manifests} keyOf={(one) => one.kind} />
    </Section>
  );
}

const sentence = (text: string, locale: string) => `${text.charAt(0).toLocaleUpperCase(locale)}${text.slice(1)}.`;
