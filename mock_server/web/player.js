// The page /_mock/player: choose a broadcast, watch it, and do to it what happens in life.

import { api, ask, control, curlOf, keepToken, Refused, world } from './calls.js';
import { listen } from './events.js';
import { Playback } from './playback.js';
import { bitrate, HEALTH, people, STATES } from './words.js';

const FACTS_EVERY = 500;
const HEALTH_EVERY = 10_000;
const HEALTH_IN_TROUBLE_EVERY = 2000;
const MOST_PROBLEMS = 200;
const MOST_LISTED = 50;

const $ = (id) => document.getElementById(id);
const playback = new Playback($('video'));
const shown = { session: null, url: null, personas: [], stop: () => {} };

// --- the picture and what is known of it

playback.addEventListener('change', () => {
  $('state').dataset.state = playback.state;
  $('state').textContent = STATES[playback.state];
  showFacts();
});

playback.addEventListener('problem', ({ detail: { sentence, reason } }) => {
  const now = new Date();
  const time = make('time', now.toLocaleTimeString('en-GB'));
  time.dateTime = now.toISOString();
  const line = make('li');
  line.append(time, sentence);
  line.title = reason;
  $('problems').prepend(line);
  $('count').textContent = String(Number($('count').textContent) + 1);
  while ($('problems').childElementCount > MOST_PROBLEMS) $('problems').lastElementChild.remove();
});

function showFacts() {
  const { latency, level, sentAt } = playback;
  const playing = shown.url !== null;
  $('latency').textContent = latency === null ? '–' : `${latency.toFixed(1)} s`;
  $('quality').textContent = level ? `${level.height}p, ${bitrate(level.bitrate)}` : '–';
  $('ahead').textContent = playing ? `${playback.ahead.toFixed(1)} s` : '–';
  $('sent').textContent = sentAt ? sentAt.toISOString().slice(11, 19) : '–';
  $('dropped').textContent = playing ? String(playback.droppedFrames) : '–';
}

function play(url) {
  if (url === shown.url) return;
  shown.url = url;
  playback.load(url);
}

function stop(state) {
  shown.url = null;
  playback.stop(state);
}

// --- which session

function choose(session) {
  const another = session.id !== shown.session?.id;
  shown.session = session;
  $('title').textContent = session.title;
  $('about').textContent = `${session.room.title} · ${session.status} · ${people(session.viewer_count)}`;
  document.title = `${session.title} · Player · greenroom`;
  if (session.hls_url) play(session.hls_url);
  else stop(over(session) ? 'idle' : 'offair');
  if (another) $('done').textContent = '';
  showControls();
  void showHealth();
}

// Only the newest answer is shown: an older one may come after it.
let asked = 0;

async function refresh() {
  const turn = ++asked;
  const wanted = new URLSearchParams(location.search);
  try {
    const { sessions } = await ask(api('GET', `sessions/live?limit=${MOST_LISTED}`));
    const onAir = sessions.filter((each) => each.hls_url);
    // One whose host can be acted for, so that all that can be done can be tried.
    const first = onAir.find(ownerOf) ?? onAir[0] ?? sessions[0];
    const id = wanted.get('session') ?? shown.session?.id ?? (wanted.has('src') ? null : first?.id);
    const session = sessions.find((each) => each.id === id) ?? (id ? await ask(api('GET', `sessions/${id}`)) : null);
    if (turn !== asked) return;
    showList(sessions, id);
    if (session) choose(session);
    if ($('done').dataset.refused === 'refresh') $('done').textContent = '';
  } catch (error) {
    say(error, 'refresh');
  }
}

function showList(sessions, chosen) {
  $('none').hidden = sessions.length > 0;
  $('sessions').replaceChildren(
    ...sessions.map((each) => {
      const link = make('a', each.title);
      link.href = `?session=${each.id}`;
      if (each.id === chosen) link.setAttribute('aria-current', 'true');
      const words = each.hls_url ? people(each.viewer_count) : 'live, no broadcast yet';
      link.append(make('small', `${each.room.title} · ${words}`));
      const line = make('li');
      line.append(link);
      return line;
    }),
  );
}

$('sessions').addEventListener('click', (event) => {
  const link = event.target.closest('a');
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(link.href);
});

$('address').addEventListener('submit', (event) => {
  event.preventDefault();
  go(`?src=${encodeURIComponent($('src').value.trim())}`);
});

window.addEventListener('popstate', () => follow());

function go(address) {
  history.pushState(null, '', address);
  follow();
}

function follow() {
  asked += 1;
  const src = new URLSearchParams(location.search).get('src');
  shown.session = null;
  $('controls').replaceChildren();
  $('done').textContent = '';
  if (src) {
    $('src').value = src;
    $('title').textContent = src;
    $('about').textContent = '';
    playAddress(src);
    void showHealth();
  }
  void refresh();
}

