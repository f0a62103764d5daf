"""What the pages say, in German and in English."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language."""

    language: str
    unsubscribe_title: str
    unsubscribe_question: str
    unsubscribe_button: str
    unsubscribed_title: str
    unsubscribed_text: str
    preferences_title: str
    preferences_text: str
    no_marketing: str
    no_marketing_more: str
    nothing: str
    nothing_more: str
    save: str
    saved_title: str
    saved_text: str
    nothing_chosen: str
    other_choices: str
    bad_link_title: str
    bad_link_text: str
    not_now_title: str
    not_now_text: str
    try_again: str
    gone_title: str
    gone_text: str
    confirm_title: str
    confirm_question: str
    confirm_button: str
    confirm_ignore: str
    confirmed_title: str
    confirmed_text: str
    expired_title: str
    expired_text: str
    already_title: str
    already_text: str
    withdrawn_title: str
    withdrawn_text: str
    moved_title: str
    moved_text: str


DE = Words(
    language="de",
    unsubscribe_title="Keine Werbung mehr?",
    unsubscribe_question="Ein Klick, und du bekommst an diese Adresse keine Werbung mehr.",
    unsubscribe_button="Abmelden",
    unsubscribed_title="Du bist abgemeldet",
    unsubscribed_text="Ab sofort schicken wir dir an diese Adresse keine Werbung mehr.",
    preferences_title="Deine Einstellungen",
    preferences_text="Was sollen wir dir nicht mehr schicken? Wieder anmelden kannst du dich jederzeit im Shop.",
    no_marketing="Keine Werbung per E-Mail",
    no_marketing_more="Erinnerungen, Angebote und Neuigkeiten",
    nothing="Gar nichts außer zu Bestellungen",
    nothing_more="Nur noch, was du für einen Kauf brauchst, etwa die Bestellbestätigung",
    save="Speichern",
    saved_title="Gespeichert",
    saved_text="Deine Wahl gilt ab sofort.",
    nothing_chosen="Du hast nichts ausgewählt. Es bleibt alles, wie es ist.",
    other_choices="Weitere Einstellungen",
    bad_link_title="Dieser Link ist nicht vollständig",
    bad_link_text="Bitte öffne ihn noch einmal direkt aus der E-Mail, oder kopiere ihn ganz.",
    not_now_title="Das hat gerade nicht geklappt",
    not_now_text="Wir konnten deinen Wunsch noch nicht festhalten. Bitte versuche es in ein paar Sekunden noch einmal.",
    try_again="Noch einmal versuchen",
    gone_title="Diese Nachricht gibt es nicht mehr",
    gone_text="Sie ist schon zu alt, oder ihre Daten wurden gelöscht.",
    confirm_title="Bitte bestätige deine Anmeldung",
    confirm_question="Erst mit diesem Klick sagst du, dass wir dir schreiben dürfen.",
    confirm_button="Ja, bestätigen",
    confirm_ignore="Du hast dich nicht angemeldet? Dann schließe diese Seite einfach. Es passiert nichts.",
    confirmed_title="Danke, das ist bestätigt",
    confirmed_text="Abmelden kannst du dich jederzeit, mit einem Klick in jeder E-Mail.",
    expired_title="Dieser Link ist abgelaufen",
    expired_text="Deine Anmeldung wurde nicht rechtzeitig bestätigt. Melde dich bitte noch einmal an.",
    already_title="Das ist schon bestätigt",
    already_text="Du musst nichts weiter tun.",
    withdrawn_title="Du hast dich inzwischen abgemeldet",
    withdrawn_text="Dabei bleibt es. Möchtest du doch etwas von uns hören, melde dich bitte noch einmal an.",
    moved_title="Dieser Link gilt nicht mehr",
    moved_text="Inzwischen hast du uns eine andere Adresse genannt. Melde dich mit ihr bitte noch einmal an.",
)
EN = Words(
    language="en",
    unsubscribe_title="No more advertising?",
    unsubscribe_question="One click, and we will send no more advertising to this address.",
    unsubscribe_button="Unsubscribe",
    unsubscribed_title="You are unsubscribed",
    unsubscribed_text="From now on we send no more advertising to this address.",
    preferences_title="Your preferences",
    preferences_text="What shall we no longer send you? You can sign up again in the shop at any time.",
    no_marketing="No advertising by e-mail",
    no_marketing_more="Reminders, offers and news",
    nothing="Nothing at all but about orders",
    nothing_more="Only what a purchase needs, such as the order confirmation",
    save="Save",
    saved_title="Saved",
    saved_text="Your choice holds from now on.",
    nothing_chosen="You chose nothing. Everything stays as it is.",
    other_choices="More preferences",
    bad_link_title="This link is not complete",
    bad_link_text="Please open it from the e-mail once more, or copy all of it.",
    not_now_title="That did not work just now",
    not_now_text="We could not record your wish yet. Please try again in a few seconds.",
    try_again="Try again",
    gone_title="This message is no longer here",
    gone_text="It is too old, or its data were erased.",
    confirm_title="Please confirm that you sign up",
    confirm_question="Only with this click do you say that we may write to you.",
    confirm_button="Yes, confirm",
    confirm_ignore="You did not sign up? Then just close this page. Nothing will happen.",
    confirmed_title="Thank you, that is confirmed",
    confirmed_text="You can unsubscribe at any time, with one click in every e-mail.",
    expired_title="This link has expired",
    expired_text="You did not confirm in time. Please sign up once more.",
    already_title="That is confirmed already",
    already_text="There is nothing left to do.",
    withdrawn_title="You unsubscribed in the meantime",
    withdrawn_text="We leave it at that. If you want to hear from us after all, please sign up once more.",
    moved_title="This link is no longer good",
    moved_text="You told us of another address in the meantime. Please sign up with it once more.",
)
_LANGUAGES: Mapping[str, Words] = {"de": DE, "en": EN}
_RANGE = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def words_for(accept_language: str) -> Words:
    """The language that the reader's browser asks for most; English where it asks for neither."""
    best, chosen = 0.0, EN
    for part in accept_language[:200].split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            continue
        words, quality = _LANGUAGES.get(match[1].lower()), float(match[2] or 1)
        if words is not None and quality > best:
            best, chosen = quality, words
    return chosen
