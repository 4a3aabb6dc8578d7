/** Shapes of the API of channels, accounts and switches. */
import type { ChannelKind } from "~/api";
import { asChannel, isChannel, useChannelNames, type Channel } from "~/channels";
import { useI18n } from "~/i18n";

export interface Switch {
  scope: string;
  thrown_at: string;
  thrown_by: string;
  reason: string;
}

/** A channel without a sign of its own takes that of the API. */
export const doorOf = (kind: string): Channel => asChannel(kind);

/** What a channel is called: by us where we know it, else by its manifest. */
export function useChannelTitle(manifests: readonly Pick<ChannelKind, "kind" | "title">[] | undefined): (kind: string) => string {
  const { language } = useI18n();
  const { title } = useChannelNames();
  return (kind) => (isChannel(kind) ? title(kind) : worded(manifests?.find((each) => each.kind === kind)?.title, language) || kind);
}

/** In the reader's language, else in English, else in any that the manifest has. */
export function worded(texts: Record<string, string> | undefined, language: string): string {
  return texts?.[language] ?? texts?.["en"] ?? Object.values(texts ?? {})[0] ?? "";
}
