/** Without what turns the direction of reading: a value could turn its neighbours, and show gnp.exe as exe.png. */
export const straight = (text: string) => text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
