"use strict";
const API = "/api/v1";
const at = (id) => document.getElementById(id);
const NUMBERS = ["width", "height", "num_inference_steps", "guidance_scale", "seed"];
const TEXTS = ["negative_prompt", "dataset"];
let socket = null, job = null, shown = null;

function tell(text, bad = false) {
  at("status").textContent = text;
  at("status").className = bad ? "bad" : "";
}

function busy(on) {
  at("generate").disabled = on;
  at("cancel").disabled = !on;
}

function finish(text, bad = false) {
  tell(text, bad);
  busy(false);
  job = null;
}

function order() {
  const message = { type: "generate", prompt: at("prompt").value, previews: true };
  for (const name of NUMBERS) if (at(name).value !== "") message[name] = Number(at(name).value);
  for (const name of TEXTS) if (at(name).value.trim()) message[name] = at(name).value.trim();
  return message;
}

function show(url, alt) {
  if (shown && shown.startsWith("blob:")) URL.revokeObjectURL(shown);
  shown = url;
  at("picture").src = url;
  at("picture").alt = alt;
  at("picture").hidden = false;
}

async function call(path, body) {
  const response = await fetch(API + path, {
    method: body ? "POST" : "GET",
    headers: { "X-API-Key": at("key").value, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error((await response.json()).error.message);
  return response;
}

function verdict(title, passed, lines) {
  const card = document.createElement("div"), head = document.createElement("b");
  card.className = "verdict";
  head.className = passed ? "good" : "bad";
  head.textContent = `${title}: ${passed ? "passed" : "not passed"}`;
  const list = document.createElement("ul");
  for (const line of lines) {
    const item = document.createElement("li");
    item.textContent = line;
    list.append(item);
  }
  card.append(head, list);
  at("verdicts").append(card);
}

async function judge(path) {
  const quality = await (await call("/validate/quality", { image_path: path })).json();
  const metrics = Object.entries(quality.metrics).map(([name, value]) => `${name} ${Number(value.toFixed(3))}`);
  verdict("Quality", quality.passed, [`score ${quality.quality_score.toFixed(2)} of 1`, ...metrics]);
  const privacy = await (await call("/validate/privacy", { image_path: path })).json();
  verdict("Privacy", privacy.passed, [`score ${privacy.privacy_score} of 100`,
    `faces: ${privacy.faces_detected ?? "not checked"}`, ...privacy.issues.map((issue) => issue.message)]);
}

async function received(result) {
  const seed = result.parameters.seed;
  at("caption").textContent = `${result.image_path} · ${result.served_model} · seed ${seed}`;
  at("bar").value = 1;
  tell("Checking quality and privacy…");
  try {
    const image = await call(`/images?path=${encodeURIComponent(result.image_path)}`);
    show(URL.createObjectURL(await image.blob()), result.prompt);
    await judge(result.image_path);
    finish("Done.");
  } catch (error) {
    finish(error.message, true);
  }
}

function heard(event) {
  const message = JSON.parse(event.data);
  if (message.type === "progress") {
    job = message.job_id;
    at("bar").value = message.progress;
    tell(`Step ${message.step} of ${message.total_steps}`);
    if (message.preview) show(`data:image/jpeg;base64,${message.preview}`, "preview");
  } else if (message.type === "result") {
    received(message);
  } else {
    const wait = message.error.details.retry_after_s;
    finish(message.error.message + (wait ? ` Try again in ${Math.ceil(wait)} s.` : ""), true);
  }
}

// A browser cannot put the key into a header of a socket, and in a URL it would land in logs:
// so a ticket stands there, which opens one socket within half a minute.
async function connect() {
  const { ticket } = await (await call("/ws/ticket", {})).json();
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const opened = new WebSocket(`${scheme}://${location.host}${API}/ws/generation?ticket=${ticket}`);
  socket = opened;
  opened.onmessage = heard;
  opened.onclose = opened.onerror = () => {
    if (socket !== opened) return;
    socket = null;
    if (at("generate").disabled) finish("The connection was refused or lost.", true);
  };
  return new Promise((ready) => { opened.onopen = ready; });
}

function disconnect() {
  const old = socket;
  socket = null;
  if (old) old.close();
}

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  busy(true);
  at("bar").value = 0;
  at("verdicts").replaceChildren();
  tell("Waiting for the first step…");
  try {
    if (!socket) await connect();
    socket.send(JSON.stringify(order()));
  } catch (error) {
    finish(error.message, true);
  }
});
at("cancel").addEventListener("click", () => {
  if (socket && job) socket.send(JSON.stringify({ type: "cancel", job_id: job }));
  else { disconnect(); finish("Canceled."); }
});
at("key").addEventListener("change", disconnect);

fetch("openapi.json").then((response) => response.json()).then((document) => {
  const fields = document.components.schemas.GenerateRequest.properties;
  for (const name of NUMBERS) {
    const rule = (fields[name].anyOf || [fields[name]])[0];
    at(name).min = rule.minimum ?? "";
    at(name).max = rule.maximum ?? "";
    if (rule.multipleOf) at(name).step = rule.multipleOf;
  }
});
