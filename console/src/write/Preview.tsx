/** The text as this person gets it, and what keeps it from being put together. */
import { channelColour, Glyph } from "~/channels";
import { Letter } from "~/content/templates/editor/Letter";
import { languageName } from "~/customer/header/Header";
import { doorOf, plainReason, type Says } from "~/messages/words";

import { faultText } from "./faults";
import type { MessagePreview } from "./model";

/** own: words typed by hand, whose language nobody has told. */
export function Preview({ preview, own, name, letter, says }: { preview: MessagePreview | undefined; own: boolean; name: string; letter: boolean; says: Says }) {
  const { i18n } = says;
  const { t } = i18n;
  const door = preview && doorOf(preview.channel);
  return (
    <section className="wr-preview" aria-label={t("write.preview", { name })}>
      <h3>
        {t("write.preview", { name })}
        {preview && <span className="quiet">{own ? t("write.result.by", { channel: says.channel(preview.channel) }) : t("write.previewBy", { channel: says.channel(preview.channel), language: languageName(preview.language, i18n.language) ?? preview.language })}</span>}
      </h3>
      {!preview || !door ? (
        <p className="quiet">{t("write.previewEmpty")}</p>
      ) : preview.refused !== null ? (
        <p className="alarm" role="alert">{refusal(preview, says)}</p>
      ) : (
        <>
          <div className="wr-bubble" style={{ borderColor: channelColour(door) }} lang={own ? undefined : preview.language}>
            <span className="wr-knot" style={{ color: channelColour(door) }}>
              <Glyph channel={door} size={12} />
            </span>
            {letter && preview.subject && <p className="wr-subject">{preview.subject}</p>}
            {letter && preview.html ? <Letter html={preview.html} title={t("write.letter")} className="wr-letter" /> : <p className="wr-text" tabIndex={0}>{preview.text}</p>}
            {preview.buttons.map((row, at) => (
              <p key={at} className="wr-buttons">
                {row.map((text) => (
                  <span key={text}>{text}</span>
                ))}
              </p>
            ))}
          </div>
          {preview.missing.length > 0 && (
            <div className="alarm wr-note" role="alert">
              {t("write.missing")}
              <ul>
                {preview.missing.map(({ path, part, line, column }) => (
                  <li key={`${path} ${part} ${line} ${column}`}>{t("write.missingAt", { path, line })}</li>
                ))}
              </ul>
            </div>
          )}
        </>
      )}
    </section>
  );
}

function refusal({ refused, fault }: MessagePreview, says: Says): string {
  const { t, has } = says.i18n;
  if (refused && has(`messages.reasons.content.${refused}`)) return t("messages.refused", { why: plainReason("content", refused, says) });
  return t("write.refused", { why: fault ? faultText(fault, says.i18n) : "" });
}
