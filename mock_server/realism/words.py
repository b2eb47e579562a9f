"""The words that realism chooses from: what hosts and guests of a believable product would type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Topic = Literal["launches", "webinars", "lectures", "community", "training"]

BRAND_COLOURS = (
    *("#1d4ed8", "#0f766e", "#be123c", "#7c3aed", "#b45309", "#15803d", "#4338ca", "#a21caf"),
    *("#0369a1", "#9f1239", "#4d7c0f", "#6d28d9", "#c2410c", "#155e75", "#86198f", "#334155"),
)

PRESET_NAMES = (
    *("Webinar", "Keynote stage", "Lecture hall", "Workshop", "Town hall", "Studio", "Interview"),
    *("Panel discussion", "Office hours", "Training room", "Concert", "Product demo"),
)

GUEST_NAMES = (
    *("Noor", "sam_w", "Inês & Rui", "Kofi A.", "beatmaker93", "Marguerite", "Tomáš", "小林"),
    *("Jess from Leeds", "d.okafor", "Lina 🌿", "Old Tom", "Ayşe", "pixelpaula", "Mrs Achterberg"),
    *("Bruno", "Håkon", "the_quiet_one", "Priya S", "Zuzanna", "Marco P.", "Classroom 4B", "Ewa"),
    *("nightowl", "Gran", "Émile", "Dr. Castellanos", "Sunny", "Yuki", "R. Abernathy", "Olu"),
    *("Søren", "captain_lentil", "Maya + kids", "Vasilis", "Chloé", "Hung", "Anneke", "just Joe"),
    "Łukasz",
)

ROOM_TITLES: Mapping[Topic, tuple[str, ...]] = {
    "launches": ("Product launches", "The release show", "First look", "Keynotes"),
    "webinars": ("Weekly webinars", "How we do it", "The customer hour", "Learn live"),
    "lectures": ("Open lectures", "The evening lecture", "Visiting scholars", "Lecture hall 2"),
    "community": ("Community evenings", "The living room", "Members' lounge", "Open house"),
    "training": ("Team academy", "Workshops", "Skills hour", "Onboarding"),
}


def _talks(text: str) -> tuple[tuple[str, str], ...]:
    # Blocks of a title line and the lines of a description, with an empty line between.
    blocks = (block.partition("\n") for block in text.strip().split("\n\n"))
    return tuple((title, rest.replace("\n", " ")) for title, _, rest in blocks)


TALKS: Mapping[Topic, tuple[tuple[str, str], ...]] = {
    "launches": _talks("""
Autumn release: what is new and why
The team shows the twelve changes people asked for most, and tells how they came to be.
Questions at the end.

Meet the new mobile app
Faster, calmer and at last usable with one hand. A live demo on a three-year-old phone, with no
tricks.

A first look with the people who built it
Before it ships on Thursday, the engineers open it up and show their favourite parts.

The new dashboard, live
Everything you look at every morning, on one page. We build one from nothing in twenty minutes.

Keynote: the year ahead
Where we are going, what we are leaving behind, and three things you can try today.

Launch day: ask the makers
No slides. The designers and engineers answer whatever you bring.

Behind the redesign
Eleven months, four dead ends and one good idea from a customer in Ghent.

Opening the public beta
How to join, what works already, what does not yet, and how to tell us about it.

One hour, twelve improvements
Small things, shown quickly: five minutes each, with a bell.

Präsentation: leiser, leichter, schneller
Wir zeigen die neue Generation und beantworten Ihre Fragen. Auf Deutsch, mit englischen
Untertiteln.
"""),
    "webinars": _talks("""
From sign-up to first stream in ten minutes
A live walk through your first room and a test broadcast. Bring your questions; the last fifteen
minutes are for them.

Five small changes that keep viewers watching
What two hundred events taught us about openings, pace and pauses, with examples you can copy on
Monday.

Better sound in an ordinary room
A duvet, a cheap microphone and the one setting everybody gets wrong. Before and after
recordings included.

