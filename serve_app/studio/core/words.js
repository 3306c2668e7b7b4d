// Numbers and times as people read them.
const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** "24.5 MB" */
export function bytes(size) {
  let step = 0;
  let value = size;
  while (value >= 1000 && step < UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${value >= 100 || step === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[step]}`;
}

/** "1,200" */
export const count = (value) => Number(value).toLocaleString("en-US");

/** "1 image", "1,200 images" */
export const counted = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** "0.85": at most `digits` after the point, none that say nothing. */
export const short = (value, digits = 2) => String(Number(Number(value).toFixed(digits)));

/** "12 s", "3 min", "1 h 20 min" */
export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time of the service, as this machine shows times. */
export const when = (iso) =>
  iso ? new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }) : "";

/** "30 Sept, 14:30:05": where seconds count. */
export const clock = (iso) =>
  new Date(iso).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** "quality_passed" as "quality passed" */
export const plain = (name) => String(name).replaceAll("_", " ");

/** The last part of a path. */
export const fileName = (path) => path.slice(path.lastIndexOf("/") + 1);

/** What a job does. */
export const JOB_NAMES = {
  generate: "Image",
  "generate.batch": "Images",
  "dataset.create": "Dataset",
  "dataset.preview": "Dataset preview",
  "dataset.report": "Report",
  "validate.dataset": "Validation",
  "profile.create": "Profile",
};
export const jobName = (kind) =>
  JOB_NAMES[kind] ?? (kind.startsWith("export.") ? `Export to ${kind.slice(7)}` : kind);
