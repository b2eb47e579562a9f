"""The rules: one file a topic, one test function a rule.

`NOT_TESTED` names operations of the contract without a rule of their own, each with the reason.
"""

from __future__ import annotations

NOT_TESTED: dict[str, str] = {}