function playAddress(src) {
  try {
    play(new URL(src, location.href).href);
  } catch {
    say(new Refused(0, `\`${src}\` is no address.`));
  }
}

// --- the encoder, and what can be done

const over = (session) => ['ended', 'expired'].includes(session.status);

const ownerOf = (session) =>
  shown.personas.find((each) => each.user?.id === session.room.host_id && each.api_key) ?? null;

// What can be done, each with its call, and why it can't be done now, if so.
function moves() {
  const { id, status, hls_url: broadcast } = shown.session;
  const host = ownerOf(shown.session);
  const past = over(shown.session) ? `The session is ${status}.` : null;
  const nobody = host ? null : 'Its host is no persona, so nobody here may.';
  return [
    ['Drop the encoder', control('POST', `sessions/${id}/encoder`, { action: 'drop' }), past],
    ['Connect the encoder', control('POST', `sessions/${id}/encoder`, { action: 'connect' }), past],
    ['Go live', api('POST', `sessions/${id}/go_live`, host), past ?? nobody ?? (broadcast ? 'It is live.' : null)],
    ['End the session', api('POST', `sessions/${id}/end`, host), past ?? nobody],
  ];
}

function showControls() {
  const focused = [...$('controls').querySelectorAll('button')].indexOf(document.activeElement);
  $('controls').replaceChildren(
    ...moves().map(([words, call, hindered], index) => {
      const button = make('button', words);
      button.type = 'button';
      button.disabled = hindered !== null;
      button.addEventListener('click', () => void carryOut(words, call));
      const copy = make('button', 'Copy');
      copy.type = 'button';
      copy.className = 'copy';
      copy.setAttribute('aria-label', `Copy the call of: ${words}`);
      copy.addEventListener('click', () => void copied(copy, curlOf(call)));
      const row = make('div');
      row.className = 'row';
      row.append(button, copy);
      const line = make('li');
      line.append(row);
      if (hindered) {
        const why = make('p', hindered);
        why.className = 'quiet';
        why.id = `why-${index}`;
        button.setAttribute('aria-describedby', why.id);
        line.append(why);
      }
      line.append(make('code', curlOf(call)));
      return line;
    }),
  );
  $('controls').querySelectorAll('button')[focused]?.focus();
}

async function carryOut(words, call) {
  try {
    await ask(call);
    $('done').removeAttribute('data-refused');
    $('done').textContent = `${words}: done.`;
    await refresh();
  } catch (error) {
    say(error);
  }
}

async function copied(button, text) {
  await navigator.clipboard.writeText(text).then(
    () => (button.textContent = 'Copied'),
    () => (button.textContent = 'Not allowed'),
  );
  setTimeout(() => (button.textContent = 'Copy'), 1500);
}

async function showHealth() {
  const host = shown.session && ownerOf(shown.session);
  if (!host) {
    showStream(shown.session ? 'Its health is for its host, who is no persona.' : 'Choose a session.', []);
    return;
  }
  const { id } = shown.session;
  try {
    const health = await ask(api('GET', `sessions/${id}/stream_health`, host));
    if (id !== shown.session?.id) return;
    const { video, audio } = health;
    showStream(HEALTH[health.status] ?? health.status, [
      ['Picture', video.width ? `${video.width}×${video.height}` : '–'],
      ['Frame rate', video.framerate ? `${video.framerate} fps` : '–'],
      ['Video', bitrate(video.average_bitrate)],
      ['Audio', bitrate(audio.average_bitrate)],
    ]);
  } catch (error) {
    showStream(error.message, []);
  }
}

async function keepHealth() {
  for (;;) {
    const well = $('health').textContent === HEALTH.ENDPOINT_PUBLISHING;
    await new Promise((resolve) => setTimeout(resolve, well ? HEALTH_EVERY : HEALTH_IN_TROUBLE_EVERY));
    if (!document.hidden && shown.session?.status === 'live' && ownerOf(shown.session)) await showHealth();
  }
}

function showStream(words, facts) {
  $('health').textContent = words;
  $('stream').replaceChildren(
    ...facts.map(([name, value]) => {
      const fact = make('div');
      fact.append(make('dt', name), make('dd', value));
      return fact;
    }),
  );
}

// --- who may

async function begin() {
  $('world').textContent = world();
  try {
    shown.personas = (await ask(control('GET', 'personas'))).personas;
    $('locked').hidden = true;
    shown.stop();
    shown.stop = listen(() => soon());
  } catch (error) {
    $('locked').hidden = error.status !== 401;
    if (error.status !== 401) say(error);
  }
  follow();
}

$('token-form').addEventListener('submit', (event) => {
  event.preventDefault();
  keepToken($('token').value);
  shown.session = null;
  void begin();
});

let waiting = 0;
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => void refresh(), 200);
}

function say(error, by = '') {
  $('done').dataset.refused = by;
  $('done').textContent = error.message;
}

function make(name, text = '') {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}

setInterval(showFacts, FACTS_EVERY);
void keepHealth();
void begin();
