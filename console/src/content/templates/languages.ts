/** Those that are offered first; a site's own stands beside them. */
export const LANGUAGES = ["en", "ru", "pl", "uk", "de", "cs", "lt"];
