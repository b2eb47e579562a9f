from conformance.rule import rule
from conformance.world import World


@rule(
    "house.room.title",
    level="decided",
    must="A room MUST be found under the title it was given",
    contract="our handbook, section 3",
    operations=["create_room"],
)
def test_a_room_keeps_its_title(world: World) -> None:
    made = world.new_room(title=world.title("ours"))
    reply = world.api.send("get_room", made["id"])
    reply.equal(reply.data("title"), world.title("ours"), "`title`")


@rule(
    "house.room.shouting",
    level="decided",
    must="A title MUST be answered in capitals",
    contract="our handbook, section 4",
)
def test_titles_are_in_capitals(world: World) -> None:
    reply = world.api.send("get_room", world.new_room()["id"])
    title = reply.data("title")
    reply.check(title.isupper(), "a title in capitals", title)
