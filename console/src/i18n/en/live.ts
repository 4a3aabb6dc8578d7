export const live = { title: "live" };
