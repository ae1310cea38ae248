"use strict";

const find = (id) => document.getElementById(id);
const setup = JSON.parse(document.body.dataset.setup);
const COLOURS = ["#1f5fa0", "#2a8f5b", "#a23b72", "#8a6d00", "#6b5bb8", "#00857c", "#7a4a2b", "#5d6d7e"];
const OTHERS = "#c8ccd0", NOTE = "#51606e", DECIDED = "#e05a00", NONE = "none of these";
const HEIGHT = 260, BAND = 46, AXIS = 18, LEAST_PX_A_SECOND = 6, MOST_CANVAS_PX = 16000;
const tally = { asked: 0, yours: 0, model: 0 };
let music = null;
let turn = 0; // of whatever was chosen last; answers for earlier choices are dropped

const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
const percent = (p) => (p > 0.995 && p < 1 ? ">99 %" : `${Math.round(100 * p)} %`);

/* What is asked of the server: always the piece itself, because it keeps nothing. */

async function post(path, source) {
  let response, values;
  try {
    response = await fetch(path + source.query, {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: source.file || "",
    });
    values = await response.json();
  } catch {
    throw new Error("That did not get through. Is the program still running? Then choose the file once more.");
  }
  if (!response.ok) throw new Error(values.error);
  return values;
}

async function choose(source) {
  const mine = ++turn;
  stop();
  find("trouble").hidden = true;
  find("music").hidden = true;
  if (source.file && setup.scores.some((suffix) => source.file.name.toLowerCase().endsWith(suffix))) {
    return say("This page reads MIDI files; for scores use python -m experiments.predict.");
  }
  if (source.file && source.file.size > setup.max_bytes) return say(setup.too_large);
  find("busy").hidden = false;
  try {
    const heard = await post("listen", source);
    if (mine !== turn) return;
    music = { ...heard, source, offset: 0, deciding: null, answer: null };
    // Asked for while the visitor listens; shown after the guess.
    music.answered = post("answer", source);
    music.answered.catch(() => {});
    show();
  } catch (error) {
    if (mine === turn) say(error.message);
  } finally {
    if (mine === turn) find("busy").hidden = true;
  }
}

function say(sentence) {
  find("trouble").textContent = sentence;
  find("trouble").hidden = false;
}

function show() {
  find("title").textContent = music.source.name;
  const more = music.num_notes > music.notes.length ? `, of which the first ${music.notes.length} are shown` : "";
  find("length").textContent = `of ${clock(music.seconds)}, ${music.num_notes} notes${more}`;
  find("clock").textContent = "0:00";
  find("answer").hidden = find("legend").hidden = find("timeline").hidden = true;
  find("guess").hidden = false;
  for (const button of find("guess").querySelectorAll("button, select")) button.disabled = false;
  for (const list of find("guess").querySelectorAll("select")) list.value = "";
  find("music").hidden = false;
  draw();
  find("scroll").scrollLeft = 0;
}

/* The roll. */

function scale() {
  const room = find("scroll").clientWidth;
  const wide = Math.max(room, Math.min(music.seconds * LEAST_PX_A_SECOND, MOST_CANVAS_PX));
  return { width: wide, perSecond: wide / music.seconds };
}

function prepare(canvas, width, height) {
  const sharp = Math.min(window.devicePixelRatio || 1, MOST_CANVAS_PX * 2 / width);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * sharp);
  canvas.height = Math.round(height * sharp);
  const context = canvas.getContext("2d");
  context.scale(sharp, sharp);
  context.clearRect(0, 0, width, height);
  return context;
}

function draw() {
  const { width, perSecond } = scale();
  find("sheet").style.width = `${width}px`;
  const context = prepare(find("roll"), width, HEIGHT + AXIS);
  const pitches = music.notes.map((note) => note[2]);
  const low = pitches.reduce((a, b) => Math.min(a, b)) - 2, high = pitches.reduce((a, b) => Math.max(a, b)) + 2;
  const row = HEIGHT / (high - low + 1);
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((s) => s * perSecond > 48) || 1200;
  context.font = "11px system-ui, sans-serif";
  for (let second = 0; second < music.seconds; second += step) {
    context.fillStyle = "#e3e6e9";
    context.fillRect(second * perSecond, 0, 1, HEIGHT);
    context.fillStyle = "#555";
    context.fillText(clock(second), second * perSecond + 3, HEIGHT + 13);
  }
  const box = ([start, end, pitch]) =>
    context.fillRect(start * perSecond, (high - pitch) * row, Math.max((end - start) * perSecond - 0.5, 1.5),
      Math.max(row - 0.6, 1.5));
  context.fillStyle = NOTE;
  for (const note of music.notes) {
    context.globalAlpha = 0.35 + (0.65 * note[3]) / 127;
    box(note);
  }
  context.globalAlpha = 1;
  context.fillStyle = DECIDED;
  for (const note of music.deciding || []) box(note);
  if (music.answer) drawTimeline(width, perSecond);
  moveHead();
}

