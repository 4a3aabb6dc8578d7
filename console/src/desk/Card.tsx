/** Who it is, beside the conversation: addresses and what became of earlier episodes. */
import { useQuery } from "@tanstack/react-query";

import { api, refPath } from "~/api";
import { asChannel, Glyph, useChannelNames } from "~/channels";
import type { Says } from "~/messages/words";
import { ProblemBox, Section, Skeleton, TextLink } from "~/ui";

import type { Conversation } from "./model";

interface Known {
  id: string;
  name: string | null;
  first_seen_at: string | null;
  event_count: number;
  addresses: { channel: string; address: string; known_since: string }[];
  traits: Record<string, { value: unknown }>;
}

export const profileQuery = (person: string) => ({ queryKey: ["desk", "profile", person], queryFn: () => api.get<Known>(`/api/profiles/${refPath(`profile:${person}`)}`) });

export function languageOf(known: Known | undefined): string | null {
  const told = known?.traits["language"]?.value ?? known?.traits["locale"]?.value;
  return typeof told === "string" ? told.slice(0, 2).toLowerCase() : null;
}

export function Card({ person, conversation, says }: { person: string; conversation: Conversation; says: Says }) {
  const { t, fmt } = says.i18n;
  const names = useChannelNames();
  const found = useQuery(profileQuery(person));
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
            {found.data.addresses.map((each) => (
              <li key={`${each.channel}${each.address}`}>
                <Glyph channel={asChannel(each.channel)} size={14} />
                <span className="quiet">{names.title(asChannel(each.channel))}</span>
                <bdi className="cut" title={each.address}>{each.address}</bdi>
              </li>
            ))}
          </ul>
          {found.data.addresses.length === 0 && <p className="quiet">{t("desk.noAddress")}</p>}
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
    </aside>
  );
}
