// Profiles: what sets of images look like, in numbers; made of pictures that are dropped here.
import { html, useEffect, useState } from "../vendor/htm-preact.js";
import { asApiError, get, patiently } from "../core/api.js";
import { ended, submit } from "../core/jobs.js";
import { deleteProfile, loadProfiles } from "../core/library.js";
import { tell, trying } from "../core/notices.js";
import { go, link } from "../core/route.js";
import { use } from "../core/store.js";
import { count, counted, plain, short, when } from "../core/words.js";
import { Button, Card, Check, Drop, Empty, Facts, Fault, Field, Head, Meter, Select } from "../parts/basic.js";
import { Bars, Histogram } from "../parts/bars.js";
import { Confirm } from "../parts/dialog.js";
import { JobLine, useJobs } from "../parts/jobline.js";
import { compared, Comparison } from "./compare_profile.js";

/** All, or the one that the address names. */
export function Profiles() {
  const name = use((state) => state.route.name);
  return name ? html`<${Profile} key=${name} name=${name} />` : html`<${List} />`;
}

function List() {
  const profiles = use((state) => state.profiles);
  const [fault, setFault] = useState(null);
  const jobs = useJobs((job) => job.kind === "profile.create");
  const endings = jobs.filter(ended).length;
  const load = () => { setFault(null); loadProfiles(true).catch((error) => setFault(asApiError(error))); };
  useEffect(load, [endings]);
  return html`<${Head} title="Profiles">What real images look like, in numbers: to hold made ones against, or to move their colors there. No picture is kept in a profile.</${Head}>
  <${Fault} error=${fault} again=${load} />
  <div class="columns"><div class="stack">${profiles === null ? !fault && html`<${Meter} label="Loading" />`
    : profiles.length ? profiles.map((each) => html`<a key=${each.name} class="card tile" href=${link("profiles", each.name)}><h2>${each.name}</h2>
        <p class="big">${count(each.sample_count)}<span> images</span></p><p class="hint">made ${when(each.created_at)}</p></a>`)
    : html`<${Empty} icon="profiles" title="No profile yet">Drop some real pictures to make the first one.</${Empty}>`}</div>
  <${NewProfile} jobs=${jobs} /></div>`;
}

function NewProfile({ jobs }) {
  const [name, setName] = useState("");
  const [files, setFiles] = useState([]);
  const [hashes, setHashes] = useState(false);
  const [features, setFeatures] = useState(false);
  const [sent, setSent] = useState(null);
  const make = async () => {
    setSent(0);
    await trying(async () => {
      const folder = `profile-${name}-${Date.now().toString(36)}`;
      const folderPath = await upload(files, folder, setSent);
      await submit("/profiles", { name, source_dir: folderPath, keep_hashes: hashes, keep_features: features }, { name });
      tell(`${counted(files.length, "picture")} sent; the profile is being measured.`);
      setFiles([]);
      setName("");
    });
    setSent(null);
  };
  return html`<${Card} title="Make a profile"><${Field} label="Name"><input value=${name} placeholder="my_photos" onInput=${(event) => setName(event.target.value.replace(/[^A-Za-z0-9._-]/g, "_"))} /></${Field}>
    <${Drop} onPictures=${(added) => setFiles([...files, ...added.map((each) => each.file)])}>Drop pictures here. They are stored below uploads/, and measured.</${Drop}>
    ${files.length > 0 && html`<div class="row apart"><span>${counted(files.length, "picture")}</span><${Button} kind="bare" onClick=${() => setFiles([])}>Take them away</${Button}></div>`}
    <${Check} checked=${hashes} onChange=${setHashes}>Keep hashes, to find images that copy one of these</${Check}>
    <${Check} checked=${features} onChange=${setFeatures}>Keep features, to report on datasets against these</${Check}>
    ${sent !== null && html`<${Meter} done=${sent} total=${files.length} label="Pictures sent" />`}
    <div class="row end"><${Button} kind="main" disabled=${!name || !files.length} busy=${sent !== null} onClick=${make}>Make the profile</${Button}></div>
    ${jobs.slice(0, 4).map((job) => html`<${JobLine} key=${job.id} job=${job} />`)}</${Card}>`;
}

