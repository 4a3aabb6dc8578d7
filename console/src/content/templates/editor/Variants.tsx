/** Which texts there are: channels down, languages across. A cell opens its text; a gap makes it, from what another language says. */
import { useState } from "react";

import { channelColour, Glyph } from "~/channels";
import { useI18n } from "~/i18n";
import { doorOf } from "~/messages/words";
import { Button, Icon, SelectField } from "~/ui";

import { LANGUAGES } from "../languages";
import { emptyParts, keyOf, type Draft, type Kind, type Trouble, type Variant } from "../model";
import { useNames } from "../words";

interface Props {
  draft: Draft;
  kinds: Kind[];
  chosen: string;
  troubles: Trouble[];
  mayEdit: boolean;
  onChoose: (key: string) => void;
  onAdd: (variant: Variant) => void;
  onDefault: (language: string) => void;
}

export function Variants({ draft, kinds, chosen, troubles, mayEdit, onChoose, onAdd, onDefault }: Props) {
  const { t } = useI18n();
  const names = useNames();
  const [adding, setAdding] = useState<"channel" | "language" | null>(null);
  const channels = [...new Set(draft.variants.map(({ channel }) => channel))];
  const languages = [...new Set([draft.default_language, ...draft.variants.map(({ language }) => language)])];
  const add = (channel: string, language: string) => {
    const alike = draft.variants.filter((each) => each.channel === channel);
    const from = alike.find((each) => each.language === draft.default_language) ?? alike[0];
    const parts = from ? structuredClone(from.parts) : emptyParts(kinds.find(({ kind }) => kind === channel), channel);
    onAdd({ channel, language, parts });
    setAdding(null);
  };
  const more = adding === "channel" ? kinds.map(({ kind }) => kind).filter((kind) => !channels.includes(kind)) : LANGUAGES.filter((each) => !languages.includes(each));
  return (
    <div className="tpl-variants">
      <table aria-label={t("content.variants.title")}>
        <thead>
          <tr>
            <td />
            {languages.map((language) => (
              <th key={language} scope="col" title={names.language(language)}>
                {language}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {channels.map((channel) => (
            <tr key={channel}>
              <th scope="row" style={{ color: channelColour(doorOf(channel)) }}>
                <Glyph channel={doorOf(channel)} size={14} /> <span>{names.channel(channel)}</span>
              </th>
              {languages.map((language) => {
                const key = keyOf({ channel, language });
                const there = draft.variants.some((each) => keyOf(each) === key);
                const errors = troubles.filter((each) => each.severity === "error" && each.channel === channel && each.language === language).length;
                const name = names.variant(channel, language);
                if (!there) {
                  return (
                    <td key={language}>
                      <button type="button" className="tpl-cell tpl-cell-gap" disabled={!mayEdit} aria-label={t("content.variants.add", { name })} title={t("content.variants.add", { name })} onClick={() => add(channel, language)}>
                        +
                      </button>
                    </td>
                  );
                }
                return (
                  <td key={language}>
                    <button
                      type="button"
                      className={`tpl-cell ${errors ? "tpl-cell-wrong" : ""}`}
                      aria-current={key === chosen || undefined}
                      aria-label={errors ? `${name}. ${t("content.problems.errors", { n: errors })}` : name}
                      title={name}
                      onClick={() => onChoose(key)}
                    >
                      {errors ? errors : <Icon name="check" size={14} />}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {mayEdit && (
        <div className="tpl-variants-more">
          <Button dense aria-expanded={adding === "channel"} onClick={() => setAdding(adding === "channel" ? null : "channel")}>
            {t("content.variants.channel")}
          </Button>
          <Button dense aria-expanded={adding === "language"} onClick={() => setAdding(adding === "language" ? null : "language")}>
            {t("content.variants.language")}
          </Button>
        </div>
      )}
      {adding && (
        <div className="tpl-variants-more" role="group" aria-label={t(`content.variants.${adding}`)}>
          {more.length === 0 && <span className="quiet">{t("content.variants.all")}</span>}
          {more.map((each) => (
            <Button key={each} dense onClick={() => (adding === "channel" ? add(each, draft.default_language) : add(channels[0] ?? "email", each))}>
              {adding === "channel" ? names.channel(each) : names.language(each)}
            </Button>
          ))}
        </div>
      )}
      {languages.length > 1 && (
        <SelectField
          className="tpl-default"
          label={t("content.variants.default")}
          hint={t("content.variants.defaultHint")}
          value={draft.default_language}
          disabled={!mayEdit}
          choices={languages.map((value) => ({ value, label: names.language(value) }))}
          onChange={onDefault}
        />
      )}
    </div>
  );
}
