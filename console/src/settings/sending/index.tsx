/** Sending: what holds messages back, for everyone. Switches first, because whoever needs one is in a hurry. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMay } from "~/api";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { PartHead } from "~/shell/Parts";
import { ProblemBox, Skeleton } from "~/ui";

import "../settings.css";
import { useChannelTitle } from "../channels/model";
import { faultOf, useAccounts, useManifests, useSwitches } from "../channels/queries";
import type { Policy, Tells, Version } from "./model";
import { PolicySection } from "./Policy";
import { Switches } from "./Switches";
import { Versions } from "./Versions";
import "./sending.css";

export function SendingPart() {
  const i18n = useI18n();
  const { t } = i18n;
  const may = useMay("policy.edit");
  const [draft, setDraft] = useState<{ policy: Policy; taken: number | null } | null>(null);
  const manifests = useManifests();
  const accounts = useAccounts();
  const switches = useSwitches();
  const policy = useQuery({ queryKey: ["policy"], queryFn: () => api.get<Version>("/api/policy") });
  const title = useChannelTitle(manifests.data?.data);
  const change = () => policy.data && setDraft({ policy: policy.data.policy, taken: null });
  useKeys(t("sending.title"), [{ keys: "e", label: t("sending.policy.change"), off: !may || draft !== null || !policy.data, run: () => void change() }]);
  const queries = [manifests, accounts, switches, policy];
  const fault = faultOf(...queries);
  const currencies = new Set(accounts.data?.data.map(({ currency }) => currency));
  const tells: Tells = { i18n, channel: title, currency: currencies.size === 1 ? ([...currencies][0] ?? null) : null };
  return (
    <div className="part">
      <PartHead title={t("sending.title")} lead={t("sending.lead")} />
      {fault ? (
        <ProblemBox error={fault} onRetry={() => void Promise.all(queries.map((query) => query.refetch()))} />
      ) : !manifests.data || !accounts.data || !switches.data || !policy.data ? (
        <Skeleton rows={14} height={48} />
      ) : (
        <>
          <Switches thrown={switches.data.data} kinds={manifests.data.data.map(({ kind }) => kind)} accounts={accounts.data.data} channel={title} may={may} />
          <PolicySection inForce={policy.data} kinds={manifests.data.data.map(({ kind }) => kind)} tells={tells} may={may} draft={draft} setDraft={setDraft} />
          <Versions inForce={policy.data.version} tells={tells} may={may} onTake={(version) => setDraft({ policy: version.policy, taken: version.version })} />
        </>
      )}
    </div>
  );
}
