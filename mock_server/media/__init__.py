"""Tokens, addresses, health, audience, playlists: functions of (seed, id, time)."""