Running questions without losing the thread
Moderators of three large events on queues, follow-ups and the art of saying “one last
question”.

Captions that help everyone
Automatic, live-typed or edited afterwards: what each costs, and who is left out without them.

How three teams plan a month of live events
A museum, a bank and a bicycle maker open their calendars.

Turning one recording into ten clips
Choosing moments, cutting on breath, and titles that are not embarrassing.

Accessible live events: a practical checklist
Twenty points, sorted by effort. You will be able to do the first eight tonight.

Ask the support team anything
Eva and Priya from support share their screens and solve real problems, live.

What to look at after the stream ends
Attendance, drop-off and replays: three numbers that matter and five that do not.

Hybrid events that remember the people at home
Cameras, seating and timing for a room and a stream at once.

Lumière et cadrage pour petits budgets
Une lampe, une fenêtre, une webcam : tout ce qu'il faut pour une belle image. Webinaire en
français.
"""),
    "lectures": _talks("""
How the Vikings found their way without a compass
Sun, swell, birds and perhaps a crystal: what archaeology and a replica ship can tell us.

The chemistry of bread
From starch to crust in four reactions. Lecture with experiments; please do not eat the samples.

Reading a city: maps, markets and power
Four plans of the same harbour town, drawn a century apart, and what each one hides.

What coral reefs remember
Growth bands as an archive of the ocean's temperature, and how to read them.

Statistics without fear: samples and surprises
Second lecture of the series. Why a small sample fools us, with dice you can roll at home.

A short history of zero
An empty place that took two thousand years to become a number.

Galaxies in infrared: first results of the season
Dr. Halvorsen's group presents images that have not been shown before.

Memory and language in the ageing brain
Why names go first, what stays longest, and what a second language changes.

Why matrices multiply the way they do
Linear algebra for people who were once told only the rule. Lecture 4 of 12.

Einführung in die Meereskunde: Strömungen
Warum der Golfstrom kein Fluss ist. Vorlesung mit anschließender Fragerunde.

Arquitectura para climas cálidos
Patios, celosías y masa térmica: lo que sabían los constructores antes del aire acondicionado.

Ce que disent les carottes de glace
Huit cent mille ans de climat dans un cylindre de glace. Conférence publique.
"""),
    "community": _talks("""
Show and tell: what did you make this month?
Five minutes each, no preparation needed. Put your name on the list in the chat.

Office hours with the team
Drop in, ask, leave again. Cameras optional, dogs welcome.

Friday listening session
Six tracks sent in by members, listened to together from beginning to end.

Book club: chapters five to nine
We talk about the storm, the letter, and whether the narrator can be trusted.

New members' evening
A short tour, a few faces to remember, and room for every first question.

Sunday soup: cook along
Leeks, potatoes, an hour. The shopping list is in the room's description.

Open mic
Songs, poems and one magician. Sign up by seven.

Quiz night
Teams of up to five, six rounds, one picture round, no prizes worth cheating for.

Tarde de conversación
Una hora para hablar español sin miedo, en grupos pequeños. Todos los niveles.

みんなの写真講評会
今月のテーマは「朝」。一人一枚、講師と一緒に見ていきます。
"""),
    "training": _talks("""
First steps as a moderator
Who gets the microphone, what to do about spam, and when to call for help.

Week one: how we work
The tour for everybody who joined this month, with the map of who knows what.

Answers people can use: a writing workshop
We rewrite ten real support replies together. Bring one of your own.

Security basics for everyone
Passwords, updates and the telephone call from “the bank”. Forty minutes, then a quiz.

Spreadsheets beyond the basics
Lookups, pivots and the one shortcut you will use every day.

Feedback that lands
Practice in pairs: say it early, say it small, say what you saw.

Safety refresher for event crews
Cables, ladders, exits. The certificate is sent after the last question.

Szkolenie: pierwsza pomoc w pracy
Teoria i ćwiczenia na żywo. Po szkoleniu krótki test i certyfikat.
"""),
}