function colourOf(name) {
  const place = music.leading.indexOf(name);
  return place < 0 ? OTHERS : COLOURS[place];
}

function drawTimeline(width, perSecond) {
  find("timeline").hidden = false;
  const context = prepare(find("timeline"), width, BAND);
  for (const row of music.answer.timeline) {
    let top = BAND;
    const x = row.start_s * perSecond, wide = Math.max((row.end_s - row.start_s) * perSecond - 1, 1);
    const ordered = [...music.leading.filter((name) => name in row.probabilities),
      ...Object.keys(row.probabilities).filter((name) => !music.leading.includes(name))];
    for (const name of ordered) {
      const tall = row.probabilities[name] * BAND;
      context.fillStyle = colourOf(name);
      context.fillRect(x, top - tall, wide, tall);
      top -= tall;
    }
  }
}

function moveHead() {
  if (!music) return;
  const { perSecond } = scale();
  const x = Math.min(position(), music.seconds) * perSecond, scroll = find("scroll");
  find("head").style.transform = `translateX(${x}px)`;
  find("clock").textContent = clock(Math.min(position(), music.seconds));
  if (sound && (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth)) {
    scroll.scrollLeft = Math.max(x - 20, 0);
  }
}

/* The sound: simple tones, made in the page. */

const AHEAD_S = 0.4, EVERY_MS = 100;
let sound = null;

function position() {
  return sound ? Math.max(sound.from + sound.context.currentTime - sound.started, sound.from) : music ? music.offset : 0;
}

function play(from) {
  stop();
  const context = new AudioContext();
  const squeeze = context.createDynamicsCompressor(), loud = context.createGain();
  loud.gain.value = 0.25;
  loud.connect(squeeze).connect(context.destination);
  sound = { context, loud, from, started: context.currentTime + 0.08, next: 0 };
  while (sound.next < music.notes.length && music.notes[sound.next][0] < from) sound.next++;
  find("play").textContent = "Pause";
  sound.timer = setInterval(ahead, EVERY_MS);
  ahead();
  follow();
}

function ahead() {
  const until = position() + AHEAD_S;
  for (; sound.next < music.notes.length && music.notes[sound.next][0] < until; sound.next++) {
    tone(...music.notes[sound.next]);
  }
  if (position() > music.seconds + 0.5) {
    stop();
    music.offset = 0;
    moveHead();
  }
}

function tone(start, end, pitch, velocity) {
  const { context, loud, from, started } = sound;
  const at = Math.max(started + start - from, context.currentTime), off = Math.max(at + end - start, at + 0.05);
  const wave = context.createOscillator(), gain = context.createGain();
  wave.type = "triangle";
  wave.frequency.value = 440 * 2 ** ((pitch - 69) / 12);
  const peak = 0.1 + 0.5 * (velocity / 127);
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(peak, at + 0.01);
  gain.gain.setTargetAtTime(peak * 0.3, at + 0.01, 0.5);
  gain.gain.setTargetAtTime(0, off, 0.06);
  wave.connect(gain).connect(loud);
  wave.start(at);
  wave.stop(off + 0.4);
}

function follow() {
  if (!sound) return;
  moveHead();
  requestAnimationFrame(follow);
}

function stop() {
  if (!sound) return;
  if (music) music.offset = Math.min(position(), music.seconds);
  clearInterval(sound.timer);
  sound.context.close();
  sound = null;
  find("play").textContent = "Play";
}

/* The guess, and the answer. */

async function reveal(guess) {
  const mine = turn;
  for (const button of find("guess").querySelectorAll("button, select")) button.disabled = true;
  find("busy").textContent = "Thinking…";
  find("busy").hidden = false;
  try {
    const answer = await music.answered;
    if (mine !== turn) return;
    music.answer = answer;
    music.leading = answer.ranking.slice(0, COLOURS.length).map(([name]) => name);
    find("guess").hidden = true;
    showAnswer(guess);
    find("answer").hidden = false;
    draw();
    explain(mine);
  } catch (error) {
    if (mine === turn) say(error.message);
  } finally {
    if (mine === turn) find("busy").hidden = true;
    find("busy").textContent = "Reading…";
  }
}

