// What happens in the world, as the mock tells it: server-sent events, read with `fetch` since an
// EventSource can't send the control plane's token.

import { control, headersOf } from './calls.js';

const AGAIN = 1000;
const SLOWEST = 30_000;

// Call `heard` with each event, and once when a lost connection is back: something may have been
// missed. Returns a function that stops listening.
export function listen(heard) {
  const over = new AbortController();
  void keepListening(heard, over.signal);
  return () => over.abort();
}

async function keepListening(heard, signal) {
  let wait = AGAIN;
  let lost = false;
  const back = () => {
    wait = AGAIN;
    if (lost) heard({ operation: 'reconnected' });
    lost = false;
  };
  while (!signal.aborted) {
    try {
      for await (const event of events(signal, back)) heard(event);
    } catch {
      // Refused or lost: asked again below, less and less often.
    }
    if (signal.aborted) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, SLOWEST);
    lost = true;
  }
}

async function* events(signal, begun) {
  const call = control('GET', 'events');
  const answer = await fetch(call.url, { headers: headersOf(call), signal });
  if (!answer.ok) throw new Error(String(answer.status));
  begun();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block);
      if (data) yield JSON.parse(data[1]);
    }
  }
}
