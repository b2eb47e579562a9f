// What hls.js and the mock call things, in words.

const SAID = {
  manifestLoadError: 'The playlist could not be loaded',
  manifestLoadTimeOut: 'The playlist took too long',
  manifestParsingError: 'The playlist is none that can be read',
  manifestIncompatibleCodecsError: 'This browser plays none of the renditions',
  levelLoadError: 'The playlist of a rendition could not be loaded',
  levelLoadTimeOut: 'The playlist of a rendition took too long',
  levelEmptyError: 'The playlist of a rendition has no segments',
  levelParsingError: 'The playlist of a rendition is none that can be read',
  fragLoadError: 'A segment could not be loaded',
  fragLoadTimeOut: 'A segment took too long',
  fragParsingError: 'A segment is not what the playlist says',
  fragGap: 'The playlist has a gap here',
  bufferStalledError: 'Nothing is left to play: waiting for the next segment',
  bufferNudgeOnStall: 'Playback was stuck and was moved on a little',
  bufferSeekOverHole: 'There was a hole in the stream, it was passed over',
  bufferAppendError: 'The browser refused a segment',
  bufferAppendingError: 'The browser refused a segment',
  bufferAddCodecError: 'The browser does not play this codec',
  bufferFullError: 'The browser keeps no more in advance',
};

// An error event of hls.js as one sentence.
export function problemOf({ type, details, response, fatal }) {
  const status = response?.code ? ` (${response.code})` : '';
  const next = type === 'networkError' ? '; trying again.' : '; playback can’t go on by itself.';
  const end = fatal ? next : '.';
  return `${SAID[details] ?? `hls.js says ${details}`}${status}${end}`;
}

export const STATES = {
  idle: 'Nothing chosen',
  loading: 'Loading',
  playing: 'Playing',
  paused: 'Paused',
  stalled: 'Stalled: waiting for the next segment',
  lost: 'Lost: trying again',
  ended: 'Ended',
  offair: 'Not on air: waiting for the broadcast',
  failed: 'Failed',
};

export const HEALTH = {
  ENDPOINT_INACTIVE: 'Inactive: nothing arrives',
  ENDPOINT_BUFFERING: 'Buffering',
  ENDPOINT_PUBLISHING: 'Publishing',
  ENDPOINT_ERROR: 'Error',
  ENDPOINT_COMPLETE: 'Complete: the broadcast is over',
};

export function bitrate(bits) {
  return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

export const people = (count) => (count === 1 ? '1 viewer' : `${count.toLocaleString('en')} viewers`);