/** Send the files, one after the other; the folder's path. */
async function upload(files, folder, onSent) {
  let path = "";
  for (const [number, file] of files.entries()) {
    const answer = await patiently("POST", "/images", { query: { folder }, raw: file, headers: { "Content-Type": file.type } });
    path = (await answer.json()).image_path;
    onSent(number + 1);
  }
  return path.slice(0, path.lastIndexOf("/"));
}

function Profile({ name }) {
  const profiles = use((state) => state.profiles);
  const [profile, setProfile] = useState(null);
  const [fault, setFault] = useState(null);
  const [asking, setAsking] = useState(false);
  const load = () => get(`/profiles/${name}`).then(setProfile, (error) => setFault(asApiError(error)));
  useEffect(() => { load(); trying(loadProfiles); }, [name]);
  const others = (profiles ?? []).map((each) => each.name).filter((each) => each !== name);
  return html`<${Head} title=${name} back=${{ href: link("profiles"), name: "Profiles" }} actions=${html`<${Button} kind="danger" icon="trash" label="Delete the profile" onClick=${() => setAsking(true)} />`} />
  <${Fault} error=${fault} again=${load} />
  ${asking && html`<${Confirm} title=${`Delete ${name}?`} verb="Delete" onClose=${() => setAsking(false)} action=${async () => { await deleteProfile(name); go("profiles"); }}>
    Requests that name it will be refused. This cannot be taken back.</${Confirm}>`}
  ${profile ? html`<div class="columns"><${Numbers} profile=${profile} />${others.length > 0 && html`<${WithAnother} name=${name} others=${others} />`}</div>` : !fault && html`<${Meter} label="Loading" />`}`;
}

const MIXED = ["means", "deviations"]; // of different units: bars beside each other would say nothing

function Numbers({ profile }) {
  const { statistics } = profile;
  const whole = Object.entries(statistics);
  const isNumbers = (value) => value && typeof value === "object" && !Array.isArray(value) && Object.values(value).every((each) => typeof each === "number");
  const figures = (values) => Object.entries(values).map(([name, value]) => [plain(name), short(value, 3)]);
  const histograms = Object.entries(statistics.histograms ?? {}).filter(([, shares]) => Array.isArray(shares));
  return html`<${Card} title="What it measured"><${Facts} facts=${[["Images", count(profile.sample_count)], ["Made", when(profile.created_at)], ["Changed", when(profile.updated_at)],
    ["Hashes kept", profile.kept_hashes ? count(profile.kept_hashes) : null], ["Features kept", profile.kept_features ? count(profile.kept_features) : null], ...figures(Object.fromEntries(whole.filter(([, value]) => typeof value === "number")))]} />
    ${whole.filter(([name, value]) => isNumbers(value) && !MIXED.includes(name)).map(([name, values]) => html`<div key=${name}><h3>${plain(name)}</h3>
      <${Bars} rows=${Object.entries(values)} show=${(value) => short(value, 3)} /></div>`)}
    ${histograms.map(([name, shares]) => html`<${Histogram} key=${name} title=${plain(name)} counts=${shares} edges=${[0, 1]} />`)}
    ${MIXED.filter((name) => statistics[name]).map((name) => html`<details class="more" key=${name}><summary>All ${name}</summary><div><${Facts} facts=${figures(statistics[name])} /></div></details>`)}</${Card}>`;
}

function WithAnother({ name, others }) {
  const [other, setOther] = useState(others[0]);
  const [shown, setShown] = useState(null);
  return html`<${Card} title="Compare with another"><div class="with-button"><${Field} label="Profile"><${Select} value=${other} onChange=${setOther} options=${others} /></${Field}>
    <${Button} onClick=${async () => setShown(await trying(() => compared(name, { profile: other })) ?? null)}>Compare</${Button}></div>${shown && html`<${Comparison} ...${shown} />`}</${Card}>`;
}
