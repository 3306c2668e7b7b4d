// Export a dataset to a format, as a job, and download what it wrote.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { get } from "../core/api.js";
import { ended, submit } from "../core/jobs.js";
import { trying } from "../core/notices.js";
import { saveExport } from "../core/pictures.js";
import { bytes, count, counted, fileName, plain } from "../core/words.js";
import { Button, Card, Check, Field, NumberInput, Select } from "../parts/basic.js";
import { useJobs } from "../parts/jobline.js";

const FORMATS = {
  jsonl: ["JSONL: records, images by their paths", ".jsonl"],
  parquet: ["Parquet, with the images in it", ".parquet"],
  csv: ["CSV: a table, images by their paths", ".csv"],
  coco: ["COCO: JSON, images by their paths", ".json"],
  imagefolder: ["Folder for each class, zipped", ".zip"],
  webdataset: ["WebDataset: a folder of shards", ""],
  s3: ["S3 bucket", ""],
};
const DECISIONS = [["", "All"], ["accepted", "Accepted alone"], ["not_rejected", "All but rejected"]];
const SPLITS = { "": null, usual: { train: 0.8, validation: 0.1, test: 0.1 }, clusters: { by: "cluster", train: 0.8, validation: 0.1, test: 0.1 } };
const BLANK = { format: "parquet", quality: false, privacy: false, score: "", decision: "", rating: "", splits: "", bucket: "", prefix: "" };

/** The body of the call. */
function bodyOf(form, dataset) {
  const filter = { quality_passed: form.quality || undefined, privacy_passed: form.privacy || undefined, decision: form.decision || undefined,
    min_quality_score: form.score === "" ? undefined : form.score, min_rating: form.rating === "" ? undefined : form.rating };
  const common = { dataset_dir: dataset.path, filter };
  if (form.format === "s3") return { ...common, bucket_name: form.bucket, s3_prefix: form.prefix };
  const root = dataset.path.split("/generated/")[0];
  const target = `${root}/exports/${dataset.name}-${form.format}${FORMATS[form.format][1]}`;
  const splits = SPLITS[form.splits] ?? undefined;
  return { ...common, splits, [form.format === "webdataset" ? "output_dir" : "output_file"]: target };
}

const SHARDS_SHOWN = 100;

/** What an export wrote: [path, what is in it]. The shards of a folder are in its manifest. */
async function filesOf(result) {
  if (result.output_files) return Object.entries(result.output_files).map(([split, path]) => [path, split]);
  if (result.output_file) return [[result.output_file, ""]];
  if (!result.output_dir) return [];
  const { shards } = await get("/exports", { path: `${result.output_dir}/manifest.json` });
  return shards.map((each) => [`${result.output_dir}/${each.name}`, `${counted(each.count, "image")}, ${bytes(each.size_bytes)}`]);
}

function Written({ result }) {
  const [files, setFiles] = useState([]);
  useEffect(() => { trying(async () => setFiles(await filesOf(result))); }, [result]);
  const sum = result.exported_count ?? result.uploaded_count;
  const filtered = Object.entries(result.filtered ?? {});
  return html`<div class="stack tight" role="region" aria-label="What was written"><p>${counted(sum, "image")}${result.file_size_bytes !== undefined ? `, ${bytes(result.file_size_bytes)}` : ""}${result.skipped_count ? `, ${count(result.skipped_count)} skipped` : ""}</p>
    ${filtered.length > 0 && html`<p class="hint">The filter left out: ${filtered.map(([why, times]) => `${plain(why)} ${count(times)}`).join(", ")}</p>`}
    ${files.slice(0, SHARDS_SHOWN).map(([path, what]) => html`<div class="row apart" key=${path}><span><code>${fileName(path)}</code> ${what && html`<span class="hint">${what}</span>`}</span>
      <${Button} icon="download" aria-label=${`Download ${fileName(path)}`} onClick=${() => trying(() => saveExport(path))}>Download</${Button}></div>`)}
    ${files.length > SHARDS_SHOWN && html`<p class="hint">${count(files.length - SHARDS_SHOWN)} more shards lie in <code>${result.output_dir}</code></p>`}
    ${result.manifest_url && html`<p class="hint">Manifest: <code>${result.manifest_url}</code></p>`}</div>`;
}

/** The card. */
export function ExportCard({ dataset }) {
  const [form, setForm] = useState(BLANK);
  const set = (name) => (value) => setForm({ ...form, [name]: value });
  const jobs = useJobs((job) => job.kind.startsWith("export.") && job.asked?.dataset === dataset.name);
  const running = jobs.some((job) => !ended(job));
  const done = jobs.find((job) => job.result);
  const start = (event) => {
    event.preventDefault();
    trying(() => submit(`/export/${form.format}`, bodyOf(form, dataset), { dataset: dataset.name }));
  };
  return html`<${Card} title="Export"><form class="stack" onSubmit=${start}><div class="fields two">
    <${Field} label="Format" wide><${Select} value=${form.format} onChange=${set("format")} options=${Object.entries(FORMATS).map(([key, [name]]) => [key, name])} /></${Field}>
    <${Field} label="Images"><${Select} value=${form.decision} onChange=${set("decision")} options=${DECISIONS} /></${Field}>
    <${Field} label="Least rating"><${NumberInput} value=${form.rating} rule=${{ min: 1, max: 5, step: 1 }} placeholder="any" onInput=${set("rating")} /></${Field}>
    <${Field} label="Least quality score"><${NumberInput} value=${form.score} rule=${{ min: 0, max: 1, step: 0.01 }} placeholder="any" onInput=${set("score")} /></${Field}>
    ${form.format !== "s3" && html`<${Field} label="Splits" wide><${Select} value=${form.splits} onChange=${set("splits")} options=${[["", "None"], ["usual", "80 / 10 / 10"], ["clusters", "80 / 10 / 10, copies together"]]} /></${Field}>`}
    ${form.format === "s3" && html`<${Field} label="Bucket"><input value=${form.bucket} onInput=${(event) => set("bucket")(event.target.value)} /></${Field}>
      <${Field} label="Prefix"><input value=${form.prefix} onInput=${(event) => set("prefix")(event.target.value)} /></${Field}>`}</div>
    <div><${Check} checked=${form.quality} onChange=${set("quality")}>Only images that passed quality</${Check}>
    <${Check} checked=${form.privacy} onChange=${set("privacy")}>Only images that passed privacy</${Check}></div>
    <div class="row end"><${Button} kind="main" type="submit" icon="download" busy=${running}>${running ? "Exporting" : "Export"}</${Button}></div></form>
    ${done && html`<${Written} result=${done.result} />`}</${Card}>`;
}
