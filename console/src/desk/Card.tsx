/** Who it is, beside the conversation: addresses and what became of earlier episodes. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { api, refPath } from "~/api";
import { asChannel, Glyph, useChannelNames } from "~/channels";
import type { Identity } from "~/customer/model/types";
import type { Says } from "~/messages/words";
import { Menu, ProblemBox, Section, Skeleton, TextLink } from "~/ui";

import { pathOf, type Block as Blocked, type Conversation } from "./model";

const Block = lazy(() => import("./Windows").then((found) => ({ default: found.Block })));

interface Known {
  id: string;
  name: string | null;
  first_seen_at: string | null;
  event_count: number;
  addresses: { channel: string; address: string; kind: string; known_since: string }[];
  traits: Record<string, { value: unknown }>;
}

export const profileQuery = (person: string) => ({ queryKey: ["desk", "profile", person], queryFn: () => api.get<Known>(`/api/profiles/${refPath(`profile:${person}`)}`) });

const WAYS = ["operator", "login", "event", "alias", "link"] as const;

/** By what their identifiers are held to be one person's, the surest first. */
const identityQuery = (person: string) => ({
  queryKey: ["desk", "identity", person],
  queryFn: () => api.get<Identity>(`/api/profiles/${refPath(`profile:${person}`)}/identity`),
  select: ({ identifiers }: Identity) => WAYS.filter((way) => identifiers.some(({ evidence }) => evidence.some(({ state, origin }) => state === "used" && origin === way))),
});

export function languageOf(known: Known | undefined): string | null {
  const told = known?.traits["language"]?.value ?? known?.traits["locale"]?.value;
  return typeof told === "string" ? told.slice(0, 2).toLowerCase() : null;
}

interface CardProps {
  person: string;
  conversation: Conversation;
  may: boolean;
  act: (work: () => Promise<unknown>, told?: string, back?: () => Promise<unknown>) => Promise<void>;
  says: Says;
}

export function Card({ person, conversation, may, act, says }: CardProps) {
  const { t, fmt } = says.i18n;
  const names = useChannelNames();
  const found = useQuery(profileQuery(person));
  const ways = useQuery(identityQuery(person)).data ?? [];
  const [asked, setAsked] = useState<{ kind: string; address: string } | null>(null);
  const block = (address: string, reason: string) => api.post<Conversation>(pathOf(person, "/blocks"), { address, reason });
  const lift = (id: string) => api.delete(pathOf(person, `/blocks/${id}`));
  const shut = async ({ kind, address }: { kind: string; address: string }, reason: string) => {
    setAsked(null);
    let made = "";
    await act(
      async () => (made = (await block(`${kind}:${address}`, reason)).blocked.find((each) => each.kind === kind && each.address === address)?.id ?? ""),
      t("desk.block.done", { address }),
      () => lift(made),
    );
  };
  const open = ({ id, kind, address, reason }: Blocked) => void act(() => lift(id), t("desk.block.lifted", { address }), () => block(`${kind}:${address}`, reason));
  return (
    <aside className="dk-card" aria-label={t("desk.card")}>
      <header>
        <h2><bdi>{conversation.name ?? t("desk.noName", { id: person })}</bdi></h2>
        <TextLink to="/customers/$ref" params={{ ref: `profile:${person}` }}>{t("desk.wholeCard")}</TextLink>
      </header>
      {found.isPending && <Skeleton rows={4} height={28} />}
      {found.isError && <ProblemBox error={found.error} onRetry={() => void found.refetch()} />}
      {found.data && (
        <Section title={t("desk.addresses")}>
          <ul className="dk-addresses">
            {found.data.addresses.map((each) => {
              const blocked = conversation.blocked.find((one) => one.kind === each.kind && one.address === each.address);
              return (
                <li key={`${each.channel}${each.address}`}>
                  <Glyph channel={asChannel(each.channel)} size={14} />
                  <span className="quiet">{names.title(asChannel(each.channel))}</span>
                  <bdi className="cut" title={each.address}>{each.address}</bdi>
                  {may && each.channel !== "push" && (
                    <Menu label={t("desk.block.menu", { address: each.address })} items={[blocked ? { label: t("desk.block.lift"), run: () => open(blocked) } : { label: t("desk.block.one"), run: () => setAsked(each), danger: true }]} />
                  )}
                  {blocked && <span className="dk-blocked">{t("desk.block.by", { who: blocked.by.name, when: fmt.shortDay(blocked.since), reason: blocked.reason })}</span>}
                </li>
              );
            })}
          </ul>
          {found.data.addresses.length === 0 && <p className="quiet">{t("desk.noAddress")}</p>}
          {ways.length > 0 && (
            <p className="dk-one quiet">
              {t("desk.one", { ways: fmt.list(ways.map((way) => t(`desk.ways.${way}`))) })} <TextLink to="/customers/$ref" params={{ ref: `profile:${person}` }}>{t("desk.how")}</TextLink>
            </p>
          )}
        </Section>
      )}
      {conversation.current && conversation.current.tags.length > 0 && (
        <Section title={t("desk.tags.title")}>
          <ul className="dk-tags">
            {conversation.current.tags.map((tag) => (
              <li key={tag} className="dk-tag">{tag}</li>
            ))}
          </ul>
        </Section>
      )}
      {conversation.episodes.length > 1 && (
        <Section title={t("desk.episodes")}>
          <ul className="dk-episodes">
            {conversation.episodes.slice(0, 8).map((each) => (
              <li key={each.id}>
                <Glyph channel={asChannel(each.channel)} size={14} />
                <span>{fmt.shortDay(each.opened_at)}</span>
                <span className="quiet">{t(`desk.episode.${each.state}`)}</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Suspense fallback={null}>{asked && <Block address={asked.address} onClose={() => setAsked(null)} onBlock={(reason) => void shut(asked, reason)} />}</Suspense>
    </aside>
  );
}
