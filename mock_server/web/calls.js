// Calls to the mock: how this page makes them, and how a command line would.

const CONTROL = new URL('./', location.href);
const API = new URL('../v1/webinar/', location.href);
const TOKEN = 'greenroom-control-token';

// The mock's own sentence, with the status it came with; status 0: nothing answered.
export class Refused extends Error {
  constructor(status, sentence) {
    super(sentence);
    this.status = status;
  }
}

// A call as a value. `persona` is whose key goes along, null for nobody's.
export const control = (method, path, body) => ({ url: new URL(path, CONTROL), method, body, persona: null });
export const api = (method, path, persona = null, body) => ({ url: new URL(path, API), method, body, persona });

export function world() {
  const path = /\/_mock\/worlds\/([^/]+)\/_mock\//.exec(location.pathname);
  const cookie = /(?:^|;\s*)mock_world=([^;]+)/.exec(document.cookie);
  return (path ?? cookie)?.[1] ?? 'default';
}

export const token = () => sessionStorage.getItem(TOKEN) ?? '';
export const keepToken = (text) => sessionStorage.setItem(TOKEN, text.trim());

export function headersOf(call) {
  const headers = {};
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  if (call.persona) headers['X-API-Key'] = call.persona.api_key;
  if (isControl(call) && token()) headers['X-Mock-Token'] = token();
  return headers;
}

export async function ask(call) {
  let answer;
  try {
    answer = await fetch(call.url, {
      method: call.method,
      headers: headersOf(call),
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
    });
  } catch {
    throw new Refused(0, 'Nothing answers at this address: the mock has stopped, or the network is gone.');
  }
  const said = await answer.json().catch(() => null);
  if (!answer.ok || said === null) {
    throw new Refused(answer.status, said?.error ?? `The mock answered ${answer.status} and no JSON.`);
  }
  return said.data;
}

// The token is left out: what is copied from a screen ends up in chats.
export function curlOf(call) {
  const words = ['curl', '-s'];
  if (call.method !== 'GET' && call.body === undefined) words.push('-X', call.method);
  words.push(quoted(call.url.href));
  if (isControl(call) && token()) words.push('-H', '"X-Mock-Token: $GREENROOM_CONTROL_TOKEN"');
  if (call.persona) words.push('-H', quoted(`X-API-Key: ${call.persona.api_key}`));
  if (call.body !== undefined) words.push('--json', quoted(JSON.stringify(call.body)));
  return words.join(' ');
}

const isControl = (call) => call.url.href.startsWith(CONTROL.href);

const quoted = (text) => (/^[\w:/.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
