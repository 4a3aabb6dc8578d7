/** What is said of files, in all languages: few ever need it. */
const en = {
  files: "Files to send",
  remove: "Take out {name}",
  again: "Try again",
  save: "Save {name}",
  large: "Larger than 10\u00a0MB",
  empty: "The file is empty",
  program: "Programs cannot be sent",
  many: "Five files at once are the most",
  wait: "The files are still on their way…",
  failed: "Not uploaded",
  gone: "could not be fetched",
};

export type Words = typeof en;

export const words: Record<string, Words> = {
  en,
  pl: {
    files: "Pliki do wysłania",
    remove: "Usuń {name}",
    again: "Spróbuj ponownie",
    save: "Zapisz {name}",
    large: "Ponad 10\u00a0MB",
    empty: "Plik jest pusty",
    program: "Programów nie można wysyłać",
    many: "Naraz można wysłać najwyżej pięć plików",
    wait: "Pliki jeszcze się przesyłają…",
    failed: "Nie przesłano",
    gone: "nie udało się pobrać",
  },
  ru: {
    files: "Файлы к отправке",
    remove: "Убрать {name}",
    again: "Попробовать ещё раз",
    save: "Сохранить {name}",
    large: "Больше 10\u00a0МБ",
    empty: "Файл пуст",
    program: "Программы отправлять нельзя",
    many: "За один раз можно отправить не больше пяти файлов",
    wait: "Файлы ещё загружаются…",
    failed: "Не загружен",
    gone: "не удалось получить",
  },
};
