"""Worlds to begin with: files that say who is there and what is on, and how they become entities.

The format is described at the top of `fixtures/seeds/demo.yaml`.
"""

from __future__ import annotations

from mock_server.seeds.errors import SeedError
from mock_server.seeds.load import MAX_BYTES, load_seed, names
from mock_server.seeds.plant import person_id, plant, sign_in_id
from mock_server.seeds.shape import Persona, SeedFile

__all__ = [
    "MAX_BYTES",
    "Persona",
    "SeedError",
    "SeedFile",
    "load_seed",
    "names",
    "person_id",
    "plant",
    "sign_in_id",
]
