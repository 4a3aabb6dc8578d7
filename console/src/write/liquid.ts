/** Whether a text speaks of the person: in that case it is put together by the server. */
export const liquid = (text: string): boolean => /\{\{|\{%/.test(text);