function showAnswer(guess) {
  const { ranking, answer, timeline, remark, composer, title, in_training: heard } = music.answer;
  const says = answer === NONE ? NONE : `${answer}, ${percent(ranking[0][1])}`;
  const verdict = find("verdict"), strong = document.createElement("b");
  strong.textContent = says;
  verdict.replaceChildren(guess ? `You say ${guess}; the model says ` : "The model says ", strong, ".");
  find("truth").hidden = !composer && !heard;
  const known = composer ? `It is by ${composer}: ${title}.` : "";
  find("truth").textContent = `${known} ${heard ? "The model was trained on this work, so its answer does not count." : ""}`.trim();
  find("if").hidden = answer !== NONE;
  find("bars").replaceChildren(...ranking.slice(0, COLOURS.length).map(bar));
  find("chunks").replaceChildren(...timeline.map(chunkRow));
  find("remark").textContent = remark;
  find("legend").hidden = false;
  const more = ranking.length > COLOURS.length ? [swatch("others", OTHERS)] : [];
  find("legend").replaceChildren(...music.leading.map((name, place) => swatch(name, COLOURS[place])), ...more);
  const truth = music.answer.known_as || NONE;
  if (composer && guess && !heard && setup.asks_who && (setup.can_say_none || truth !== NONE)) count(guess, answer, truth);
}

function count(guess, answer, truth) {
  tally.asked += 1;
  tally.yours += guess === truth;
  tally.model += answer === truth;
  find("tally").textContent = `So far: you ${tally.yours} of ${tally.asked}, the model ${tally.model}.`;
  find("tally").hidden = false;
}

function bar([name, share]) {
  const row = document.createElement("li");
  const named = document.createElement("span"), track = document.createElement("span"), said = document.createElement("span");
  const filled = document.createElement("i");
  named.className = "name";
  named.textContent = name;
  track.className = "track";
  filled.style.width = `${100 * share}%`;
  filled.style.background = colourOf(name);
  track.append(filled);
  said.className = "share";
  said.textContent = percent(share);
  row.append(named, track, said);
  return row;
}

function chunkRow(row) {
  const line = document.createElement("tr");
  const when = `${clock(row.start_s)} to ${clock(row.end_s)}`;
  const three = Object.entries(row.probabilities).slice(0, 3).map(([name, share]) => `${name} ${percent(share)}`);
  for (const text of [when, ...three]) line.insertCell().textContent = text;
  return line;
}

function swatch(name, colour) {
  const item = document.createElement("span"), box = document.createElement("i");
  box.style.background = colour;
  item.append(box, name);
  return item;
}

async function explain(mine) {
  find("why").textContent = "Looking for the notes that decided…";
  try {
    const { composer, notes } = await post("why", music.source);
    if (mine !== turn) return;
    music.deciding = notes;
    find("why").textContent = notes.length
      ? `In orange: the notes that speak most for ${composer}, by the plain network, without averaging and calibration.` : `No note speaks much for ${composer}.`;
    draw();
  } catch (error) {
    if (mine === turn) find("why").textContent = error.message;
  }
}

/* What visitors do. */

function offer() {
  const names = setup.can_say_none ? [...setup.classes, NONE] : setup.classes;
  if (names.length <= COLOURS.length + 1) {
    find("names").replaceChildren(...names.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", () => reveal(name));
      return button;
    }));
    return;
  }
  const list = document.createElement("select");
  list.setAttribute("aria-label", "Your guess");
  list.append(new Option("choose…", ""), ...names.map((name) => new Option(name, name)));
  list.addEventListener("change", () => list.value && reveal(list.value));
  find("names").replaceChildren(list);
}

function take(file) {
  find("piece").value = "";
  if (file) choose({ file, query: "", name: file.name });
}

find("file").addEventListener("change", (event) => {
  take(event.target.files[0]);
  event.target.value = ""; // so that the same file can be chosen again
});
find("surprise").addEventListener("click", () => {
  find("piece").value = "";
  choose({ query: `?surprise=${Math.floor(Math.random() * 2 ** 31)}`, name: "Fifteen seconds of something" });
});
find("piece").addEventListener("change", (event) => {
  const list = event.target;
  if (list.value) choose({ query: `?piece=${list.value}`, name: list.selectedOptions[0].textContent });
});
find("play").addEventListener("click", () => (sound ? stop() : play(music.offset)));
find("tell").addEventListener("click", () => reveal(""));
find("sheet").addEventListener("click", (event) => {
  const { perSecond } = scale();
  const at = (event.clientX - find("sheet").getBoundingClientRect().left) / perSecond;
  music.offset = Math.max(0, Math.min(at, music.seconds));
  if (sound) play(music.offset);
  else moveHead();
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    find("drop").classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) find("drop").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  find("drop").classList.remove("over");
  take(event.dataTransfer.files[0]);
});
window.addEventListener("resize", () => {
  if (music && !find("music").hidden) draw();
});
offer();
