"""Faults a client must live with: answers the contract allows and networks that misbehave.

What breaks the contract on purpose is in `mock_server/faults`.
"""
