from __future__ import annotations

import pytest

fault = pytest.mark.fault


@fault("other-hosts-preset-usable")
def test_another_hosts_preset_is_not_usable(judge):
    def seen(mock):
        preset = mock.preset(by="other_host")
        body = {"title": "Launch", "preset_id": preset}
        answer = mock.send("POST", f"/rooms/{mock.room()}/sessions", by="host", json=body)
        data = answer.json().get("data", {})
        owner = data.get("session", {}).get("preset", {}).get("user_id")
        other = mock.data("GET", "/auth/me", by="other_host")["id"]
        return answer.status_code, owner == other

    judge(seen, right=(422, False), wrong=(201, True))


@fault("other-hosts-preset-readable")
def test_another_hosts_preset_is_not_readable(judge):
    def statuses(mock):
        path = f"/presets/{mock.preset(by='other_host')}"
        return mock.status("GET", path, by="host"), mock.status("DELETE", path, by="host")

    judge(statuses, right=(403, 403), wrong=(200, 403))


@fault("presets-of-everyone-listed")
def test_the_list_holds_own_presets_only(judge):
    def owners(mock):
        mock.preset(by="other_host")
        mine = mock.data("GET", "/auth/me", by="host")["id"]
        data = mock.data("GET", "/presets?limit=100", by="host")
        own = sum(preset["user_id"] == mine for preset in data["presets"])
        return own, len(data["presets"]), data["total"]

    judge(owners, right=(1, 1, 1), wrong=(1, 3, 3))


@fault("used-preset-deletable")
def test_a_used_preset_is_not_deleted(judge):
    def status(mock):
        preset = mock.preset()
        mock.session(preset_id=preset)
        return mock.status("DELETE", f"/presets/{preset}", by="host")

    judge(status, right=409, wrong=200)


@fault("preset-change-unseen")
def test_a_changed_preset_shows_in_its_sessions(judge):
    def shown(mock):
        preset = mock.preset(name="Before", chat_enabled=True)
        session = mock.session(preset_id=preset)
        body = {"name": "After", "chat_enabled": False}
        mock.data("PATCH", f"/presets/{preset}", by="host", json=body)
        data = mock.shown(session)
        return data["preset"]["name"], data["effective_chat_enabled"]

    judge(shown, right=("After", False), wrong=("Before", True))


@fault("preset-limit-of-50-by-default")
def test_a_preset_lets_a_hundred_join_by_default(judge):
    def limits(mock):
        body = {"name": "Webinar", "type": "whip", "primary_color": "#123abc"}
        bodies = (body, {**body, "max_join_limit": 7})
        return [
            mock.data("POST", "/presets", by="host", json=each)["max_join_limit"] for each in bodies
        ]

    judge(limits, right=[100, 7], wrong=[50, 7])


@fault("preset-change-resets-flags")
def test_a_change_keeps_the_other_flags(judge):
    def flags(mock):
        path = f"/presets/{mock.preset(chat_enabled=False, poll_enabled=False)}"
        data = mock.data("PATCH", path, by="host", json={"poll_enabled": False})
        return data["chat_enabled"], data["poll_enabled"]

    judge(flags, right=(False, False), wrong=(True, False))


@fault("two-flags-are-one")
def test_flags_are_apart(judge):
    def flags(mock):
        one, other = "host_chat_send_file", "audience_chat_send_file"
        path = f"/presets/{mock.preset(**{one: True, other: False})}"
        made = mock.data("GET", path, by="host")
        data = mock.data("PATCH", path, by="host", json={one: False, other: True})
        kept = mock.data("PATCH", path, by="host", json={other: True})
        return [(each[one], each[other]) for each in (made, data, kept)]

    right = [(True, False), (False, True), (False, True)]
    judge(flags, right=right, wrong=[(True, True), (False, False), (False, True)])
