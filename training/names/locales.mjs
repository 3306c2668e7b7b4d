// Prints the given names and surnames of all locales of an unpacked @faker-js/faker, as JSON.
// Usage: node locales.mjs FOLDER
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";

const file = resolve(process.argv[2], "package", "dist", "index.js");
const { allLocales } = await import(pathToFileURL(file));
const flat = (names) => (!names ? [] : Array.isArray(names) ? names : Object.values(names).flatMap(flat));
const found = {};
for (const [locale, { person }] of Object.entries(allLocales)) {
  if (person) {
    found[locale] = { first: flat(person.first_name), last: flat(person.last_name) };
  }
}
console.log(JSON.stringify(found));
