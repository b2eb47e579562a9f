// One <video> and what plays in it: hls.js, or the browser's own HLS where that is all there is.

import Hls from './hls.js';
import { problemOf } from './words.js';

const RETRY = 3000;
const RECOVERY_PAUSE = 5000;
const OPTIONS = { enableWorker: false, backBufferLength: 30 };

// Emits `change` when `state` has changed, and `problem` for every error: its detail is a
// `sentence`, and the `reason` in the words of hls.js.
export class Playback extends EventTarget {
  #video;
  #hls = null;
  #retry = 0;
  #recovered = 0;
  state = 'idle';

  constructor(video) {
    super();
    this.#video = video;
    const on = (event, state) => video.addEventListener(event, () => this.#become(state()));
    on('playing', () => 'playing');
    on('waiting', () => 'stalled');
    on('pause', () => (video.ended ? 'ended' : 'paused'));
    on('ended', () => 'ended');
    video.addEventListener('error', () => this.#nativeProblem());
  }

  load(url) {
    this.stop();
    this.#become('loading');
    if (Hls.isSupported()) this.#loadWithHls(url);
    else if (this.#video.canPlayType('application/vnd.apple.mpegurl')) {
      this.#video.src = url;
      this.#play();
    } else {
      this.#become('failed');
      this.#tell('This browser plays no HLS.');
    }
  }

  // `state` is what there is instead: nothing, or a broadcast that is yet to begin.
  stop(state = 'idle') {
    clearTimeout(this.#retry);
    this.#hls?.destroy();
    this.#hls = null;
    this.#video.removeAttribute('src');
    this.#video.load();
    this.#become(state);
  }

  // Seconds behind what the encoder sends, null where that is not known.
  get latency() {
    return this.#hls && this.#hls.latency > 0 ? this.#hls.latency : null;
  }

  // The rendition that plays, {width, height, bitrate}, null where that is not known.
  get level() {
    return this.#hls?.levels[this.#hls.currentLevel] ?? null;
  }

  get levels() {
    return this.#hls?.levels ?? [];
  }

  // When the encoder sent what is shown now, a Date of the stream's clock, null where unknown.
  get sentAt() {
    return this.#hls?.playingDate ?? null;
  }

  // Seconds that can be played before anything else comes.
  get ahead() {
    const { buffered, currentTime } = this.#video;
    for (let each = 0; each < buffered.length; each += 1) {
      if (buffered.start(each) <= currentTime && currentTime <= buffered.end(each)) {
        return buffered.end(each) - currentTime;
      }
    }
    return 0;
  }

  get droppedFrames() {
    return this.#video.getVideoPlaybackQuality?.().droppedVideoFrames ?? 0;
  }

  #loadWithHls(url) {
    const hls = new Hls(OPTIONS);
    this.#hls = hls;
    hls.on(Hls.Events.ERROR, (_, error) => this.#hear(hls, url, error));
    hls.attachMedia(this.#video);
    this.#loadSource(hls, url);
  }

  #loadSource(hls, url) {
    // Not before there is something to play: hls.js takes a slow first segment for a stall.
    this.#video.addEventListener('canplay', () => hls === this.#hls && this.#play(), { once: true });
    hls.loadSource(url);
  }

  #hear(hls, url, error) {
    if (error.fatal && error.response?.code === 404 && error.details.startsWith('manifest')) {
      this.#become('offair');
      this.#again(() => this.#loadSource(hls, url));
      return;
    }
    this.#tell(problemOf(error), error.reason ?? error.error?.message);
    if (error.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) this.#become('stalled');
    if (!error.fatal) return;
    if (error.type === Hls.ErrorTypes.NETWORK_ERROR) {
      this.#become('lost');
      this.#again(() => this.#loadSource(hls, url));
    } else if (error.type === Hls.ErrorTypes.MEDIA_ERROR && Date.now() - this.#recovered > RECOVERY_PAUSE) {
      this.#recovered = Date.now();
      hls.recoverMediaError();
    } else this.#become('failed');
  }

  #again(load) {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(load, RETRY);
  }

  #nativeProblem() {
    // With hls.js, its own error event says more.
    if (this.#hls || !this.#video.error) return;
    this.#tell(`The browser says: ${this.#video.error.message}`);
    this.#become('lost');
    this.#again(() => {
      this.#video.load();
      this.#play();
    });
  }

  #play() {
    // Refused where the browser wants a click first: the video's own button is there for that.
    this.#video.play().catch(() => this.#become('paused'));
  }

  #tell(sentence, reason = '') {
    this.dispatchEvent(new CustomEvent('problem', { detail: { sentence, reason } }));
  }

  #become(state) {
    if (state === this.state) return;
    // Taking the stream away pauses the video; that is no state of what comes next.
    if (state === 'paused' && ['idle', 'offair', 'lost', 'failed'].includes(this.state)) return;
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }
}
